"""Pages: everything a page of a PDF holds, read in the worker process."""

import re
from dataclasses import dataclass

import pypdfium2 as pdfium

from ingest.loaders.pdf.cells import cell_reader
from ingest.loaders.pdf.grid import Grid, find_grids
from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.lines import read_lines, turn_frame
from ingest.loaders.pdf.ocr import recognise
from ingest.loaders.pdf.shapes import clear_page

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
        frame = page.get_bbox()
        shapes = clear_page(page, frame)
        text_page = page.get_textpage()
        try:
            text = read_lines(text_page, frame)
            grids = [] if text.turns else find_grids(shapes, cell_reader(text_page, text.lines, text.raised))
            text.find_parts([grid.box for grid in grids])
        finally:
            text_page.close()
    finally:
        page.close()
    lines = text.lines
    is_picture = not lines and shapes.picture_share >= _MIN_PICTURE_SHARE
    if lines and not _is_legible(lines):
        lines, grids, is_picture = [], [], True
    return PageContent(index + 1, *turn_frame(frame, text.turns), lines, grids, is_picture)


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
