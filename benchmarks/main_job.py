"""The main job, measured: start, ingest, search, answers.

    python -m benchmarks.main_job start                    service to ready, imports
    python -m benchmarks.main_job ingest SOURCE…           documents/s, passages/s, peak memory
    python -m benchmarks.main_job search KNOWLEDGE_PATH    hybrid search against the bare engine call
    python -m benchmarks.main_job answers                  time per stage; needs a running service
    python -m benchmarks.main_job demo                     `make demo` cold, warm and while running

Each prints a table and, with --json, one JSON object. Nothing else should run on the machine.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import qdrant_edge as qe  # noqa: TID251 - the peer that search is measured against
import typer
from rich.console import Console
from rich.table import Table

from knowledge.edge_store import EdgeStore
from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.settings import KnowledgeSettings, read_settings
from knowledge.sparse import weigh_query
from knowledge.store import HybridQuery, SearchFilter
from scripts.bootstrap import ROOT

app = typer.Typer(add_completion=False, help=__doc__)
BIN = Path(sys.executable).parent
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

QUESTIONS = (
    "What are the symptoms of Paget's disease of bone?",
    "How is glaucoma treated?",
    "What causes high blood pressure in pregnancy?",
    "Is there a vaccine against shingles?",
    "How much calcium should a woman over 50 take a day?",
    "What does an A1C of 7 percent mean?",
    "Which medicines interact with warfarin?",
    "What is the outlook for amyotrophic lateral sclerosis?",
    "二甲双胍有哪些不良反应？",
    "在家自己量血压，多少算高血压？",
)


@app.command()
def start(as_json: Json = False, rounds: int = 5) -> None:
    """Measure the service from start to reachable and to ready, no engine running."""
    reachable, ready = [], []
    for _ in range(rounds):
        first, last = _start_once()
        reachable.append(first)
        ready.append(last)
    loaded = _modules_after("import rag_service, rag_service.app, rag_service.cli")
    heavy = sorted({name.split(".")[0] for name in loaded} & {"torch", "llama_index", "transformers", "vllm"})
    _print(
        "Service start, engine away",
        {
            "reachable_s median": float(np.median(reachable)),
            "ready_s median": float(np.median(ready)),
            "ready_s best": min(ready),
            "ready_s worst": max(ready),
            "heavy modules that rag_service imports": ", ".join(heavy) or "none",
        },
        as_json=as_json,
    )


@app.command()
def ingest(sources: list[Path], as_json: Json = False) -> None:
    """Measure an ingest of the sources into an empty index, then a second one of the same."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MEDCITE_KNOWLEDGE_PATH": folder}
        first_s, report = _ingest(sources, environment)
        second_s, again = _ingest(sources, environment)
    n_documents = report["documents"]["new"]
    _print(
        f"Ingest of {', '.join(source.name for source in sources)}",
        {
            "documents": n_documents,
            "quarantined": len(report["quarantined"]),
            "passages": report["passages_total"],
            "seconds": first_s,
            "documents/s": n_documents / first_s,
            "passages/s": report["passages_total"] / first_s,
            "of which embedding, s": report["seconds"]["embed"],
            "peak memory, MiB": report["peak_memory_mib"],
            "second run, s": second_s,
            "second run, outcome": again["outcome"],
            "second ÷ first": second_s / first_s,
        },
        as_json=as_json,
    )


@app.command(name="search")
def search_command(knowledge_path: Path, as_json: Json = False, rounds: int = 40) -> None:
    """Measure hybrid search on an index against one bare hybrid call on the same shard."""
    asyncio.run(_search(knowledge_path, rounds, as_json=as_json))


@app.command()
def answers(url: str = "http://127.0.0.1:8000", as_json: Json = False) -> None:
    """Measure the stages of an answer over HTTP, each question asked once."""
    timings: dict[str, list[float]] = {}
    n_tokens = 0
    for question in QUESTIONS:
        answer = _post(f"{url}/v1/answers", {"question": question})
        for stage, value in answer["timings_ms"].items():
            timings.setdefault(stage, []).append(value)
        n_tokens += answer["usage"]["completion_tokens"]
    rows: dict[str, float | str] = {}
    for stage, values in timings.items():
        rows[f"{stage}, ms p50"] = float(np.median(values))
        rows[f"{stage}, ms max"] = max(values)
    rows["answer tokens"] = n_tokens
    _print(f"Answers to {len(QUESTIONS)} questions", rows, as_json=as_json)


