"""Retrieval, measured: how long a question takes to find its evidence.

    python -m benchmarks.retrieval latency KNOWLEDGE_PATH    one question at a time, and 32 at once

On the generation in a folder of the embedded store, with the embedder it was built with, in the
process that the service uses for it. Nothing else should run on the machine. How well passages are
found is measured by `medcite-ingest eval retrieval`.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.ingest_claim import Claim, show
from benchmarks.main_job import QUESTIONS
from knowledge.edge_store import EdgeStore
from knowledge.embedding import QuestionEmbedder, Vectors
from knowledge.embedding_process import EmbeddingProcess
from knowledge.microbatch import QueryEmbedder
from knowledge.retrieval import retrieve
from knowledge.search import SearchQuery
from knowledge.settings import KnowledgeSettings, read_settings
from knowledge.store import GenerationReader

app = typer.Typer(add_completion=False, help=__doc__)

_AT_ONCE = 32
_LIMIT = 8


@dataclass
class Clocked:
    """An embedder that adds up its own time, in seconds."""

    embedder: QuestionEmbedder
    fingerprint: str
    spent_s: float = 0.0

    def embed_queries(self, texts: list[str]) -> Vectors:
        started = time.perf_counter()
        vectors = self.embedder.embed_queries(texts)
        self.spent_s += time.perf_counter() - started
        return vectors

    def embed_passages(self, texts: list[str]) -> Vectors:
        return self.embedder.embed_passages(texts)


@app.callback()
def main() -> None:
    """Measure retrieval."""


@app.command()
def latency(
    knowledge_path: Path,
    rounds: Annotated[int, typer.Option(min=1, help="How often the questions are asked.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure one question at a time, warm, and 32 at once against 32 one after another."""
    asyncio.run(_latency(knowledge_path, rounds, as_json=as_json))


async def _latency(knowledge_path: Path, rounds: int, *, as_json: bool) -> None:
    settings = read_settings(KnowledgeSettings)
    process = EmbeddingProcess(settings.embedding_model, settings.models_path)
    clocked = Clocked(process, process.fingerprint)
    queries = QueryEmbedder(clocked)
    reader = await EdgeStore(knowledge_path).current()
    if reader is None:
        raise typer.BadParameter(f"{knowledge_path} holds no generation")
    for question in QUESTIONS:
        await _ask(reader, queries, question)
    whole_ms, rest_ms = [], []
    for question in QUESTIONS * rounds:
        clocked.spent_s, started = 0.0, time.perf_counter()
        await _ask(reader, queries, question)
        spent_s = time.perf_counter() - started
        whole_ms.append(spent_s * 1000)
        rest_ms.append((spent_s - clocked.spent_s) * 1000)
    ratios = [await _burst(reader, queries, number) for number in range(5)]
    queries.close()
    claims = [
        _claim("understand, embed, search and choose, p50", whole_ms, 40),
        _claim("the same without the embedding, p50", rest_ms, 8),
        Claim(
            text=f"{_AT_ONCE} questions at once ÷ one after another",
            unit="s",
            ours=float(np.median([ratio[0] for ratio in ratios])),
            peer=float(np.median([ratio[1] for ratio in ratios])),
            peer_name="one after another",
            measured=float(np.median([ratio[0] / ratio[1] for ratio in ratios])),
            bound="≤",
            target=0.5,
        ),
    ]
    details: dict[str, float | int | str] = {
        "passages": reader.manifest.n_passages,
        "questions": len(whole_ms),
        "whole, p99, ms": round(float(np.percentile(whole_ms, 99)), 2),
        "without the embedding, p99, ms": round(float(np.percentile(rest_ms, 99)), 2),
    }
    show(claims, details, as_json=as_json)


def _claim(text: str, spent_ms: list[float], target_ms: float) -> Claim:
    p50, p99 = (float(np.percentile(spent_ms, part)) for part in (50, 99))
    return Claim(
        text=text,
        unit="ms",
        ours=p50,
        peer=p99,
        peer_name="p99",
        measured=p50,
        bound="≤",
        target=target_ms,
        measure="p50, ms",
    )


async def _burst(reader: GenerationReader, queries: QueryEmbedder, number: int) -> tuple[float, float]:
    """Ask 32 different questions at once and one after another, in turns; seconds of both."""
    questions = [f"{QUESTIONS[i % len(QUESTIONS)]} ({number}.{i})" for i in range(_AT_ONCE)]
    started = time.perf_counter()
    await asyncio.gather(*(_ask(reader, queries, question) for question in questions))
    at_once_s = time.perf_counter() - started
    started = time.perf_counter()
    for question in questions:
        await _ask(reader, queries, question)
    return at_once_s, time.perf_counter() - started


async def _ask(reader: GenerationReader, queries: QueryEmbedder, question: str) -> None:
    await retrieve(reader, queries, SearchQuery(question, _LIMIT))


if __name__ == "__main__":
    app()
