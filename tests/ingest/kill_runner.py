"""Runs ingest in one forked process after another, for the test that kills them.

For each line on standard input, `delay_s`, a process is forked that ingests; its id is printed, and
when it has ended its exit status. Forking saves the half second that the imports take.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from knowledge.embedding import Vectors
from knowledge.embedding_fake import HashingEmbedder
from tests.ingest.factories import run_ingest


class SlowEmbedder(HashingEmbedder):
    """Takes its time."""

    def __init__(self, delay_s: float) -> None:
        super().__init__()
        self._delay_s = delay_s

    def embed_passages(self, texts: list[str]) -> Vectors:
        time.sleep(self._delay_s)
        return super().embed_passages(texts)


def ingest_slowly(root: Path, delay_s: float) -> int:
    """Ingest the texts below `root`, resting after each listed and each loaded entry."""
    report = asyncio.run(
        run_ingest(
            root,
            root / "texts",
            embedder=SlowEmbedder(delay_s),
            progress=lambda stage, done, total: time.sleep(delay_s / 10),
        )
    )
    return report.exit_code


def main() -> None:
    """Fork a process for each line."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(ingest_slowly(Path(sys.argv[1]), float(line)))
        print(pid, flush=True)  # noqa: T201 - read by the test
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
