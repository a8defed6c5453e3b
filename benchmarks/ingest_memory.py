"""Peak memory of one ingest, measured in a process of its own."""

import multiprocessing
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

from benchmarks.ingest_claim import Claim, Details
from benchmarks.ingest_corpus import write_entities
from benchmarks.ingest_side import ZeroCostEmbedder, fill

# As multilingual-e5-small gives.
_DIMENSION = 384
_SAMPLED_EVERY_S = 0.005
_STATUS = Path("/proc/self/status")


@dataclass(slots=True)
class Peak:
    """Peaks of one run, in MB (10^6 bytes).

    `resident` is what the kernel recorded as the process's high-water mark, `anonymous` the part
    that files do not back, sampled; the rest are pages of the index's own files, which the kernel
    takes back when it needs them. `python_mb` is the part of the anonymous memory that Python's
    objects hold, 0 unless traced.
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
        text=f"Growth of peak memory from {low.n_passages:,} to {high.n_passages:,} passages",
        unit="MB",
        ours=high.resident_mb,
        peer=low.resident_mb,
        peer_name="small run",
        measured=high.resident_mb - low.resident_mb,
        bound="≤",
        target=10,
        measure="growth, MB",
    )
    details: Details = {
        "documents": f"{low.n_documents:,} and {high.n_documents:,}",
        "before the run, MB": low.before_mb,
        "anonymous memory, MB": f"{low.anonymous_mb:.1f} and {high.anonymous_mb:.1f}",
        "its growth, MB": high.anonymous_mb - low.anonymous_mb,
        "its growth a passage, bytes": _each(
            high.anonymous_mb - low.anonymous_mb, high.n_passages - low.n_passages
        ),
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
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
            return pool.submit(_fill, Path(folder), files, trace=trace).result()


def _fill(root: Path, files: Path, *, trace: bool) -> Peak:
    peak = Peak(before_mb=_status_mb("VmHWM"))
    if trace:
        tracemalloc.start()
    started = time.perf_counter()
    with _sampled(peak):
        report = fill(root, files, ZeroCostEmbedder(_DIMENSION))
    peak.seconds = time.perf_counter() - started
    peak.n_passages = report.passages_total
    peak.n_documents = report.documents["new"]
    peak.python_mb = tracemalloc.get_traced_memory()[1] / 1e6
    # Not ru_maxrss: a process takes that over from its parent, as large as the parent was.
    peak.resident_mb = _status_mb("VmHWM")
    return peak


@contextmanager
def _sampled(peak: Peak) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLED_EVERY_S):
            peak.anonymous_mb = max(peak.anonymous_mb, _status_mb("RssAnon"))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _status_mb(field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0
