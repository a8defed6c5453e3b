"""Characters: where those of a PDF page stand, and which font they are in."""

import ctypes
import math
import re
from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.loaders.pdf.calls import (
    address_of,
    box_at,
    font_at,
    font_size_at,
    matrix_at,
    origin_at,
    places_in,
)
from ingest.loaders.pdf.line import Line, Part, Raised
from ingest.loaders.writing.words import lower_words, raise_words

SLANTED = 4
"""The direction of lines that are in no quarter turn."""

# Share of a quarter turn; scans are turned by less.
_MAX_SLANT = 0.1
_NO_DIGITS = re.compile(r"[^0-9]*")
_NUMBER = re.compile(r"[-−–+]?\d+")
_NEXT_NUMBER = re.compile(r"[,–-]\d+")
# After these a digit stands alone anyway.
_OPENERS = frozenset(" \t\u00a0([{/")
# Share of the font's size that a baseline must differ by; text on a wavy scan differs by less.
_MIN_RISE = 0.2
# Lines this much wider than most, for their characters, are looked at for gaps.
_WIDE_SPREAD = 1.25
_WIDE_GAP_SIZES = 1.0
_MAX_NAME_BYTES = 128
_BLANKS = re.compile(r"\s+")
_MARK_ONLY = re.compile(r"\W|\(?\w{1,3}[.)]")


