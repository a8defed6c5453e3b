"""The process that holds a model; the embedder in it is tested in tests/integration."""

import os
import signal
from concurrent.futures.process import BrokenProcessPool

import pytest

from knowledge.embedding_process import ModelProcess

_prepared: list[str] = []


def prepare(word: str) -> None:
    _prepared.append(word)


def prepared() -> list[str]:
    return _prepared


def test_the_child_is_prepared_and_a_new_one_takes_the_place_of_one_that_died():
    process = ModelProcess(prepare, "word")
    assert ["word"] == process.submit(prepared).result()
    first = process.submit(os.getpid).result()
    with pytest.raises(BrokenProcessPool):
        process.submit(os.kill, first, signal.SIGKILL).result()
    assert (["word"], True) == (
        process.submit(prepared).result(),
        first != process.submit(os.getpid).result(),
    )
    process.close()


def test_a_closed_process_takes_nothing_more():
    process = ModelProcess(prepare, "word")
    process.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        process.submit(os.getpid)
