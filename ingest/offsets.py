"""A text and marks in it that move with every edit."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

Rewrite = Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of the characters from `start` up to `end` (code points)."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text and offsets into it, in code points: the edges of its sections and pages.

    A mark stands between two characters and stays between them. One that stood inside a stretch
    which was replaced goes to the end of the replacement, so that marks in order stay in order.
    """

    text: str
    marks: tuple[int, ...] = ()

    def edited(self, edits: Iterable[Edit]) -> "MarkedText":
        """Make all edits at once.

        Args:
            edits: In order of their offsets, which all refer to the text as it is now.

        Returns:
            The edited text with its marks moved.

        Raises:
            ValueError: Two edits overlap, are out of order, or lie outside the text.
        """
        wanted = [edit for edit in edits if self.text[edit.start : edit.end] != edit.text]
        if not wanted:
            return self
        kept = _gaps(wanted, len(self.text))
        pieces = [self.text[kept[0][0] : kept[0][1]]]
        for edit, (start, end) in zip(wanted, kept[1:], strict=True):
            pieces += (edit.text, self.text[start:end])
        ends = [edit.end for edit in wanted]
        shifts = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in wanted)]

        def moved(mark: int) -> int:
            n_before = bisect_right(ends, mark)
            if n_before < len(wanted) and wanted[n_before].start < mark:
                return ends[n_before] + shifts[n_before + 1]
            return mark + shifts[n_before]

        return MarkedText("".join(pieces), tuple(map(moved, self.marks)))

    def rewritten(self, pattern: re.Pattern[str], rewrite: Rewrite | str) -> "MarkedText":
        """Replace every match of a pattern by a fixed text or by what `rewrite` makes of it."""
        make = rewrite if callable(rewrite) else lambda _: rewrite
        return self.edited(Edit(m.start(), m.end(), make(m)) for m in pattern.finditer(self.text))


def _gaps(edits: list[Edit], length: int) -> list[tuple[int, int]]:
    """List the stretches that no edit touches: one before each edit and one after the last."""
    edges = [0, *(edge for edit in edits for edge in (edit.start, edit.end)), length]
    if any(left > right for left, right in pairwise(edges)):
        raise ValueError(f"edits overlap, are out of order or leave the text of {length} characters")
    return list(zip(edges[::2], edges[1::2], strict=True))
