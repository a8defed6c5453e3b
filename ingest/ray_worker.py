"""What a Ray worker does: rows of pickled work to rows of pickled results.

Rows are pickled here because Ray's tables hold bytes, not our dataclasses. An error that a step
raises is a result too: Ray retries the death of a worker, and nothing else.
"""

import pickle
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ingest import steps
from ingest.errors import RayFailed
from ingest.steps import Step
from knowledge.embedding import Embedder

Batch: TypeAlias = Any
"""Column to values: `row` (number of the row) and `work`, or `result`, both pickled."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker needs to know: how the embedder is made, and what it and medcite must be."""

    make_embedder: Callable[[], Embedder]
    fingerprint: str
    versions: tuple[str, str] = (steps.READING, steps.CUTTING)

    def embedder(self) -> Embedder:
        """Make the embedder, once in this process.

        Raises:
            RayFailed: The model or medcite on this machine is another one.
            EmbeddingFailed: There is no such model on this machine.
        """
        versions = (steps.READING, steps.CUTTING)
        if versions != self.versions:
            raise RayFailed(
                f"the worker on {socket.gethostname()} has {' and '.join(versions)}, wanted "
                f"{' and '.join(self.versions)}; install the same release of medcite on all machines"
            )
        made = _made.get(self.fingerprint)
        if made is None:
            made = self.make_embedder()
            if made.fingerprint != self.fingerprint:
                raise RayFailed(
                    f"the worker on {socket.gethostname()} has the embedder {made.fingerprint}, wanted "
                    f"{self.fingerprint}; put the same model on all machines"
                )
            _made[self.fingerprint] = made
        return made


# A worker's process does many batches of work; it loads the model for the first.
_made: dict[str, Embedder] = {}


def do_batch(batch: Batch, step: Step[Any, Any], worker: Worker) -> Batch:
    """Do a step for each row of a batch."""
    return {"row": batch["row"], "result": _column([_do(step, worker, work) for work in batch["work"]])}


class EmbeddingWorker:
    """Embeds windows of texts; loads the model for its first."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __call__(self, batch: Batch) -> Batch:
        """Embed the windows of a batch."""
        return do_batch(batch, steps.embed_texts, self._worker)


def unpack(result: bytes) -> Any:
    """Give what a step gave, or raise what it raised."""
    value, error = pickle.loads(result)  # noqa: S301 - made by `_do`
    if error is not None:
        raise error
    return value


def _do(step: Step[Any, Any], worker: Worker, work: bytes) -> bytes:
    try:
        return pickle.dumps((step(worker.embedder(), pickle.loads(work)), None))  # noqa: S301 - made by the runner
    except Exception as error:  # noqa: BLE001 - raised again by `unpack`
        return pickle.dumps((None, error))


def _column(results: Sequence[bytes]) -> Any:
    # An array of bytes objects; numpy's own type for bytes would pad all to the longest.
    column = np.empty(len(results), dtype=object)
    column[:] = results
    return column
