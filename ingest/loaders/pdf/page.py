"""Pages: everything a page of a PDF holds, read in the worker process."""

import ctypes
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.grid import Grid, find_grids
from ingest.loaders.pdf.line import Line, Raised
from ingest.loaders.pdf.lines import read_lines
from ingest.loaders.pdf.ocr import recognise
from ingest.loaders.pdf.shapes import Box, clear_page

# Less of a page than this is a logo.
_MIN_PICTURE_SHARE = 0.05
_UNKNOWN = re.compile(r"[\ue000-\uf8ff\ufffd\x00]")
_MAX_UNKNOWN_SHARE = 0.2


@dataclass(slots=True)
class PageContent:
    """A page: its lines and ruled tables; `bottom` and `top` bound it, in points.

    `is_picture` tells that it shows something but has no text that can be read.
    """

    number: int
    bottom: float
    top: float
    lines: list[Line]
    grids: list[Grid]
    is_picture: bool


def read_page(document: pdfium.PdfDocument, index: int) -> PageContent:
    """Read a page; `index` counts from 0.

    Raises:
        pdfium.PdfiumError: The page is broken.
    """
    page = document[index]
    try:
        left, bottom, right, top = frame = page.get_bbox()
        shapes = clear_page(page, frame)
        text_page = page.get_textpage()
        try:
            lines, raised = read_lines(text_page)
            visible = [
                line for line in lines if bottom <= line.y <= top and line.x1 > left and line.x0 < right
            ]
            grids = find_grids(shapes, _box_reader(text_page, visible, raised)) if visible else []
        finally:
            text_page.close()
    finally:
        page.close()
    if visible and not _is_legible(visible):
        visible, grids, is_picture = [], [], True
    else:
        is_picture = not visible and shapes.picture_share >= _MIN_PICTURE_SHARE
    return PageContent(index + 1, bottom, top, visible, grids, is_picture)


def recognise_page(document: pdfium.PdfDocument, content: PageContent) -> bool:
    """Read a page that is a picture by OCR; tells whether that gave any text.

    Raises:
        pdfium.PdfiumError: The page is broken.
    """
    page = document[content.number - 1]
    try:
        content.lines = recognise(page) or []
    finally:
        page.close()
    return bool(content.lines)


def _is_legible(lines: list[Line]) -> bool:
    """Tell whether a page's fonts say which characters they draw."""
    text = "".join(line.text for line in lines)
    return len(_UNKNOWN.findall(text)) <= _MAX_UNKNOWN_SHARE * len(text)


def _box_reader(
    text_page: pdfium.PdfTextPage, lines: list[Line], raised: list[Raised]
) -> Callable[[Box], str]:
    """Make a reader of boxes; its buffer holds all of a page, so that each is searched only once."""
    n_units = 2 * text_page.count_chars() + 1
    buffer = (ctypes.c_ushort * n_units)()
    handle = text_page.raw
    places = [(line.x0, line.x1, line.y + line.size / 4) for line in lines]
    for line in lines:
        if line.y_end != line.y:  # joined by a hyphen: the edges of the two lines are not known
            places.append((line.x0, math.inf, line.y + line.size / 4))
            places.append((-math.inf, line.x1, line.y_end + line.size / 4))

    def read(box: Box) -> str:
        left, bottom, right, top = box
        # Most tables have empty cells, and the search for text looks at every character of the page.
        if not any(x0 < right and x1 > left and bottom <= y <= top for x0, x1, y in places):
            return ""
        n_read = raw.FPDFText_GetBoundedText(handle, left, top, right, bottom, buffer, n_units)
        words = bytes(memoryview(buffer)[:n_read]).decode("utf-16-le", "ignore")
        for mark in raised:
            if left <= mark.x <= right and bottom <= mark.y <= top:
                words = words.replace(mark.before + mark.digits, mark.before + mark.written, 1)
        return " ".join(words.split())

    return read