class CharacterReader:
    """Reads places and fonts; keeps what the calls write into, for there are thousands of calls."""

    def __init__(self, text_page: pdfium.PdfTextPage) -> None:
        self._page = address_of(text_page.raw)
        self._origin = (ctypes.c_double * 2)()
        self._x, self._y = places_in(self._origin)
        # As pdfium has it: left, right, bottom, top.
        self._box = (ctypes.c_double * 4)()
        self._edges = places_in(self._box)
        self._matrix = raw.FS_MATRIX()
        self._matrix_place = ctypes.addressof(self._matrix)
        self._name = ctypes.create_string_buffer(_MAX_NAME_BYTES)
        self._flags = ctypes.c_int()
        self._name_places = ctypes.addressof(self._name), ctypes.addressof(self._flags)
        self._font = ""
        self.raised: list[Raised] = []

    def line(self, words: str, start: int, first: int, last: int) -> tuple[Line, int]:
        """Read a line between two characters that are no blanks; the direction is in quarter turns, or `SLANTED`."""
        page, matrix = self._page, self._matrix
        # The ends of a line may be an item's number or a superscript.
        middle = (first + last) // 2
        while middle < last and not words[middle - start].isalpha():
            middle += 1
        matrix_at(page, middle, self._matrix_place)
        size = font_size_at(page, middle) * math.hypot(matrix.c, matrix.d)
        origin_at(page, first, self._x, self._y)
        x0, y = self._origin[:]
        box_at(page, last, *self._edges)
        direction, x1, y_end = 0, self._box[1], y
        if matrix.b or matrix.a < 0:
            turns = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
            direction = round(turns) % 4 if abs(turns - round(turns)) < _MAX_SLANT else SLANTED
            left, _, bottom, top = self._box
            x1 = (x1, top, left, bottom, x1)[direction]
        before, self._font = self._font, self._font_at(middle)
        # A line in the font of the line above is taken for even: asking costs as much as the rest.
        is_even = before == self._font or self._font_at(first) == self._font == self._font_at(last)
        if "\ufffe" in words:
            y_end = self._height(last)
        if not _NO_DIGITS.fullmatch(words):
            words = self._mark_raised(words, start, size)
        return Line(words, x0, x1, y, y_end, size, self._font, is_even), direction

    def find_parts(self, lines: Sequence[Line], places: Sequence[tuple[str, int]]) -> None:
        """Cut lines at wide gaps, where they are much wider than their characters make them.

        The lines above and below one with gaps are looked at too: long cells leave little space.
        """
        spreads: dict[str, list[tuple[float, int]]] = {}
        for n, line in enumerate(lines):
            spread = (line.x1 - line.x0) / (len(line.text) * line.size + 1)
            spreads.setdefault(line.font, []).append((spread, n))
        waiting: list[int] = []
        for found in spreads.values():
            usual = sorted(found)[len(found) // 2][0]
            waiting += [n for spread, n in found if spread > _WIDE_SPREAD * usual]
        seen = set(waiting)
        while waiting:
            n = waiting.pop()
            words, first = places[n]
            if " " in words and lines[n].y == lines[n].y_end:
                lines[n].parts = self._parts(words, first, lines[n])
            beside = {n - 1, n + 1} & set(range(len(lines))) - seen if lines[n].parts else set()
            waiting += beside
            seen |= beside

    def _parts(self, words: str, first: int, line: Line) -> list[Part]:
        edges: list[tuple[float, float]] = []
        cuts = [0]
        for match in _BLANKS.finditer(words):
            right, left = self._between(first + match.start() - 1, first + match.end())
            if left - right > _WIDE_GAP_SIZES * line.size and not _MARK_ONLY.fullmatch(
                words[: match.start()]
            ):
                edges.append((right, left))
                cuts.append(match.end())
        if not edges:
            return []
        starts = [line.x0, *(left for _, left in edges)]
        ends = [*(right for right, _ in edges), line.x1]
        texts = [words[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(words)], strict=True)]
        return [
            Part(x0, x1, self._mark_raised(text, first + cut, line.size))
            for x0, x1, text, cut in zip(starts, ends, texts, cuts, strict=True)
        ]

    def _between(self, before: int, after: int) -> tuple[float, float]:
        """Right edge of one character and left edge of another."""
        box_at(self._page, before, *self._edges)
        right = self._box[1]
        box_at(self._page, after, *self._edges)
        return right, self._box[0]

    def _font_at(self, index: int) -> str:
        name, flags = self._name_places
        font_at(self._page, index, name, _MAX_NAME_BYTES, flags)
        return self._name.value.decode("utf-8", "replace")

    def _mark_raised(self, words: str, start: int, size: float) -> str:
        """Write digits above or below the line so that they do not join what stands before them."""
        parts: list[str] = []
        done = 0
        for match in _NUMBER.finditer(words):
            if match.start() < done:
                continue
            begin, shift = self._first_raised(words, start, match, size)
            if begin < 0:
                continue
            end = match.end()
            # A list of references is raised as a whole: "5,6–8".
            while (more := _NEXT_NUMBER.match(words, end)) and not self._rise(
                start + begin, start + more.end() - 1
            ):
                end = more.end()
            before, digits = words[max(0, begin - 20) : begin], words[begin:end]
            written = (raise_words if shift > 0 else lower_words)(digits, before)
            parts += (words[done:begin], written)
            done = end
            origin_at(self._page, start + begin, self._x, self._y)
            x, y = self._origin
            self.raised.append(Raised(x, y, before[-6:], digits, written))
        return "".join([*parts, words[done:]]) if parts else words

    def _first_raised(self, words: str, start: int, match: re.Match[str], size: float) -> tuple[int, float]:
        """Where in a number raised or lowered digits begin, and by how much; -1 when none are."""
        first, last = match.start(), match.end() - 1
        if first and words[first - 1] not in _OPENERS:
            shift = self._rise(start + first - 1, start + first)
            if abs(shift) >= _MIN_RISE * size:
                return first, shift
        if last > first:
            shift = self._rise(start + first, start + last)
            if abs(shift) >= _MIN_RISE * size:
                return next(
                    n for n in range(first + 1, last + 1) if self._is_first(start + n, shift) or n == last
                ), shift
        return -1, 0.0

    def _is_first(self, index: int, shift: float) -> bool:
        return abs(self._rise(index - 1, index)) >= abs(shift) / 4

    def _rise(self, before: int, index: int) -> float:
        y = self._height(before)
        return self._height(index) - y

    def _height(self, index: int) -> float:
        """Height of the baseline under a character."""
        origin_at(self._page, index, self._x, self._y)
        return self._origin[1]
