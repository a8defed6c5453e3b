"""A Ray cluster: the one that RAY_ADDRESS names, or one on this machine for the time of a run."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import ray

from ingest.errors import RayFailed

_KNOCK_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster has room for: a worker that embeds for each GPU, without any one for each processor."""

    n_processors: int
    n_gpus: int

    @property
    def n_embedding(self) -> int:
        """Count the workers that can embed at a time."""
        return self.n_gpus or self.n_processors


@contextmanager
def ray_cluster() -> Iterator[Cluster]:
    """Be connected to a cluster.

    What this starts, it stops. Meanwhile what is written to standard output goes to standard error,
    because Ray tells of dead workers there, and reports are on standard output.

    Raises:
        RayFailed: The cluster cannot be reached or started.
    """
    if ray.is_initialized():
        yield _look_around()
        return
    with redirect_stdout(sys.stderr):
        _connect()
        # It would tell of each execution, and of each row that it lost at a page's length.
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        try:
            yield _look_around()
        finally:
            ray.shutdown()


def _connect() -> None:
    # Nobody is told that medcite runs here.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS") or "local"
    options: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise RayFailed(
            f"Ray at {address} cannot be {'started' if address == 'local' else 'reached'}: {error}; "
            "set RAY_ADDRESS to a cluster of the same release of Ray and Python, or unset it"
        ) from error
    except SystemExit as error:  # what Ray makes of a SIGTERM while it starts
        raise KeyboardInterrupt from error
    # From then on the signal is ours again: the run must end with a word, and give back its lock.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


def _knock(address: str) -> None:
    """See whether anybody listens at an address; Ray itself would try for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_WAIT_S).close()


def _look_around() -> Cluster:
    look: Callable[[], dict[str, float]] = ray.cluster_resources
    resources = look()
    return Cluster(max(1, int(resources.get("CPU", 1))), int(resources.get("GPU", 0)))
