"""Conversations, measured: how much of a prompt the engine's prefix cache holds from the turn before.

    python -m benchmarks.conversations prefix QUESTIONS.jsonl MODEL

Questions (refqa format) whose answers stand in the same document are asked one after another, as
people do, on the index that the settings name. Prompts are made as the service makes them and cut
into blocks of 16 tokens by the model's own tokenizer; MODEL is its folder. No engine runs.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from tokenizers import Tokenizer

from benchmarks.ingest_claim import Claim, show
from knowledge.embedding_process import EmbeddingProcess
from knowledge.open_store import open_store
from knowledge.settings import KnowledgeSettings, read_settings
from rag_service.answer_request import AnswerRequest, Filters, Message
from rag_service.asked import read_request
from rag_service.extractive import extract
from rag_service.gathering import Gatherer
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.prompts import write_prompt
from rag_service.settings import ServiceSettings

app = typer.Typer(add_completion=False, help=__doc__)

# As vLLM caches on a GPU.
_BLOCK_TOKENS = 16
_N_TURNS = 4


class _CountingGenerator(ScriptedGenerator):
    """Counts by the model's own tokenizer; writes nothing."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        return [len(each.ids) for each in self._tokenizer.encode_batch(list(texts))]


@app.callback()
def main() -> None:
    """Measure conversations."""


@app.command()
def prefix(
    questions: Path,
    model: Path,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure the share of a prompt's tokens that stood in the same place a turn before."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    conversations = _conversations(questions)
    prompts = asyncio.run(_write_prompts(conversations, tokenizer))
    tokens = [[tokenizer.encode(prompt).ids for prompt in each] for each in prompts]
    pairs = [pair for each in tokens for pair in pairwise(each)]
    kept = sum(_shared_tokens(*pair) for pair in pairs)
    before, after = (sum(len(pair[i]) for pair in pairs) for i in (0, 1))
    claims = [
        _claim("of the tokens of turn n, in whole blocks that turn n+1 begins with", kept, before),
        _claim("of the tokens of turn n+1, in whole blocks that turn n began with", kept, after),
    ]
    show(claims, {"conversations": len(tokens), "pairs of turns": len(pairs)}, as_json=as_json)


def _claim(text: str, kept: int, total: int) -> Claim:
    return Claim(
        text=f"Share {text}", unit="tokens", ours=kept, peer=total, peer_name="all",
        measured=kept / total, bound="≥", target=0.8, measure="share",
    )  # fmt: skip


def _conversations(path: Path) -> list[list[str]]:
    """Put the answerable questions of each document and language together, a few a conversation."""
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        question = json.loads(line)
        if question["gold"]:
            asked[question["gold"][0]["doc"], question["lang"]].append(question["question"])
    groups = [each[:_N_TURNS] for each in asked.values()]
    return [group for group in groups if len(group) > 1]


async def _write_prompts(conversations: list[list[str]], tokenizer: Tokenizer) -> list[list[str]]:
    knowledge, settings = read_settings(KnowledgeSettings), read_settings(ServiceSettings)
    store = open_store(knowledge)
    library = Library(store, EmbeddingProcess(knowledge.embedding_model, knowledge.models_path))
    gatherer = Gatherer(library, _CountingGenerator(tokenizer), settings)
    try:
        await library.open()
        return [await _turns(each, gatherer, settings) for each in conversations]
    finally:
        await library.close()
        await store.close()


async def _turns(questions: list[str], gatherer: Gatherer, settings: ServiceSettings) -> list[str]:
    """Write the prompt of each turn; the answers between are the statement found best."""
    messages: list[Message] = []
    prompts = []
    for question in questions:
        messages.append(Message(role="user", content=question))
        asked = read_request(AnswerRequest(messages=tuple(messages)), settings)
        gathered = await gatherer.gather(asked, settings.max_passages, Filters().admitting())
        if gathered.refused:
            # The engine is not asked, and its cache stays as it is.
            messages.append(Message(role="assistant", content=gathered.refused.text))
            continue
        prompt = write_prompt(gathered.brief(asked, settings.engine_handles))
        prompts.append(f"{prompt.system}\n{prompt.user}")
        quoted = extract(gathered.candidates, None, 2)
        messages.append(Message(role="assistant", content=" ".join(each.text for each in quoted) or "-"))
    return prompts


def _shared_tokens(first: list[int], second: list[int]) -> int:
    """Count the tokens in the whole blocks that two prompts begin with."""
    shared = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
    return min(shared, len(second)) // _BLOCK_TOKENS * _BLOCK_TOKENS


if __name__ == "__main__":
    app()
