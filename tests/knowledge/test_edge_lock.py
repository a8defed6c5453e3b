import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.edge_lock import writer_lock
from knowledge.errors import StoreLocked
from scripts.bootstrap import ROOT
from tests.knowledge.factories import names_in

HOLD = """
import sys, time
from pathlib import Path
from knowledge.edge_lock import writer_lock

with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_and_kill(root: Path) -> int:
    """Have another process take the lock and kill it; give its id."""
    with subprocess.Popen([sys.executable, "-c", HOLD, root], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    return holder.pid


def refusal(root: Path) -> str:
    """Ask for the lock in vain and give the reason."""
    with pytest.raises(StoreLocked) as caught, writer_lock(root):
        pass
    return str(caught.value)


def test_a_second_writer_is_told_process_machine_and_age(tmp_path: Path):
    with writer_lock(tmp_path):
        owner = f"process {os.getpid()} on {socket.gethostname()}"
        assert f"{owner} has been writing to {tmp_path} for 0 s; wait for it to end" == refusal(tmp_path)


def test_the_age_is_counted_from_when_the_lock_was_taken(tmp_path: Path):
    with writer_lock(tmp_path):
        (tmp_path / "lock.owner").write_text('{"owner": "process 7 on far", "taken_at": 0}')
        assert int(refusal(tmp_path).split(" for ")[1].split(" s;")[0]) > 10**9


def test_a_lock_taken_in_the_future_by_the_clock_of_another_machine_has_no_negative_age(tmp_path: Path):
    with writer_lock(tmp_path):
        (tmp_path / "lock.owner").write_text('{"owner": "process 7 on far", "taken_at": 1e12}')
        assert "process 7 on far has been writing" in refusal(tmp_path)
        assert " for 0 s;" in refusal(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"owner": "x"}', b'{"owner": "x", "taken_at": ""}', None]
)
def test_an_owner_that_cannot_be_read_is_another_ingest(tmp_path: Path, content: bytes | None):
    with writer_lock(tmp_path):
        (tmp_path / "lock.owner").unlink()
        if content is not None:
            (tmp_path / "lock.owner").write_bytes(content)
        assert f"another ingest is writing to {tmp_path}; wait for it to end" == refusal(tmp_path)


def test_a_refused_writer_leaves_the_owner_as_it_is(tmp_path: Path):
    with writer_lock(tmp_path):
        before = (tmp_path / "lock.owner").read_bytes()
        refusal(tmp_path)
        assert before == (tmp_path / "lock.owner").read_bytes()


def test_after_the_block_the_lock_is_free_and_nobody_owns_it(tmp_path: Path):
    with writer_lock(tmp_path):
        pass
    with writer_lock(tmp_path):
        pass
    assert {"lock"} == names_in(tmp_path)


def test_an_error_in_the_block_frees_the_lock(tmp_path: Path):
    with pytest.raises(KeyError), writer_lock(tmp_path):
        raise KeyError
    with writer_lock(tmp_path):
        pass


def test_a_lock_of_a_dead_process_does_not_block(tmp_path: Path):
    dead = hold_and_kill(tmp_path)
    with writer_lock(tmp_path):
        owner = (tmp_path / "lock.owner").read_text()
    assert (True, False) == (f"process {os.getpid()} " in owner, f"process {dead} " in owner)


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"), writer_lock(tmp_path / "file"):
        pass
