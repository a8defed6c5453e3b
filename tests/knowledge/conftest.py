from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made inside


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder in memory where the system has one: every publish waits for the disk."""
    yield from _folder()


@pytest.fixture(scope="module")
def shared_path() -> Iterator[Path]:
    """Give a folder to all tests of a module, for what they only read."""
    yield from _folder()


def _folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)
