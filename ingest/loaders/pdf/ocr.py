"""OCR: the text of pages that are pictures, where the extra `ocr` is installed.

Recognised text has errors that a reader of the picture does not see: it is an extra because it is a
choice. RapidOCR reads Chinese and English and brings its models with it (Apache-2.0). In small English
print it loses the blanks between words; a page with such text counts as one that cannot be read.
"""

import re
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pypdfium2 import PdfPage

from ingest.loaders.pdf.line import Line, Part

Found = tuple[Sequence[Sequence[float]], str, float]
"""What the engine gives for a piece of text: four corners in pixels, the words, how sure it is."""

# 200 dots an inch: below, small print is lost; above, only time.
_SCALE = 200 / 72
# A poster is drawn smaller; the engine would shrink a page of A4 below this by itself and lose blanks.
_MAX_SIDE_PIXELS = 4000
_MIN_SCORE = 0.6
_SAME_ROW_SHARE = 0.5
# Heights of boxes vary with the letters in them; sizes this near to the usual one are the usual one.
_SAME_SIZE_SHARE = 0.3
# Box heights to font sizes.
_FONT_SHARE = 0.75
_FONT = "recognised"
# No word, also no chemical name, is this long on every other line.
_RUN_TOGETHER = re.compile(r"[A-Za-z,.;:'()-]{30,}")
_MAX_RUN_TOGETHER_SHARE = 0.2


def recognise(page: PdfPage) -> list[Line] | None:
    """Recognise the text of a page.

    Returns:
        Lines from the top down, none where words run together; None where the extra is not installed.

    Raises:
        ImportError: The extra is installed and a library that it needs is not.
    """
    engine = _engine()
    if engine is None:
        return None
    scale = min(_SCALE, _MAX_SIDE_PIXELS / max(1.0, *page.get_size()))
    with _more_memory():
        pixels = page.render(scale=scale).to_numpy()
        if pixels.min() == pixels.max():
            return []
        # Without telling which way up: it turns "<80" into "08>".
        found, _ = engine(pixels, use_cls=False)
    left, _, _, top = page.get_bbox()
    lines = lines_of(found or [], left, top, scale)
    return [] if run_together([line.text for line in lines]) else lines


def run_together(texts: Sequence[str]) -> bool:
    """Tell whether recognised lines have lost the blanks between their words."""
    n_chars = sum(len(match) for text in texts for match in _RUN_TOGETHER.findall(text))
    return n_chars > _MAX_RUN_TOGETHER_SHARE * sum(map(len, texts))


def lines_of(found: Sequence[Found], left: float, top: float, scale: float = _SCALE) -> list[Line]:
    """Put recognised pieces on lines; those side by side are parts of one.

    Args:
        found: Pieces of text, corners clockwise from the upper left.
        left: Left edge of the page, in points.
        top: Upper edge of the page, in points.
        scale: Pixels a point.
    """
    pieces = sorted(
        (
            _piece([(left + x / scale, top - y / scale) for x, y in corners], text)
            for corners, text, score in found
            if score >= _MIN_SCORE and text.strip()
        ),
        key=lambda piece: -piece.y,
    )
    sizes = sorted(piece.size for piece in pieces)
    usual = sizes[len(sizes) // 2] if sizes else 0.0
    rows: list[list[Line]] = []
    for piece in pieces:
        if abs(piece.size - usual) <= _SAME_SIZE_SHARE * usual:
            piece.size = usual
        if rows and rows[-1][0].y - piece.y < _SAME_ROW_SHARE * piece.size:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [_line(sorted(row, key=lambda piece: piece.x0)) for row in rows]


def _piece(corners: Sequence[tuple[float, float]], text: str) -> Line:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    size = (max(ys) - min(ys)) * _FONT_SHARE
    baseline = min(ys) + size / 3
    return Line(text.strip(), min(xs), max(xs), baseline, baseline, size, _FONT, True)


def _line(row: Sequence[Line]) -> Line:
    first = row[0]
    if len(row) == 1:
        return first
    parts = [Part(piece.x0, piece.x1, piece.text) for piece in row]
    text = " ".join(piece.text for piece in row)
    return Line(text, first.x0, row[-1].x1, first.y, first.y, first.size, _FONT, True, parts)


@cache
def _engine() -> Any:
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ModuleNotFoundError as error:
        if error.name != "rapidocr_onnxruntime":
            raise
        return None
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, max_side_len=_MAX_SIDE_PIXELS)


@contextmanager
def _more_memory() -> Iterator[None]:
    """Let the engine map far more memory than it uses; then the parser has the room that it had."""
    limit, most = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        yield
        return
    room = limit - _mapped_bytes()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        yield
    finally:
        limit = _mapped_bytes() + room
        resource.setrlimit(
            resource.RLIMIT_AS, (limit if most == resource.RLIM_INFINITY else min(limit, most), most)
        )


def _mapped_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
