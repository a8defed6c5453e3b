"""Windows of passages: what each has to embed, and what it takes from others."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.vector_cache import VectorCache
from ingest.windows import Window, Windows
from knowledge.embedding import Vectors
from knowledge.passage import Passage
from tests.knowledge.factories import make_passage


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    cache = VectorCache(tmp_path, "model@1")
    yield cache
    cache.close()


@pytest.fixture
def windows(cache: VectorCache) -> Windows:
    return Windows(cache)


def passages(*texts: str) -> list[Passage]:
    return [make_passage(text, n) for n, text in enumerate(texts)]


def texts_of(window: Window) -> list[str]:
    """Name the texts that a window has to embed, without their context."""
    return [text.partition("\n")[2] for text in window.missing]


def vectors(*firsts: float) -> Vectors:
    """Make vectors that are told by their first number."""
    return np.array([[first, 0.0] for first in firsts], dtype=np.float32).reshape(len(firsts), 2)


def firsts(dense: Vectors) -> list[float]:
    return dense[:, 0].tolist()


def known(text: str, first: float) -> dict[str, Vectors]:
    return {make_passage(text).embedded_text: vectors(first)[0]}


def test_a_text_that_stands_twice_in_a_window_is_embedded_once(windows: Windows):
    window = windows.open(passages("a", "b", "a"))
    assert (["a", "b"], [1, 2, 1]) == (texts_of(window), firsts(windows.close(window, vectors(1, 2))))


def test_a_text_of_a_closed_window_is_not_embedded_again(windows: Windows):
    windows.close(windows.open(passages("a")), vectors(1))
    window = windows.open(passages("a", "b"))
    assert (["b"], [1, 2]) == (texts_of(window), firsts(windows.close(window, vectors(2))))


def test_a_text_that_an_open_window_embeds_is_not_embedded_again(windows: Windows):
    first, second = windows.open(passages("a")), windows.open(passages("a", "b"))
    windows.close(first, vectors(1))
    assert (["b"], [1, 2]) == (texts_of(second), firsts(windows.close(second, vectors(2))))


def test_windows_that_are_closed_out_of_order_are_a_fault(windows: Windows):
    windows.open(passages("a"))
    second = windows.open(passages("a"))
    with pytest.raises(ValueError, match="order of opening"):
        windows.close(second, vectors())


def test_a_vector_of_an_older_revision_is_taken(windows: Windows):
    windows.remember(known("a", 7))
    window = windows.open(passages("a"))
    assert ([], [7]) == (texts_of(window), firsts(windows.close(window, vectors())))


def test_a_vector_that_is_remembered_while_a_window_embeds_its_text_is_taken_from_then_on(
    windows: Windows, cache: VectorCache
):
    first = windows.open(passages("a"))
    windows.remember(known("a", 7))
    second = windows.open(passages("a"))
    dense = [firsts(windows.close(first, vectors(1))), firsts(windows.close(second, vectors()))]
    assert ([[1], [7]], 7) == (dense, float(cache.lookup(list(first.missing))[0][0]))


def test_a_closed_window_leaves_its_vectors_in_the_cache(windows: Windows, cache: VectorCache):
    window = windows.open(passages("a", "b"))
    windows.close(window, vectors(1, 2))
    assert [1, 2] == [float(vector[0]) for vector in cache.lookup(list(window.missing))]
