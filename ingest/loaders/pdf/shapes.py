"""Shapes: what the objects of a PDF page are, before its text is read.

One walk over the objects takes out text that no reader sees, and collects ruled lines and pictures.
Objects are known by their addresses: the wrapper's would cost more than the reading of the text.
"""

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from ingest.loaders.pdf.calls import (
    address_of,
    bounds_of,
    fill_of,
    kind_of,
    mode_of,
    object_at,
    part_at,
    places_in,
)

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points, from the page's lower left corner."""
Place = tuple[float, float, float, float, float, float]
"""A PDF matrix: x' = a·x + c·y + e, y' = b·x + d·y + f."""

# Text of one point cannot be read.
_MAX_TINY_POINTS = 1.0
_WHITE = 250
# Lines are drawn as strokes or as thin boxes.
_MAX_RULE_POINTS = 2.5
_MIN_RULE_POINTS = 8.0
# Smaller than a cell: a tick box, a part of a drawing.
_MIN_BOX_POINTS = 14.0
# A box is drawn by four or five steps of the pen.
_BOX_SEGMENTS = (4, 5)
_MAX_SEGMENTS = 2_000
_MAX_DEPTH = 8
_IDENTITY: Place = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_DRAWING_SCALE = 0.5
_MAX_DRAWING_PIXELS = 4000
# A picture of half the page behind invisible text is a scan with its recognised text.
_SCAN_SHARE = 0.5
_TEXT = pdfium.FPDF_PAGEOBJ_TEXT
_INVISIBLE = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)


@dataclass(slots=True)
class Shapes:
    """The ruled lines of a page, each a thin box, and the share of it that pictures cover."""

    across: list[Box] = field(default_factory=list)
    upright: list[Box] = field(default_factory=list)
    picture_share: float = 0.0
    dark: list[Box] = field(default_factory=list)
    n_hidden: int = 0


class _Walk:
    def __init__(self, area: float) -> None:
        self._area = max(1.0, area)
        self._bounds = (ctypes.c_float * 4)()
        self._bounds_places = places_in(self._bounds)
        self._colour = (ctypes.c_uint * 4)()
        self._colour_places = places_in(self._colour)
        self._matrix = pdfium.FS_MATRIX()
        self._place = _IDENTITY
        self.shapes = Shapes()
        # Suspects are judged at the end, when everything that may lie behind them is known.
        self.white: list[tuple[int, int, Box]] = []
        self.invisible: list[tuple[int, int]] = []

    def visit(self, owner: int, items: Iterable[int], depth: int) -> None:
        """Look at the objects of the page or of a form on it; most are text that is seen."""
        colour = self._colour
        red, green, blue, alpha = self._colour_places
        for item in items:
            kind = kind_of(item)
            if kind != _TEXT:
                self._visit_shape(item, kind, depth)
            elif mode_of(item) in _INVISIBLE:
                self.invisible.append((owner, item))
            # Without a colour of its own text is black.
            elif fill_of(item, red, green, blue, alpha):
                if not colour[3]:
                    self.invisible.append((owner, item))
                elif colour[0] >= _WHITE and min(colour[1], colour[2]) >= _WHITE:
                    self.white.append((owner, item, self.bounds(item)))

    def _visit_shape(self, item: int, kind: int, depth: int) -> None:
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            self._visit_path(item)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = box = self.bounds(item)
            self.shapes.picture_share += max(0.0, right - left) * max(0.0, top - bottom) / self._area
            self.shapes.dark.append(box)
        elif kind == pdfium.FPDF_PAGEOBJ_SHADING:
            self.shapes.dark.append(self.bounds(item))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            outer = self._place
            handle = _handle(item)
            pdfium.FPDFPageObj_GetMatrix(handle, self._matrix)
            self._place = _compose(self._matrix, outer)
            n_items = pdfium.FPDFFormObj_CountObjects(handle)
            self.visit(item, [part_at(item, n) for n in range(n_items)], depth + 1)
            self._place = outer

    def bounds(self, item: int) -> Box:
        """Bounds of an object on the page; those of a form's parts are the form's own."""
        bounds_of(item, *self._bounds_places)
        left, bottom, right, top = self._bounds[:]
        box = left, bottom, right, top
        return box if self._place == _IDENTITY else _moved(box, self._place)

    def _visit_path(self, item: int) -> None:
        left, bottom, right, top = box = self.bounds(item)
        width, height = right - left, top - bottom
        if width < _MIN_BOX_POINTS and height < _MIN_BOX_POINTS:
            return
        if width <= _MAX_RULE_POINTS or height <= _MAX_RULE_POINTS:
            _add_rule(box, self.shapes)
            return
        mode, stroke, handle = ctypes.c_int(), ctypes.c_int(), _handle(item)
        pdfium.FPDFPath_GetDrawMode(handle, mode, stroke)
        is_filled = bool(mode.value and fill_of(item, *self._colour_places))
        *channels, alpha = self._colour
        if is_filled and alpha and min(channels) < _WHITE:
            self.shapes.dark.append(box)
        n_segments = pdfium.FPDFPath_CountSegments(handle) if stroke.value else 0
        if _BOX_SEGMENTS[0] <= n_segments <= _BOX_SEGMENTS[1]:
            self.shapes.across += [(left, y, right, y) for y in (bottom, top)]
            self.shapes.upright += [(x, bottom, x, top) for x in (left, right)]
        elif _BOX_SEGMENTS[1] < n_segments <= _MAX_SEGMENTS and self._place == _IDENTITY:
            self._visit_segments(handle, n_segments)

    def _visit_segments(self, path: object, n_segments: int) -> None:
        """Read a grid that is drawn as one path of many lines."""
        x, y = ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFPageObj_GetMatrix(path, self._matrix)
        m = self._matrix
        before: tuple[float, float] | None = None
        for n in range(n_segments):
            segment = pdfium.FPDFPath_GetPathSegment(path, n)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            here = (m.a * x.value + m.c * y.value + m.e, m.b * x.value + m.d * y.value + m.f)
            if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_LINETO and before:
                xs, ys = sorted((before[0], here[0])), sorted((before[1], here[1]))
                _add_rule((xs[0], ys[0], xs[1], ys[1]), self.shapes)
            before = here


