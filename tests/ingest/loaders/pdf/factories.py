"""Small makers of what the reading of a PDF passes on."""

from collections.abc import Callable
from typing import TypeVar

import pypdfium2 as pdfium

from ingest.loaders.pdf.line import Line, Part

Result = TypeVar("Result")


def make_line(
    text: str,
    x0: float = 72,
    y: float = 700,
    width: float | None = None,
    size: float = 12,
    font: str = "Serif",
) -> Line:
    """Make a line; without a width it is as wide as its characters."""
    x1 = x0 + (width if width is not None else len(text) * size / 2)
    return Line(text, x0, x1, y, y, size, font, is_even=True)


def make_lines(*texts: str, x0: float = 72, y: float = 700, pitch: float = 14) -> list[Line]:
    """Make lines one below the other."""
    return [make_line(text, x0, y - n * pitch) for n, text in enumerate(texts)]


def make_row(*cells: str, y: float = 700, left: float = 72, step: float = 150) -> Line:
    """Make a line of parts that begin in steps."""
    parts = [
        Part(left + n * step, left + n * step + 6 * len(cell), cell) for n, cell in enumerate(cells) if cell
    ]
    line = make_line(" ".join(part.text for part in parts), parts[0].x0, y)
    line.x1 = parts[-1].x1
    line.parts = parts if len(parts) > 1 else []
    return line


def with_page(raw: bytes, look: Callable[[pdfium.PdfPage], Result]) -> Result:
    """Open a PDF, look at its first page, close it."""
    document = pdfium.PdfDocument(raw)
    page = document[0]
    try:
        return look(page)
    finally:
        page.close()
        document.close()
