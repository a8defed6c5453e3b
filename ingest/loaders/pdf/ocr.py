"""OCR: the text of pages that are pictures, where the extra `ocr` is installed.

Recognised text has errors that a reader of the picture does not see: it is an extra because it is a
choice. RapidOCR reads Chinese and English and brings its models with it (Apache-2.0).
"""

import resource
from collections.abc import Sequence
from functools import cache
from typing import Any

from pypdfium2 import PdfPage

from ingest.loaders.pdf.line import Line, Part

Found = tuple[Sequence[Sequence[float]], str, float]
"""What the engine gives for a piece of text: four corners in pixels, the words, how sure it is."""

# 200 dots an inch: below, small print is lost; above, only time.
_SCALE = 200 / 72
_MIN_SCORE = 0.6
_SAME_ROW_SHARE = 0.5
# Heights of boxes vary with the letters in them; sizes this near to the usual one are the usual one.
_SAME_SIZE_SHARE = 0.3
# Box heights to font sizes.
_FONT_SHARE = 0.75
_FONT = "recognised"


def recognise(page: PdfPage) -> list[Line] | None:
    """Recognise the text of a page.

    Returns:
        Lines from the top down; None where the extra is not installed.
    """
    engine = _engine()
    if engine is None:
        return None
    # The engine maps far more memory than it uses.
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # Without telling which way up: it turns "<80" into "08>".
    found, _ = engine(page.render(scale=_SCALE).to_numpy(), use_cls=False)
    left, _, _, top = page.get_bbox()
    return lines_of(found or [], left, top)


def lines_of(found: Sequence[Found], left: float, top: float) -> list[Line]:
    """Put recognised pieces on lines; those side by side are parts of one.

    Args:
        found: Pieces of text, corners clockwise from the upper left.
        left: Left edge of the page, in points.
        top: Upper edge of the page, in points.
    """
    pieces = sorted(
        (
            _piece(corners, text, left, top)
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


def _piece(corners: Sequence[Sequence[float]], text: str, left: float, top: float) -> Line:
    xs, ys = [corner[0] / _SCALE for corner in corners], [corner[1] / _SCALE for corner in corners]
    size = (max(ys) - min(ys)) * _FONT_SHARE
    baseline = top - max(ys) + size / 3
    return Line(text.strip(), left + min(xs), left + max(xs), baseline, baseline, size, _FONT, True)


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
    except ImportError:
        return None
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
