"""Ingest killed at random instants: the old generation or the new one, never a mixture, and it goes on."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from scripts.bootstrap import ROOT
from tests.ingest.factories import write_texts

N_KILLS = 30
N_TEXTS = 40
DELAY_S = 0.004


class Runner:
    """Starts runs, in processes that can be killed."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "tests.ingest.kill_runner", str(root)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, delay_s: float) -> int:
        """Start a run; give its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{delay_s}\n")
        return self._read()

    def finish(self) -> int:
        """Wait for the run to end; give its exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(self._read())

    def run(self, delay_s: float = 0.0) -> int:
        self.start(delay_s)
        return self.finish()

    def _read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path)
    yield runner
    runner.process.communicate(timeout=30)


def corpus(version: int) -> dict[str, str]:
    """Make the texts of a version: from one to the next all change, some come and some go."""
    return {
        f"t{n}": f"# Drug {n}\n\nTake {n} mg, says version {version}.\n\n## More\n\nVersion {version} says more.\n"
        for n in range(N_TEXTS)
        if (n + version) % 10
    }


def write_version(root: Path, version: int) -> None:
    folder = write_texts(root / "texts", **corpus(version))
    for path in folder.iterdir():
        if path.stem not in corpus(version):
            path.unlink()


async def read_all(root: Path) -> dict[str, str]:
    """Read every text of the current generation, and check it against its manifest."""
    reader = await EdgeStore(root / "knowledge").current()
    assert reader is not None
    described = {i: record.n_passages for i, record in reader.manifest.documents.items()}
    assert described == await reader.passage_counts()
    return {i: "".join([p.text async for p in reader.document_passages(i)]) for i in described}


def test_killed_at_any_instant_the_index_is_old_or_new_and_the_next_run_publishes(
    tmp_path: Path, runner: Runner
):
    instants = random.Random(3)  # noqa: S311 - the same instants each time
    write_version(tmp_path, 0)
    runner.run()
    write_version(tmp_path, 1)
    start = time.perf_counter()
    runner.run(DELAY_S)
    longest_s = time.perf_counter() - start
    current, exit_codes = 1, set()
    for version in range(2, N_KILLS + 2):
        write_version(tmp_path, version)
        pid = runner.start(DELAY_S)
        time.sleep(instants.uniform(0, longest_s))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        exit_codes.add(runner.finish())
        found = asyncio.run(read_all(tmp_path))
        assert found in (corpus(current), corpus(version))
        current = version if found == corpus(version) else current
        if version % 4 == 0:
            current = version
            # After a kill between the publish and the end there is nothing to do: an empty folder stays.
            assert (0, corpus(version), []) == (
                runner.run(),
                asyncio.run(read_all(tmp_path)),
                list((tmp_path / "knowledge" / "building").glob("*")),
            )
    assert -signal.SIGKILL in exit_codes
