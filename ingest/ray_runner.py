"""The Ray runner: documents are read, cut and embedded by the workers of a Ray cluster.

Rows go out in rounds, each one execution of Ray Data: what is on its way is bounded, and between two
steps this process can decide what is a copy of what. Results keep the order of the rows.
"""

import pickle
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ContextDecorator, ExitStack, contextmanager
from functools import partial
from typing import Any

import ray.data
from ray.data.exceptions import ExecutionTimeoutError, SystemException
from ray.exceptions import RayError
from ray.util.annotations import RayDeprecationWarning

from ingest.errors import RayFailed, UnreadableDocument
from ingest.ray_cluster import Cluster, ray_cluster
from ingest.ray_worker import EmbeddingWorker, Worker, do_batch, unpack
from ingest.runner import Key
from ingest.steps import Row, SignedDocument, Step, Uncut, Unread, cut_document, read_entry
from knowledge.embedding import Embedder, Vectors
from knowledge.errors import EmbeddingFailed
from knowledge.passage import Passage

# A round ends with its slowest row, so it must be long beside that; and all of it is in memory.
_ROUND_BYTES = 64 * 2**20
_ROUND_ROWS = 4096
_ROUND_WINDOWS = 64
# Rows that travel together: a task takes milliseconds to start, a small document less to read.
_BLOCK_BYTES = 2**20
_BLOCKS_PER_PROCESSOR = 4
# As long as a night's run may take: one window may hold a whole book.
_PATIENCE_S = 6 * 3600.0

_RAY_ERRORS = (RayError, SystemException, ExecutionTimeoutError)


class RayRunner:
    """Does the steps on the workers of a Ray cluster, from the first row on until `close`.

    Args:
        make_embedder: Makes the embedder in a worker; pickled.
        fingerprint: What its fingerprint must be there.
    """

    def __init__(self, make_embedder: Callable[[], Embedder], fingerprint: str) -> None:
        self._worker = Worker(make_embedder, fingerprint)
        self._joined = ExitStack()
        self._cluster: Cluster | None = None

    def close(self) -> None:
        """Leave the cluster, and stop it if this run has started it."""
        self._joined.close()

    async def read(
        self, unread: AsyncIterator[tuple[Key, Unread]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, SignedDocument | UnreadableDocument]]:
        """Read entries; one that cannot become a document, or kills its worker, gives the reason.

        Raises:
            RayFailed: The cluster cannot be reached or fails.
        """
        async for keys, works in _rounds(unread, _ROUND_ROWS):
            results = clock(self._map)(read_entry, works)
            for number, key in enumerate(keys):
                lost = UnreadableDocument(
                    "kills the worker that reads it; it may want more memory than there is"
                )
                yield key, unpack(results[number]) if number in results else lost

    async def cut(
        self, uncut: AsyncIterator[tuple[Key, Uncut]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, list[Passage]]]:
        """Cut documents into passages.

        Raises:
            RayFailed: The cluster cannot be reached or fails, or a document kills its worker.
            EmbeddingFailed: A worker has no such model.
        """
        named = (((key, row.document.imprint.document_id), row) async for key, row in uncut)
        async for keys, works in _rounds(named, _ROUND_ROWS):
            results = clock(self._map)(cut_document, works)
            for number, (key, document_id) in enumerate(keys):
                if number not in results:
                    raise RayFailed(
                        f"document {document_id!r} kills the workers that cut it; give them more memory"
                    )
                yield key, unpack(results[number])

    async def embed(
        self, windows: AsyncIterator[tuple[Key, list[str]]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, Vectors]]:
        """Embed the texts of windows; each worker loads the model once a round.

        Raises:
            RayFailed: The cluster cannot be reached or fails.
            EmbeddingFailed: The model failed, is not on a worker, or kills it.
        """
        async for keys, works in _rounds(windows, _ROUND_WINDOWS):
            results = self._embed(works)
            for key in keys:
                yield key, unpack(clock(next)(results))

    def _map(self, step: Step[Any, Any], works: Sequence[bytes]) -> dict[int, bytes]:
        """Do a step for each work; number to result, without those that kill their workers."""
        numbered = dict(enumerate(works))
        n_blocks = max(
            self._join().n_processors * _BLOCKS_PER_PROCESSOR, sum(map(len, works)) // _BLOCK_BYTES
        )
        results = self._run_tasks(step, numbered, min(n_blocks, len(works)))
        lost = {number: work for number, work in numbered.items() if number not in results}
        # Work that kills its worker takes its block with it; alone it takes nothing.
        return results | self._run_tasks(step, lost, len(lost))

    def _run_tasks(self, step: Step[Any, Any], works: Mapping[int, bytes], n_blocks: int) -> dict[int, bytes]:
        """Do a step for each work, once; what dies with its worker is left out."""
        if not works:
            return {}
        try:
            _set_up(max_lost_blocks=-1)
            with _without_retries():
                done = ray.data.from_items(_rows(works), override_num_blocks=n_blocks).map_batches(
                    partial(do_batch, step=step, worker=self._worker),
                    batch_size=None,
                    num_cpus=1,
                    max_retries=0,
                )
            return {row["row"]: row["result"] for row in done.iter_rows()}
        except _RAY_ERRORS as error:
            raise RayFailed(f"the Ray cluster failed: {_first_line(error)}") from error

    def _embed(self, works: Sequence[bytes]) -> Iterator[bytes]:
        """Embed windows; where a worker dies it is tried again, unless nothing came of it since."""
        n_done, failed_at = 0, -1
        while n_done < len(works):
            try:
                for result in self._run_actors(works[n_done:]):
                    yield result
                    n_done += 1
            except _RAY_ERRORS as error:
                if failed_at == n_done:
                    raise EmbeddingFailed(
                        f"the workers that embed died or stood still twice; they may be short of memory: "
                        f"{_first_line(error)}"
                    ) from error
                failed_at = n_done

    def _run_actors(self, works: Sequence[bytes]) -> Iterator[bytes]:
        cluster = self._join()
        n_workers = min(cluster.n_embedding, len(works))
        # A window takes long: one that waits for a worker must not wait for a certain one.
        workers = ray.data.ActorPoolStrategy(
            min_size=1, max_size=n_workers, initial_size=n_workers, max_tasks_in_flight_per_actor=1
        )
        _set_up(max_lost_blocks=0)
        with _without_retries():
            rows = _rows(dict(enumerate(works)))
            done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                EmbeddingWorker,
                batch_size=None,
                compute=workers,
                num_cpus=1,
                num_gpus=1 if cluster.n_gpus else 0,
                fn_constructor_kwargs={"worker": self._worker},
                max_restarts=0,
            )
        for number, row in enumerate(done.iter_rows()):
            if row["row"] != number:
                raise RayFailed(f"the Ray cluster gave window {row['row']} in the place of {number}")
            yield row["result"]

    def _join(self) -> Cluster:
        """Join the cluster if that has not been done."""
        if self._cluster is None:
            self._cluster = self._joined.enter_context(ray_cluster())
        return self._cluster


