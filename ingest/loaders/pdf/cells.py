"""Cells: the text inside a box of a PDF page."""

import ctypes
import math
import re
from collections.abc import Callable, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.line import Line, Raised
from ingest.loaders.pdf.shapes import Box

# Text may touch the rule beside it.
_TOUCH_POINTS = 2.0

_Place = tuple[float, float, float, str | None]


def cell_reader(
    text_page: pdfium.PdfTextPage, lines: Sequence[Line], raised: Sequence[Raised]
) -> Callable[[Box], str]:
    """Make a reader of boxes.

    Lines that lie in a box as a whole are its text. Only where one runs over the edge, as the cells
    of a row do that are set side by side, pdfium is asked, which looks at every character.
    """
    n_units = 2 * text_page.count_chars() + 1
    buffer = (ctypes.c_ushort * n_units)()
    handle = text_page.raw
    places = [place for line in lines for place in _places(line)]

    def read(box: Box) -> str:
        left, bottom, right, top = box
        inside = [
            place for place in places if bottom <= place[2] <= top and place[0] < right and place[1] > left
        ]
        words = _whole_lines(inside, left - _TOUCH_POINTS, right + _TOUCH_POINTS)
        if words is None or any(left <= mark.x <= right and bottom <= mark.y <= top for mark in raised):
            n_read = raw.FPDFText_GetBoundedText(handle, left, top, right, bottom, buffer, n_units)
            words = bytes(memoryview(buffer)[:n_read]).decode("utf-16-le", "ignore").replace("\x00", "")
            for mark in raised:
                if left <= mark.x <= right and bottom <= mark.y <= top:
                    words = _write_raised(words, mark)
        return " ".join(words.split())

    return read


def _places(line: Line) -> list[_Place]:
    """Left, right, height and text of a line; without text where a hyphen joins two lines to one."""
    y = line.y + line.size / 4
    if line.y_end == line.y:
        return [(line.x0, line.x1, y, line.text)]
    return [(line.x0, math.inf, y, None), (-math.inf, line.x1, line.y_end + line.size / 4, None)]


def _whole_lines(inside: Sequence[_Place], left: float, right: float) -> str | None:
    """Text of lines that lie between two edges as a whole; None when one does not."""
    texts: list[str] = []
    for x0, x1, _, text in inside:
        if text is None or x0 < left or x1 > right:
            return None
        texts.append(text)
    return " ".join(texts)


def _write_raised(words: str, mark: Raised) -> str:
    # The search for text in a box may set a superscript apart by a blank.
    found = re.search(re.escape(mark.before) + r"\s*" + re.escape(mark.digits), words)
    return f"{words[: found.start()]}{mark.before}{mark.written}{words[found.end() :]}" if found else words
