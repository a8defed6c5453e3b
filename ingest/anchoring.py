"""Anchoring: which passages of a document's last revision still stand in the new one."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from knowledge.sentences import sentence_spans

Run = tuple[int, int]
"""First index and index after the last, of stretches that follow each other."""

# Places of a first sentence that are tried. Hardly one in a text has so many; without a bound, a text
# full of "Note." would take quadratic time.
_MAX_PLACES = 64


def anchored_runs(text: str, spans: Sequence[tuple[int, int]], previous: Sequence[str]) -> list[Run]:
    """Find the passages of the last revision that still stand in a text.

    Time grows linearly with the text.

    Args:
        text: The new text.
        spans: (start, end) code-point offsets of the stretches that chunking does not cut, in order;
            they tile the part of the text that is looked at.
        previous: Texts of the passages, in order.

    Returns:
        The stretches that make up each passage found, ascending, without overlap.
    """
    waiting = [passage for passage in previous if passage]
    # From the end first: going forwards alone, a text that stands twice could be found in its second
    # place, and all that lies between would be lost.
    tail = _runs_at_end(text, spans, waiting)
    free = tail[-1][0] if tail else len(spans)
    return [*_runs_before(text, spans[:free], waiting), *reversed(tail)]


def _runs_at_end(text: str, spans: Sequence[tuple[int, int]], waiting: list[str]) -> list[Run]:
    """Take passages off the end of the list as long as they stand one after another."""
    index_at = {start: index for index, (start, _) in enumerate(spans)}
    runs: list[Run] = []
    free = len(spans)
    while waiting and free:
        start = spans[free - 1][1] - len(waiting[-1])
        if start not in index_at or not text.startswith(waiting[-1], start):
            break
        runs.append((index_at[start], free))
        free = index_at[start]
        waiting.pop()
    return runs


def _runs_before(text: str, spans: Sequence[tuple[int, int]], waiting: list[str]) -> list[Run]:
    """Find the passages in order, each in the first place it has."""
    index_after = {end: index + 1 for index, (_, end) in enumerate(spans)}
    places: defaultdict[str, list[int]] = defaultdict(list)
    for index, (start, end) in enumerate(spans):
        places[_first_sentence(text[start:end])].append(index)
    runs: list[Run] = []
    done = 0
    for passage in waiting:
        known = places.get(_first_sentence(passage), [])
        here = bisect_left(known, done)
        for index in known[here : here + _MAX_PLACES]:
            start = spans[index][0]
            after = index_after.get(start + len(passage))
            if after is not None and text.startswith(passage, start):
                runs.append((index, after))
                done = after
                break
    return runs


def _first_sentence(text: str) -> str:
    return text[: sentence_spans(text)[0][1]]
