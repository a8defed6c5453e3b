"""Search while an ingest runs in another process and publishes what it made."""

import asyncio
import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.ingest_claim import Claim, Details
from benchmarks.ingest_corpus import write_entities
from benchmarks.ingest_side import EmbedderName, fill, make_embedder, open_store, stored_documents
from knowledge.edge_store import EdgeStore
from knowledge.passage import ScoredPassage
from knowledge.sparse import weigh_query
from knowledge.store import HybridQuery, SearchFilter

_LIMIT = 8
_MARK = " (edition "
_N_QUESTIONS = 100
# A hundred questions a second, so that the searches alone do not fill the machine.
_PAUSE_S = 0.01
# By so much the ingest command lowers its own priority.
_NICENESS = 10
# What is asked this long before and after a switch counts as asked at the switch.
_AT_SWITCH_S = 0.5


@dataclass(slots=True)
class Searches:
    """Searches one after another: when each began and how long it took, and what went wrong.

    `switched_at` are the moments at which a search first met a new generation.
    """

    began_at: list[float] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    switched_at: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    n_mixed: int = 0

    def percentile_ms(self, q: float) -> float:
        """A percentile of all."""
        return float(np.percentile(self.took_ms, q))

    def at_switch_ms(self) -> list[float]:
        """The times of those asked around a switch."""
        pairs = zip(self.began_at, self.took_ms, strict=True)
        return [ms for at, ms in pairs if any(abs(at - s) <= _AT_SWITCH_S for s in self.switched_at)]


class Reader:
    """Asks the store as the service does: the current generation is looked up for each question."""

    def __init__(self, store: EdgeStore, queries: list[HybridQuery]) -> None:
        self._store = store
        self._queries = cycle(queries)
        self._edition_of: dict[str, str] = {}

    async def search_until(self, is_done: Callable[[], bool]) -> Searches:
        """Ask one question after another until told that it is enough."""
        searches = Searches()
        generation = ""
        while not is_done():
            began = time.perf_counter()
            try:
                reader = await self._store.current()
                hits = await reader.search(next(self._queries)) if reader else []
            except Exception as error:  # noqa: BLE001 - any failure of a read is what is counted
                searches.failed[type(error).__name__] += 1
                continue
            searches.began_at.append(began)
            searches.took_ms.append((time.perf_counter() - began) * 1000)
            seen = reader.manifest.generation if reader else ""
            if generation not in ("", seen):
                searches.switched_at.append(time.perf_counter())
            generation = seen
            self._judge(searches, generation, hits)
            await asyncio.sleep(_PAUSE_S)
        return searches

    def _judge(self, searches: Searches, generation: str, hits: list[ScoredPassage]) -> None:
        """Count a result that is empty or not wholly of one edition, the generation's own."""
        expected = self._edition_of.setdefault(generation, f"{len(self._edition_of) + 1})")
        editions = {hit.passage.imprint.title.rpartition(_MARK)[2] for hit in hits}
        if not editions:
            searches.failed["empty"] += 1
        elif editions != {expected}:
            searches.n_mixed += 1


@dataclass(frozen=True, slots=True)
class Load:
    """How many documents are ingested anew how often, with which embedder, and how long is idle."""

    entities: Path
    n_documents: int
    n_switches: int
    idle_s: float
    embedder: EmbedderName


def measure_switch(load: Load) -> tuple[list[Claim], Details]:
    """Search idle, then while another process ingests each document anew and publishes."""
    with TemporaryDirectory() as folder:
        idle, busy, ingest_s = _search_both(load, Path(folder))
    n_wrong = busy.n_mixed + idle.n_mixed + busy.failed.total() + idle.failed.total()
    at_switch = busy.at_switch_ms()
    slowest = Claim(
        text="Search p99 while an ingest runs and at the switch ÷ idle",
        unit="ms",
        ours=max(busy.percentile_ms(99), float(np.percentile(at_switch, 99))),
        peer=idle.percentile_ms(99),
        peer_name="idle",
        measured=max(busy.percentile_ms(99), float(np.percentile(at_switch, 99))) / idle.percentile_ms(99),
        bound="≤",
        target=2,
    )
    wrong = Claim(
        text="Failed reads and reads of mixed generations",
        unit="reads",
        ours=n_wrong,
        peer=0,
        peer_name="none",
        measured=n_wrong,
        bound="≤",
        target=0,
        measure="count",
    )
    return [slowest, wrong], {
        "searches idle": len(idle.took_ms),
        "searches during ingest": len(busy.took_ms),
        "searches at a switch": len(at_switch),
        "switches seen": len(busy.switched_at),
        "idle p50, ms": idle.percentile_ms(50),
        "during ingest p50, ms": busy.percentile_ms(50),
        "during ingest p99, ms": busy.percentile_ms(99),
        "at a switch p99, ms": float(np.percentile(at_switch, 99)),
        "slowest, ms": max(busy.took_ms),
        "failed": str(dict(busy.failed + idle.failed)),
        "ingests took, s": ingest_s,
    }


def _search_both(load: Load, root: Path) -> tuple[Searches, Searches, float]:
    """Give the idle searches, those beside the ingests, and the seconds that the ingests took."""
    # This process only searches: whatever else it did would hold the interpreter's lock.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=os.nice, initargs=(_NICENESS,)) as pool:

        def ingest_edition(edition: int) -> float:
            return pool.submit(_ingest_edition, load, root, edition).result()

        def ingest_again() -> float:
            seconds = 0.0
            for edition in range(2, 2 + load.n_switches):
                seconds += ingest_edition(edition)
                time.sleep(_AT_SWITCH_S)
            return seconds

        ingest_edition(1)
        queries = pool.submit(_make_queries, root, load.embedder).result()
        reader = Reader(open_store(root), queries)
        return asyncio.run(_search(reader, load.idle_s, ingest_again))


async def _search(
    reader: Reader, idle_s: float, ingest_again: Callable[[], float]
) -> tuple[Searches, Searches, float]:
    warm_up_ends = time.perf_counter() + min(1.0, idle_s)
    await reader.search_until(lambda: time.perf_counter() > warm_up_ends)
    idle_ends = time.perf_counter() + idle_s
    idle = await reader.search_until(lambda: time.perf_counter() > idle_ends)
    ingests = asyncio.create_task(asyncio.to_thread(ingest_again))
    busy = await reader.search_until(ingests.done)
    return idle, busy, await ingests


def _ingest_edition(load: Load, root: Path, edition: int) -> float:
    files = root / "files"
    shutil.rmtree(files, ignore_errors=True)
    write_entities(load.entities, load.n_documents, 1, files, edition)
    started = time.perf_counter()
    fill(root, files, make_embedder(load.embedder))
    return time.perf_counter() - started


def _make_queries(root: Path, embedder_name: EmbedderName) -> list[HybridQuery]:
    titles = [passages[0].imprint.title for passages in stored_documents(root).values()]
    questions = [title.rpartition(_MARK)[0] for title in titles[:: max(1, len(titles) // _N_QUESTIONS)]]
    vectors = make_embedder(embedder_name).embed_queries(questions)
    return [
        HybridQuery(vector, weigh_query(question), _LIMIT, SearchFilter(), "zh")
        for question, vector in zip(questions, vectors, strict=True)
    ]
