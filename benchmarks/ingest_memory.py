"""Peak memory of one ingest, measured in a process of its own."""

import multiprocessing
import os
import re
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from benchmarks.ingest_claim import Claim, Details
from benchmarks.ingest_corpus import write_entities
from benchmarks.ingest_side import ZeroCostEmbedder, fill

# As multilingual-e5-small gives.
_DIMENSION = 384
_SAMPLED_EVERY_S = 0.005


@dataclass(slots=True)
class Peak:
    """Peaks of one run, in MB (10^6 bytes).

    `anonymous` is the memory that no file backs, shared memory included, sampled from outside (the
    engine lets no other thread of its process run while it works): what can run a machine out of
    memory. `resident` is what the kernel recorded as the process's high-water mark; beside the
    anonymous memory it holds the pages of the index's own files that happen to be in memory, which
    the kernel takes back when it needs them. `python` is the part of the anonymous memory that
    Python's objects hold, 0 unless traced.
    """

    n_passages: int = 0
    n_documents: int = 0
    resident_mb: float = 0.0
    anonymous_mb: float = 0.0
    before_mb: float = 0.0
    python_mb: float = 0.0
    seconds: float = 0.0


def measure_growth(
    entities: Path, sizes: tuple[int, int], per_document: int, *, trace: bool
) -> tuple[list[Claim], Details]:
    """Ingest so many entities of the file, each run in a process of its own, and compare the peaks.

    `sizes` are about the numbers of passages of a small and a large run; `per_document` entities
    make a document. With `trace` both are run once more for the share of Python's objects.
    """
    low, high = (_measure_peak(entities, size, per_document, trace=False) for size in sizes)
    claim = Claim(
        text=f"Growth of peak memory from {low.n_passages:,} to {high.n_passages:,} passages: "
        "anonymous memory, without pages of the index's files",
        unit="MB",
        ours=high.anonymous_mb,
        peer=low.anonymous_mb,
        peer_name="small run",
        measured=high.anonymous_mb - low.anonymous_mb,
        bound="≤",
        target=10,
        measure="growth, MB",
    )
    details: Details = {
        "documents": f"{low.n_documents:,} and {high.n_documents:,}",
        "before the run, MB": low.before_mb,
        "growth a passage, bytes": _each(
            high.anonymous_mb - low.anonymous_mb, high.n_passages - low.n_passages
        ),
        "with pages of the index's files, MB": f"{low.resident_mb:.1f} and {high.resident_mb:.1f}",
        "their growth together, MB": high.resident_mb - low.resident_mb,
        "seconds": f"{low.seconds:.1f} and {high.seconds:.1f}",
    }
    if trace:
        few, many = (_measure_peak(entities, size, per_document, trace=True).python_mb for size in sizes)
        details["of it Python's objects, MB"] = f"{few:.1f} and {many:.1f}"
        details["their growth a document, bytes"] = _each(many - few, high.n_documents - low.n_documents)
    return [claim], details


def _each(megabytes: float, count: int) -> float:
    return megabytes * 1e6 / max(1, count)


def _measure_peak(entities: Path, n_passages: int, per_document: int, *, trace: bool) -> Peak:
    with TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_entities(entities, max(1, n_passages // per_document), per_document, files)
        spawn = multiprocessing.get_context("spawn")
        with (
            ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool,
            _sampled(pool.submit(os.getpid).result()) as sampled,
        ):
            peak = pool.submit(_fill, Path(folder), files, trace=trace).result()
    peak.anonymous_mb = max(sampled, default=0.0)
    return peak


def _fill(root: Path, files: Path, *, trace: bool) -> Peak:
    peak = Peak(before_mb=_status_mb("VmHWM"))
    if trace:
        tracemalloc.start()
    started = time.perf_counter()
    report = fill(root, files, ZeroCostEmbedder(_DIMENSION))
    peak.seconds = time.perf_counter() - started
    peak.n_passages = report.passages_total
    peak.n_documents = report.documents["new"]
    peak.python_mb = tracemalloc.get_traced_memory()[1] / 1e6
    # Not ru_maxrss: a process takes that over from its parent, as large as the parent was.
    peak.resident_mb = _status_mb("VmHWM")
    return peak


@contextmanager
def _sampled(pid: int) -> Iterator[list[float]]:
    """Sample the anonymous memory of another process, in MB."""
    done = threading.Event()
    sampled: list[float] = []

    def watch() -> None:
        while not done.wait(_SAMPLED_EVERY_S):
            sampled.append(_status_mb("RssAnon", pid) + _status_mb("RssShmem", pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield sampled
    finally:
        done.set()
        watcher.join()


def _status_mb(field: str, pid: int | Literal["self"] = "self") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0
