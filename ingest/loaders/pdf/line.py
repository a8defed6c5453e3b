"""A line of text on a PDF page, and what it is made of."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """A line of text: `x0` to `x1` on the baseline `y`, in points from the lower left corner.

    Where a hyphen joins two lines to one (as U+FFFE), `x1` and `y_end` are the second's. `font` is
    the font in the middle, `is_even` tells that both ends have the same; `size` is its height as
    drawn.
    """

    text: str
    x0: float
    x1: float
    y: float
    y_end: float
    size: float
    font: str
    is_even: bool
    parts: list["Part"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line between gaps that are wider than blanks: a cell of a table without rules."""

    x0: float
    x1: float
    text: str


@dataclass(frozen=True, slots=True)
class Raised:
    """Digits that stand above or below the line: the text before them, they, how they are written."""

    x: float
    y: float
    before: str
    digits: str
    written: str
