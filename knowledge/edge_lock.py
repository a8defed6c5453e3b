"""The writer's lock of the embedded store."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from knowledge.errors import StoreLocked


@contextmanager
def writer_lock(root: Path) -> Iterator[None]:
    """Hold the right to write below a folder while the block runs.

    The operating system holds the lock and frees it when its process ends, however that ends. A
    file beside it says who has it.

    Raises:
        StoreLocked: Somebody else is writing; the message says who and for how long.
        OSError: The folder cannot be written.
    """
    lock = FileLock(root / "lock", timeout=0)
    owner = root / "lock.owner"
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreLocked(_refusal(root, owner)) from error
    try:
        facts = {"owner": f"process {os.getpid()} on {socket.gethostname()}", "taken_at": time.time()}
        owner.write_bytes(orjson.dumps(facts))
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _refusal(root: Path, owner: Path) -> str:
    try:
        facts = orjson.loads(owner.read_bytes())
        # By the clock of another machine it may have been taken in a moment.
        age_s = max(0, round(time.time() - facts["taken_at"]))
        return f"{facts['owner']} has been writing to {root} for {age_s} s; wait for it to end"
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):  # it has not yet written its name
        return f"another ingest is writing to {root}; wait for it to end"
