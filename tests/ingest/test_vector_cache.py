import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vector_cache import VectorCache
from knowledge.embedding import Vectors
from scripts.bootstrap import ROOT
from tests.knowledge.conftest import _folder
from tests.knowledge.factories import laws

TEXTS = [f"text {n}" for n in range(40)]
VECTORS = np.random.default_rng(7).normal(size=(40, 64)).astype(np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    cache = VectorCache(tmp_path, "model@1")
    yield cache
    cache.close()


def file_of(folder: Path) -> Path:
    """Find the one file of a cache that was closed."""
    (path,) = folder.glob("*.sqlite")
    return path


def fill(folder: Path) -> Path:
    """Write a cache and close it; give its file."""
    cache = VectorCache(folder, "model@1")
    cache.store(TEXTS, VECTORS)
    cache.close()
    return file_of(folder)


def same(found: list[Vectors | None]) -> list[bool]:
    """Tell of each vector found whether it is the one that was stored."""
    return [vector is not None and bool((vector == VECTORS[n]).all()) for n, vector in enumerate(found)]


def test_what_was_stored_is_found(cache: VectorCache):
    cache.store(TEXTS, VECTORS)
    assert all(same(cache.lookup(TEXTS)))


def test_what_was_not_stored_is_none(cache: VectorCache):
    cache.store(TEXTS[:1], VECTORS[:1])
    assert [True, False] == [vector is not None for vector in cache.lookup(TEXTS[:2])]


def test_nothing_is_stored_and_looked_up_without_harm(cache: VectorCache):
    cache.store([], VECTORS[:0])
    assert [] == cache.lookup([])


def test_a_vector_stored_again_replaces_the_first(cache: VectorCache):
    cache.store(TEXTS[:1], VECTORS[1:2])
    cache.store(TEXTS[:1], VECTORS[:1])
    assert [True] == same(cache.lookup(TEXTS[:1]))


def test_more_texts_than_one_statement_takes_are_looked_up(cache: VectorCache):
    cache.store(TEXTS, VECTORS)
    found = cache.lookup([*TEXTS, *(f"unknown {n}" for n in range(3000))])
    assert 40 == sum(vector is not None for vector in found)


def test_what_was_stored_is_there_after_the_process_ended(tmp_path: Path):
    fill(tmp_path)
    cache = VectorCache(tmp_path, "model@1")
    assert all(same(cache.lookup(TEXTS)))
    cache.close()


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from ingest.vector_cache import VectorCache

VectorCache(Path(sys.argv[1]), "model@1").store(["before"], np.ones((1, 64), dtype=np.float32))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_stored_is_there_after_the_process_was_killed(tmp_path: Path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=ROOT, check=False, timeout=60)
    cache = VectorCache(tmp_path, "model@1")
    (vector,) = cache.lookup(["before"])
    cache.close()
    assert vector is not None


def test_another_embedder_finds_nothing(tmp_path: Path):
    fill(tmp_path)
    cache = VectorCache(tmp_path, "model@2")
    assert [None] == cache.lookup(TEXTS[:1])
    cache.close()


def test_after_clearing_nothing_is_found(cache: VectorCache):
    cache.store(TEXTS, VECTORS)
    cache.clear()
    assert [None] * 40 == cache.lookup(TEXTS)


def test_clearing_gives_the_space_back(tmp_path: Path):
    full = fill(tmp_path).stat().st_size
    cache = VectorCache(tmp_path, "model@1")
    cache.clear()
    cache.close()
    assert file_of(tmp_path).stat().st_size < full


def test_a_cache_that_nobody_uses_writes_nothing(tmp_path: Path):
    VectorCache(tmp_path / "vectors", "model@1").close()
    assert not (tmp_path / "vectors").exists()


@laws
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=30))
def test_whatever_bytes_are_damaged_no_wrong_vector_is_found(damage: list[tuple[float, int]]):
    for folder in _folder():
        path = fill(folder)
        raw = bytearray(path.read_bytes())
        for place, flip in damage:
            raw[int(place * len(raw))] ^= flip
        path.write_bytes(raw)
        cache = VectorCache(folder, "model@1")
        found = cache.lookup(TEXTS)
        cache.close()
        assert [vector is None for vector in found] == [not right for right in same(found)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_short_is_made_anew(tmp_path: Path, share: float):
    path = fill(tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    for _ in range(2):  # the first may only find out that it is broken
        cache = VectorCache(tmp_path, "model@1")
        cache.lookup(TEXTS)
        cache.store(TEXTS, VECTORS)
        cache.close()
    cache = VectorCache(tmp_path, "model@1")
    assert all(same(cache.lookup(TEXTS)))
    cache.close()


def test_a_log_left_beside_a_file_that_is_no_database_goes_with_it(tmp_path: Path):
    path = fill(tmp_path)
    path.write_bytes(b"rubbish" * 1000)
    path.with_name(f"{path.name}-wal").write_bytes(b"rubbish" * 1000)
    cache = VectorCache(tmp_path, "model@1")
    cache.store(TEXTS, VECTORS)
    assert all(same(cache.lookup(TEXTS)))
    cache.close()


def test_a_file_that_another_run_has_locked_is_left_as_it_is(tmp_path: Path):
    first, second = VectorCache(tmp_path, "model@1"), VectorCache(tmp_path, "model@1")
    first.store(TEXTS, VECTORS)
    second.store(TEXTS[:1], VECTORS[:1])
    assert (True, True) == (all(same(first.lookup(TEXTS))), all(same(second.lookup(TEXTS))))
    first.close()
    second.close()


def test_where_the_folder_is_a_file_nothing_is_kept_and_nothing_breaks(tmp_path: Path):
    (tmp_path / "vectors").write_text("a file")
    cache = VectorCache(tmp_path / "vectors", "model@1")
    cache.store(TEXTS, VECTORS)
    cache.clear()
    assert [None] * 40 == cache.lookup(TEXTS)
    cache.close()


# A file may not grow beyond the limit, as on a full disk.
FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from ingest.vector_cache import VectorCache

cache = VectorCache(Path(sys.argv[1]), "model@1")
cache.store(["before"], np.ones((1, 64), dtype=np.float32))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
for n in range(20):
    cache.store([f"text {n} {i}" for i in range(200)], np.ones((200, 64), dtype=np.float32))
print(cache.lookup(["never stored"]) == [None])
cache.clear()
cache.close()
"""


def run_on_full_disk(folder: Path, limit_bytes: int) -> subprocess.CompletedProcess[str]:
    """Use a cache in a process whose files may not grow beyond the limit."""
    command = [sys.executable, "-c", FULL_DISK, folder, str(limit_bytes)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("limit_bytes", [0, 200_000])
def test_a_full_disk_ends_the_cache_and_not_the_run(tmp_path: Path, limit_bytes: int):
    done = run_on_full_disk(tmp_path, limit_bytes)
    assert (0, True) == (done.returncode, done.stdout.rstrip().endswith("True")), done.stderr


def test_what_was_stored_before_the_disk_was_full_is_found_by_the_next_run(tmp_path: Path):
    run_on_full_disk(tmp_path, 0)
    cache = VectorCache(tmp_path, "model@1")
    (vector,) = cache.lookup(["before"])
    cache.close()
    assert vector is not None