async def _rounds(
    rows: AsyncIterator[tuple[Key, Row]], n_rows: int
) -> AsyncIterator[tuple[list[Key], list[bytes]]]:
    """Gather rows until there are so many, or they are so large, that they make a round."""
    keys: list[Key] = []
    works: list[bytes] = []
    n_bytes = 0
    async for key, row in rows:
        keys.append(key)
        works.append(pickle.dumps(row))
        n_bytes += len(works[-1])
        if len(works) >= n_rows or n_bytes >= _ROUND_BYTES:
            yield keys, works
            keys, works, n_bytes = [], [], 0
    if works:
        yield keys, works


def _rows(works: Mapping[int, bytes]) -> list[dict[str, Any]]:
    return [{"row": number, "work": work} for number, work in works.items()]


def _set_up(max_lost_blocks: int) -> None:
    """Set how the next execution goes; -1 lets any number of blocks be lost with their workers."""
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.execution_no_progress_timeout_s = _PATIENCE_S
    context.max_errored_blocks = max_lost_blocks
    context.enable_progress_bars = False
    context.print_on_execution_start = False


@contextmanager
def _without_retries() -> Iterator[None]:
    """Let it be said without a warning that Ray retries nothing; this module does, a bounded number of times.

    Ray Data should not try again for ever what kills its worker, but does, and for want of memory even
    where a number is given. Since 2.60 the only place to say so, the extra arguments of `map_batches`,
    is deprecated, to go in 2.64, to which the extra `ray` is limited
    (https://docs.ray.io/en/latest/data/api/doc/ray.data.Dataset.map_batches.html). To be removed, and
    the zeros moved, when there is another.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RayDeprecationWarning)
        yield


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