@app.command()
def demo(as_json: Json = False) -> None:
    """Measure `make demo` in a fresh clone with an empty cache, then warm, then while it runs."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "medcite"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        home = Path(folder) / "home"
        home.mkdir()
        bare = {name: value for name, value in os.environ.items() if not name.startswith("MEDCITE_")}
        environment = {**bare, "HOME": str(home), "MEDCITE_PORT": "8600"}
        environment["MEDCITE_ENGINE_URL"] = "http://127.0.0.1:8601"

        def make(target: str) -> Callable[[], object]:
            return lambda: subprocess.run(["make", target], cwd=clone, env=environment, check=True)

        try:
            rows: dict[str, float | str] = {
                "cold, s": _seconds(make("demo")),
                "while running, s": _seconds(make("demo")),
            }
            make("stop")()
            rows["warm, s"] = _seconds(make("demo"))
        finally:
            make("stop")()
    _print("make demo", rows, as_json=as_json)


async def _search(knowledge_path: Path, rounds: int, *, as_json: bool) -> None:
    settings = read_settings(KnowledgeSettings)
    embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    vectors = dict(zip(QUESTIONS, embedder.embed_queries(list(QUESTIONS)), strict=True))
    reader = await EdgeStore(knowledge_path).current()
    if reader is None:
        raise typer.BadParameter(f"{knowledge_path} holds no index")
    shard = qe.EdgeShard.load(str(knowledge_path / "generations" / reader.manifest.generation / "shard"))
    ours, bare = [], []
    # Interleaved, so that what else happens on the machine falls on both.
    for number in range(rounds * len(QUESTIONS)):
        question = QUESTIONS[number % len(QUESTIONS)]
        started = time.perf_counter()
        shard.query(_hybrid(question, vectors[question]))
        bare.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        await reader.search(HybridQuery(vectors[question], weigh_query(question), 8, SearchFilter(), "en"))
        ours.append((time.perf_counter() - started) * 1000)
    warm = slice(2 * len(QUESTIONS), None)
    rows: dict[str, float | str] = {"passages": reader.manifest.n_passages}
    for name, q in (("p50", 50), ("p99", 99)):
        mine, peer = float(np.percentile(ours[warm], q)), float(np.percentile(bare[warm], q))
        rows |= {
            f"search {name}, ms": mine,
            f"bare hybrid call {name}, ms": peer,
            f"ratio {name}": mine / peer,
        }
    _print("Hybrid search, query embedding left out", rows, as_json=as_json)


def _hybrid(question: str, vector: np.ndarray) -> qe.QueryRequest:
    """The engine's own hybrid query: both legs prefetched, fused by rank, payloads returned."""
    weights = weigh_query(question)
    sparse = qe.SparseVector(indices=weights.indices.tolist(), values=weights.values.tolist())
    legs = [
        qe.Prefetch(limit=50, query=qe.Query.Nearest(vector.tolist(), using="dense")),
        qe.Prefetch(limit=50, query=qe.Query.Nearest(sparse, using="sparse")),
    ]
    return qe.QueryRequest(limit=8, prefetches=legs, query=qe.Fusion.Rrf(k=60), with_payload=True)


def _start_once() -> tuple[float, float]:
    environment = {**os.environ, "MEDCITE_ENGINE_URL": "http://127.0.0.1:9"}
    port = "8650"
    started = time.perf_counter()
    process = subprocess.Popen(
        [BIN / "medcite-serve", "run", "--port", port], env=environment, stderr=subprocess.DEVNULL
    )
    reachable = 0.0
    try:
        while process.poll() is None and time.perf_counter() - started < 60:
            reasons = _reasons(f"http://127.0.0.1:{port}/readyz")
            if reasons is not None:
                reachable = reachable or time.perf_counter() - started
                if len(reasons) == 1 and "language model" in reasons[0]:
                    return reachable, time.perf_counter() - started
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    raise SystemExit("the service did not become ready; run `medcite-ingest run knowledge/starter` first")


def _reasons(url: str) -> list[str] | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return list(json.load(response)["reasons"])
    except urllib.error.HTTPError as error:
        return list(json.load(error)["reasons"])
    except OSError:
        return None


def _modules_after(statement: str) -> list[str]:
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def _ingest(sources: list[Path], environment: dict[str, str]) -> tuple[float, dict]:
    command = [BIN / "medcite-ingest", "run", *sources, "--json"]
    started = time.perf_counter()
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    elapsed = time.perf_counter() - started
    if run.returncode > 1:
        raise SystemExit(f"{command} ended with exit code {run.returncode}")
    return elapsed, json.loads(run.stdout)


def _post(url: str, body: object) -> dict:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as response:
        return json.load(response)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _print(title: str, rows: dict[str, float | str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({title: rows}, ensure_ascii=False))
        return
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name, f"{value:,.3f}" if isinstance(value, float) else str(value))
    Console().print(table)


if __name__ == "__main__":
    app()
