"""Lines: the text of a PDF page, line by line, with place, size and font."""

from collections import Counter

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.characters import CharacterReader
from ingest.loaders.pdf.line import Line, Raised

_MAX_TINY_POINTS = 1.0


def read_lines(text_page: pdfium.PdfTextPage) -> tuple[list[Line], list[Raised]]:
    """Read the lines of a page in the order of its content stream, and where digits are raised.

    Superscripts among digits are marked; tiny text and the few lines that run across the others
    (watermarks, stamps at the edge) are left out. A page that is turned is turned back.
    """
    reader = CharacterReader(text_page)
    found: list[tuple[Line, int]] = []
    places: list[tuple[str, int]] = []
    start = 0
    for words in _text_of(text_page).split("\r\n"):
        stripped = words.strip()
        if stripped:
            first = start + words.index(stripped[0])
            found.append(reader.line(words, start, first, first + len(stripped) - 1))
            places.append((stripped, first))
        start += len(words) + 2
    n_chars: Counter[int] = Counter()
    for line, direction in found:
        n_chars[direction] += len(line.text)
    upright = n_chars.most_common(1)[0][0] if n_chars else 0
    if not upright:
        reader.find_parts([line for line, _ in found], places)
    lines = [
        _turn(line, upright) if upright else line
        for line, direction in found
        if direction == upright and line.size > _MAX_TINY_POINTS
    ]
    return lines, reader.raised


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
