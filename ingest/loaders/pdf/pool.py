"""The pool of worker processes that read PDFs, kept from one file to the next."""

import atexit
import fcntl
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson

from ingest.errors import UnreadableDocument
from ingest.loaders.pdf.furniture import repeated_keys
from ingest.loaders.pdf.worker import HEAD, LENGTH

# A page takes milliseconds; a full one that is a picture, by OCR on a busy core, most of a minute.
_SILENCE_S = 180.0
_TOTAL_S = 1800.0
# Smaller files are not worth a second process.
_MIN_SHARED_BYTES = 100_000
_MAX_WORKERS = 4
# A fresh process after so many files: what a parser leaks is given back.
_MAX_REQUESTS = 200
# What a process may have without privileges. With the usual 64 KiB a file is sent in many turns.
_PIPE_BYTES = 2**20


class Worker:
    """One worker process, started when it is first asked."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._n_requests = 0

    def ask(self, raw: bytes, share: int, n_shares: int) -> int:
        """Send a PDF; gives the file descriptor on which the answers come.

        Raises:
            OSError: The process cannot be started or has died.
        """
        if self.process is None or self.process.poll() is not None or self._n_requests >= _MAX_REQUESTS:
            self.stop()
            self._start()
        self._n_requests += 1
        self.send(HEAD.pack(len(raw), share, n_shares) + raw)
        if self.process is None or self.process.stdout is None:
            raise OSError("the worker has no pipes")
        return self.process.stdout.fileno()

    def send(self, message: bytes) -> None:
        """Send the next part of a request.

        Raises:
            OSError: The process has died.
        """
        if self.process is None or self.process.stdin is None:
            raise OSError("the worker has no pipes")
        self.process.stdin.write(message)
        self.process.stdin.flush()

    def stop(self) -> int:
        """End the process and give its exit code; a process that has died has a negative one."""
        process, self.process, self._n_requests = self.process, None, 0
        if process is None:
            return 0
        with suppress(OSError):
            if process.stdin:
                process.stdin.close()
        process.kill()
        if process.stdout:
            process.stdout.close()
        return process.wait()

    def _start(self) -> None:
        # A session of its own: an interrupt from the keyboard is for the parent, which ends it.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest.loaders.pdf.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # a user with many pipes gets no more large ones
                fcntl.fcntl(pipe or -1, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class Pool:
    """Workers that read one PDF at a time, each a share of its pages."""

    def __init__(self, silence_s: float = _SILENCE_S) -> None:
        self.workers = [Worker() for _ in range(min(_MAX_WORKERS, len(os.sched_getaffinity(0))))]
        self._silence_s = silence_s
        self._lock = threading.Lock()

    def read(self, raw: bytes) -> list[dict[str, Any]]:
        """Read a PDF; gives the workers' answers in the order of the pages.

        Raises:
            UnreadableDocument: The file is broken, encrypted, hangs the parser, or needs more
                memory than a worker may have.
        """
        with self._lock:
            n_shares = len(self.workers) if len(raw) >= _MIN_SHARED_BYTES else 1
            try:
                answers = self._read(raw, self.workers[:n_shares])
            except BaseException:
                # What is on its way belongs to this file and must not meet the next.
                self.stop()
                raise
        fault = _fault_in(answers)
        if fault:
            raise UnreadableDocument(fault)
        return answers

    def stop(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.stop()

    def _read(self, raw: bytes, workers: list[Worker]) -> list[dict[str, Any]]:
        end = time.monotonic() + _TOTAL_S
        with selectors.DefaultSelector() as selector:
            for share, worker in enumerate(workers):
                with _named_crash(worker):
                    answers = worker.ask(raw, share, len(workers))
                selector.register(answers, selectors.EVENT_READ, (share, bytearray()))
            margins = self._round(selector, workers, end)
            if _fault_in(margins):
                if len(workers) > 1:  # the others may be waiting to go on
                    self.stop()
                return margins
            repeated = orjson.dumps(repeated_keys(keys for answer in margins for keys in answer["margins"]))
            for worker in workers:
                with _named_crash(worker):
                    worker.send(LENGTH.pack(len(repeated)) + repeated)
            return self._round(selector, workers, end)

    def _round(
        self, selector: selectors.BaseSelector, workers: list[Worker], end: float
    ) -> list[dict[str, Any]]:
        """Wait for one answer of each worker."""
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < len(workers):
            events = selector.select(max(0.0, min(self._silence_s, end - time.monotonic())))
            if not events:
                late = time.monotonic() >= end
                silence = "was not done after" if late else "gave no sign of life for"
                raise UnreadableDocument(
                    f"hangs the PDF parser: it {silence} {_TOTAL_S if late else self._silence_s:g} s"
                )
            for key, _ in events:
                share, received = key.data
                chunk = os.read(key.fd, 2**20)
                if not chunk:
                    raise _crash(workers[share])
                received += chunk
                for frame in _frames(received):
                    if frame:
                        answers[share] = orjson.loads(frame)
        return [answers[share] for share in range(len(workers))]


def _fault_in(answers: list[dict[str, Any]]) -> str:
    return next((str(answer["fault"]) for answer in answers if "fault" in answer), "")


@contextmanager
def _named_crash(worker: Worker) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _crash(worker) from error


def _frames(received: bytearray) -> Iterator[bytes]:
    """Take complete frames from the front of what has been received."""
    while len(received) >= LENGTH.size:
        (n_bytes,) = LENGTH.unpack_from(received)
        if len(received) < LENGTH.size + n_bytes:
            return
        frame = bytes(received[LENGTH.size : LENGTH.size + n_bytes])
        del received[: LENGTH.size + n_bytes]
        yield frame


def _crash(worker: Worker) -> UnreadableDocument:
    code = worker.stop()
    return UnreadableDocument(
        f"crashes the PDF parser or needs more memory than it may have (exit code {code})"
    )


_pools: dict[int, Pool] = {}


def shared_pool() -> Pool:
    """The pool of this process; a fork has one of its own."""
    pool = _pools.get(os.getpid())
    if pool is None:
        pool = _pools[os.getpid()] = Pool()
        atexit.register(pool.stop)
    return pool