def clear_page(page: PdfPage, frame: Box) -> Shapes:
    """Take hidden text out of a page and describe its other objects.

    Hidden are text drawn invisibly (unless it is the recognised text of a scan), without opacity,
    or in white on white. Text of one point is left to the reading of lines, which knows its size.

    Args:
        page: The page; its text must not have been loaded yet.
        frame: The visible part of the page.
    """
    handle = address_of(page.raw)
    walk = _Walk((frame[2] - frame[0]) * (frame[3] - frame[1]))
    n_items = pdfium.FPDFPage_CountObjects(page)
    walk.visit(handle, [object_at(handle, n) for n in range(n_items)], 0)
    hidden = [] if walk.shapes.picture_share >= _SCAN_SHARE else walk.invisible
    suspects = [
        suspect
        for suspect in walk.white
        if not any(_covers(behind, suspect[2]) for behind in walk.shapes.dark)
    ]
    if suspects:
        is_blank = _blank_finder(page, frame, [box for _, _, box in suspects])
        hidden += [(owner, item) for owner, item, box in suspects if is_blank(box)]
    for owner, item in hidden:
        is_removed = (
            pdfium.FPDFPage_RemoveObject(page, _handle(item))
            if owner == handle
            else pdfium.FPDFFormObj_RemoveObject(_handle(owner), _handle(item))
        )
        if is_removed:
            pdfium.FPDFPageObj_Destroy(_handle(item))
    walk.shapes.n_hidden = len(hidden)
    return walk.shapes


def _blank_finder(page: PdfPage, frame: Box, boxes: Sequence[Box]) -> Callable[[Box], bool]:
    """Draw the part of a page that holds some boxes, to see whether there is anything but white.

    Only drawing tells what patterns, masks and blending make of a place.
    """
    left, bottom, right, top = frame
    scale = min(_DRAWING_SCALE, _MAX_DRAWING_PIXELS / max(right - left, top - bottom))
    # A viewer turns the page; boxes are where it was before.
    page.set_rotation(0)
    x0, y0 = max(left, min(box[0] for box in boxes) - 2), max(bottom, min(box[1] for box in boxes) - 2)
    x1, y1 = min(right, max(box[2] for box in boxes) + 2), min(top, max(box[3] for box in boxes) + 2)
    if x1 - x0 < 1 / scale or y1 - y0 < 1 / scale:
        return lambda box: True  # outside the page
    bitmap = page.render(
        scale=scale, crop=(x0 - left, y0 - bottom, right - x1, top - y1), grayscale=True, may_draw_forms=False
    )
    pixels = bitmap.to_numpy().reshape(bitmap.height, bitmap.width, -1)

    def is_blank(box: Box) -> bool:
        columns = [max(0, round((x - x0) * scale)) for x in (box[0], box[2])]
        rows = [max(0, round((y1 - y) * scale)) for y in (box[3], box[1])]
        part = pixels[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
        return bool(part.size == 0 or part.min() >= _WHITE)

    return is_blank


def _handle(item: int) -> object:
    return ctypes.cast(item, pdfium.FPDF_PAGEOBJECT)


def _compose(matrix: pdfium.FS_MATRIX, outer: Place) -> Place:
    a, b, c, d, e, f = matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _moved(box: Box, place: Place) -> Box:
    a, b, c, d, e, f = place
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _add_rule(box: Box, shapes: Shapes) -> None:
    """Add a line, or a thin box that is drawn for one, if it runs along the page or down it."""
    left, bottom, right, top = box
    if top - bottom <= _MAX_RULE_POINTS and right - left >= _MIN_RULE_POINTS:
        y = (bottom + top) / 2
        shapes.across.append((left, y, right, y))
    elif right - left <= _MAX_RULE_POINTS and top - bottom >= _MIN_RULE_POINTS:
        x = (left + right) / 2
        shapes.upright.append((x, bottom, x, top))


def _covers(behind: Box, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return behind[0] <= x <= behind[2] and behind[1] <= y <= behind[3]
