"""Lines: the text of a PDF page, line by line, with place, size and font."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.characters import CharacterReader
from ingest.loaders.pdf.line import Line, Raised, script_after
from ingest.loaders.pdf.shapes import Box

_MAX_TINY_POINTS = 1.0


@dataclass(slots=True)
class PageText:
    """The lines of a page in the order of its content stream, and where digits are raised in them.

    `turns` is the number of quarter turns by which the page is turned; its lines are turned back.
    """

    lines: list[Line]
    raised: list[Raised]
    turns: int
    reader: CharacterReader
    places: list[tuple[str, int]]

    def find_parts(self, boxes: Sequence[Box]) -> None:
        """Cut lines at wide gaps, except those in boxes, which are tables already."""
        if self.turns:
            return
        free = (
            [n for n, line in enumerate(self.lines) if not lies_in(line, boxes)]
            if boxes
            else range(len(self.lines))
        )
        self.reader.find_parts([self.lines[n] for n in free], [self.places[n] for n in free])


def read_lines(text_page: pdfium.PdfTextPage, frame: Box) -> PageText:
    """Read the lines of a page.

    Superscripts among digits are marked. Tiny text, text outside the page and the few lines that
    run across the others (watermarks, stamps at the edge) are left out.

    Args:
        text_page: The text of the page.
        frame: The visible part of the page.
    """
    reader = CharacterReader(text_page)
    found: list[tuple[Line, int, tuple[str, int]]] = []
    start = 0
    for words in _text_of(text_page).split("\r\n"):
        stripped = words.strip()
        if stripped:
            first = start + words.index(stripped[0])
            line, direction = reader.line(words, start, first, first + len(stripped) - 1)
            if line.size > _MAX_TINY_POINTS and _is_inside(line, direction, frame):
                found.append((line, direction, (stripped, first)))
        start += len(words) + 2
    n_chars: Counter[int] = Counter()
    for line, direction, _ in found:
        n_chars[direction] += len(line.text)
    turns = n_chars.most_common(1)[0][0] if n_chars else 0
    kept = [(line, place) for line, direction, place in found if direction == turns]
    lines = [_turn(line, turns) if turns else line for line, _ in kept]
    raised = [
        Raised(line.x0, line.y, last.text.rstrip()[-6:], line.text.strip(), script)
        for last, line in pairwise(lines)
        if (script := script_after(last, line)) is not None
    ]
    return PageText(lines, reader.raised + raised, turns, reader, [place for _, place in kept])


def lies_in(line: Line, boxes: Sequence[Box]) -> bool:
    """Tell whether a line begins in one of several boxes."""
    x, y = min(line.x0 + line.size, (line.x0 + line.x1) / 2), line.y + line.size / 4
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in boxes)


def turn_frame(frame: Box, quarter_turns: int) -> tuple[float, float]:
    """Bottom and top of a page whose lines have been turned back."""
    left, bottom, right, top = frame
    return ((bottom, top), (-right, -left), (-top, -bottom), (left, right), (bottom, top))[quarter_turns]


def _is_inside(line: Line, direction: int, frame: Box) -> bool:
    left, bottom, right, top = frame
    end = line.x0 if direction else line.x1
    return bottom <= line.y <= top and end > left and line.x0 < right


def _text_of(text_page: pdfium.PdfTextPage) -> str:
    """Read the text of a page so that offsets in it are pdfium's character indexes."""
    text: str = text_page.get_text_range()
    n_chars = text_page.count_chars()
    if len(text) != n_chars:
        # Characters beyond the basic plane, or without any code: read one by one.
        codes = (raw.FPDFText_GetUnicode(text_page.raw, n) for n in range(n_chars))
        text = "".join(
            chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd" for code in codes
        )
    return text


def _turn(line: Line, quarter_turns: int) -> Line:
    if quarter_turns == 1:
        line.x0, line.y, line.y_end = line.y, -line.x0, -line.x0
    elif quarter_turns == 2:
        line.x0, line.x1, line.y, line.y_end = -line.x0, -line.x1, -line.y, -line.y_end
    elif quarter_turns == 3:
        line.x0, line.x1, line.y, line.y_end = -line.y, -line.x1, line.x0, line.x0
    return line
