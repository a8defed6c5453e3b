"""A line of text on a PDF page, and what it is made of."""

from dataclasses import dataclass, field

from ingest.loaders.writing.words import lower_words, raise_words

# Smaller and shifted, close to what it follows: a superscript that cuts a line in the stream.
_SCRIPT_SIZE = 0.9
_MAX_SCRIPT_GAP = 0.4
_SCRIPT_RISES = (0.08, 0.7)


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


def script_after(last: Line, line: Line) -> str | None:
    """How a line is written that is a superscript or subscript of the one before; None if it is none."""
    rise = line.y - last.y_end
    if line.size >= _SCRIPT_SIZE * last.size or not -1.0 <= line.x0 - last.x1 < _MAX_SCRIPT_GAP * line.size:
        return None
    if not _SCRIPT_RISES[0] * last.size < abs(rise) < _SCRIPT_RISES[1] * last.size:
        return None
    return (raise_words if rise > 0 else lower_words)(line.text.strip(), last.text.rstrip())
