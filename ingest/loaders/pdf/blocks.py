"""Blocks: the lines of a PDF page to paragraphs, list items and tables in reading order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ingest.loaders.pdf.aligned import runs_of_rows, split_columns
from ingest.loaders.pdf.grid import Grid
from ingest.loaders.pdf.line import Line, script_after
from ingest.loaders.pdf.lines import lies_in
from ingest.loaders.pdf.order import in_reading_order
from ingest.loaders.writing.tables import lay_out

Kind = Literal["text", "item", "table"]

_ITEM = re.compile(
    r"\s*(?:[•●○▪■◦‣·∙➢✓❖]\s*|[\ue000-\uf8ff]\s+|[-–—*]\s+(?=\S)|(?P<number>\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s+(?=\S))"
)
_NUMBERED = re.compile(r"\d{1,2}[.)]$")
# A gap between baselines this much larger than the usual one begins a paragraph.
_PARAGRAPH_GAP = 1.35
_MAX_GAP_SIZES = 2.2
_INDENT_SIZES = 0.9
_SIZE_SHARE = 0.06
_SAME_ROW_SIZES = 0.35
# Unjustified lines end this much before the edge of their column.
_RAGGED_SHARE = 0.1
_LONG_SHARE = 0.7
_STOPS = frozenset(".:;!?。：；！？")
_ITALICS = re.compile(
    r"^[A-Z]{6}\+|[-,]?(?:italic|oblique|regular|roman|it)\b|(?<=bold)(?:italic|oblique)", re.IGNORECASE
)
# Narrower than any column of prose: the lines of a list or small table.
_NARROW_SIZES = 10
_URL_END = re.compile(r"(?:https?://|www\.)\S*[./_?&=]$")


@dataclass(slots=True)
class Block:
    """A paragraph, list item or table of a page.

    `goes_on` tells that the last line is full, so that the next block may be its continuation;
    `is_even` that all of it is in one font. A table has `rows` instead of text.
    """

    kind: Kind
    text: str = ""
    size: float = 0.0
    font: str = ""
    is_even: bool = True
    goes_on: bool = False
    mark: str = "-"
    rows: list[list[str]] = field(default_factory=list)


def make_blocks(lines: Sequence[Line], grids: Sequence[Grid]) -> list[Block]:
    """Join lines to blocks, each grid a table in the place of its lines.

    Lines are joined where the next word would not have fit on the line; where it would have, the
    break was meant (a row of a table without rules, an address) and is kept.
    """
    boxes = [grid.box for grid in grids]
    free = split_columns([line for line in lines if not lies_in(line, boxes)] if boxes else lines)
    ordered = in_reading_order(_merge_rows(free))
    edges = _Edges(ordered)
    blocks: list[Block] = []
    waiting = list(grids)
    group: list[Line] = []
    for run, rows in runs_of_rows(ordered):
        due = [grid for grid in waiting if _is_below(run[0], grid)]
        if due or rows or (group and _begins_block(group, run[0], edges)):
            blocks += _close(group, edges)
            group = []
        for grid in due:
            blocks.append(Block("table", rows=lay_out(grid.rows)))
            waiting.remove(grid)
        if rows:
            blocks.append(Block("table", rows=rows))
        else:
            group += run
    blocks += _close(group, edges)
    return blocks + [Block("table", rows=lay_out(grid.rows)) for grid in waiting]


class _Edges:
    """The right edge that lines of a column reach, by where they begin."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = [(line.x0, line.x1) for line in lines]

    def right_of(self, group: Sequence[Line]) -> float:
        """Largest right end among the lines that begin within this group's width."""
        left, right = min(line.x0 for line in group), max(line.x1 for line in group)
        if len(group) > 2:
            return right
        middle = (left + right) / 2
        return max((x1 for x0, x1 in self._lines if left - 20 <= x0 <= middle and x0 < right), default=right)


def _is_below(line: Line, grid: Grid) -> bool:
    return line.x0 < grid.box[2] and line.x1 > grid.box[0] and line.y < grid.box[1]


def _merge_rows(lines: Sequence[Line]) -> list[Line]:
    """Join what stands side by side: a superscript cuts a line in the stream."""
    merged: list[Line] = []
    for line in lines:
        last = merged[-1] if merged else None
        joined = _joined(last, line) if last is not None else None
        if last is not None and joined is not None:
            last.text, last.x1, last.parts = joined, line.x1, []
            last.is_even = last.is_even and last.font == line.font
        else:
            merged.append(line)
    return merged


def _joined(last: Line, line: Line) -> str | None:
    """Text of two lines that are one, the second raised or lowered if it is; None when they are two."""
    gap, rise = line.x0 - last.x1, line.y - last.y_end
    if not -1.0 <= gap < 2 * line.size:
        return None
    script = script_after(last, line)
    if script is not None:
        return last.text.rstrip() + script
    if abs(rise) >= _SAME_ROW_SIZES * max(last.size, line.size):
        return None
    is_apart = gap > 0.2 * line.size and not last.text[-1:].isspace() and not line.text[:1].isspace()
    return last.text + (" " if is_apart else "") + line.text


def _begins_block(group: Sequence[Line], line: Line, edges: _Edges) -> bool:
    last, first = group[-1], group[0]
    drop = last.y_end - line.y
    if abs(line.size - last.size) > _SIZE_SHARE * last.size:
        return True
    item = _ITEM.match(line.text)
    if item and not (item["number"] and _runs_on(last, line, edges.right_of([last]))):
        return True
    if drop <= 0 or drop > _MAX_GAP_SIZES * last.size:
        return True
    if len(group) > 1 and drop > _PARAGRAPH_GAP * (group[-2].y_end - last.y):
        return True
    if (
        line.is_even
        and last.is_even
        and _changes_face(last.font, line.font)
        and not line.text.lstrip()[:1].islower()
    ):
        return True
    indent = _INDENT_SIZES * line.size
    if _ITEM.match(first.text):
        return line.x0 < first.x0 - indent
    # A first line that is indented, or a line that goes back to the margin of a hanging one.
    is_indented = line.x0 > last.x0 + indent and (len(group) > 1 or line.x1 < last.x1 + indent)
    return is_indented and line.x0 > min(other.x0 for other in group) + indent


def _runs_on(last: Line, line: Line, right: float) -> bool:
    """Tell whether "2)" at the start of a line is part of a sentence that runs on."""
    is_long = last.x1 > last.x0 + _LONG_SHARE * (right - last.x0)
    return is_long and abs(line.x0 - last.x0) < line.size / 2 and last.text.rstrip()[-1:] not in _STOPS


def _changes_face(before: str, after: str) -> bool:
    """Tell whether fonts differ by more than italics, which only stress a phrase."""
    return before != after and _ITALICS.sub("", before) != _ITALICS.sub("", after)


def _close(group: Sequence[Line], edges: _Edges) -> list[Block]:
    if not group:
        return []
    left, right = min(line.x0 for line in group), edges.right_of(group)
    text = group[0].text.strip()
    for last, line in pairwise(group):
        text += _glue(last, line, left, right) + line.text.strip()
    first, end = group[0], group[-1]
    match = _ITEM.match(text)
    block = Block("text", text, _size(group), end.font)
    block.is_even = first.is_even and all(line.is_even and line.font == end.font for line in group)
    block.goes_on = end.x1 > right - 4 * end.size
    if match and match.end() < len(text):
        number = match.group().strip()
        block.kind = "item"
        block.mark = number if _NUMBERED.match(number) else "-"
        # Letters and Roman numbers stay: other text refers to them.
        block.text = text if match["number"] and block.mark == "-" else text[match.end() :]
    return [block]


def _glue(last: Line, line: Line, left: float, right: float) -> str:
    """What joins two lines: nothing, a blank, or a line break that was meant."""
    end, start = last.text.rstrip(), line.text.lstrip()
    if end.endswith(("/", "-", "\ufffe")) or _URL_END.search(end):
        return ""
    if _is_cjk(end[-1:]) and _is_cjk(start[:1]):
        return "" if last.x1 + 2.5 * line.size > right else "\n"
    if start[:1].islower():
        return " "
    if right - left < _NARROW_SIZES * line.size:
        return "\n"
    first_word = len(start.split(maxsplit=1)[0]) if start else 0
    reach = last.x1 + (first_word + 1) * (line.x1 - line.x0) / max(1, len(start))
    return " " if reach + _RAGGED_SHARE * (right - left) > right else "\n"


def _is_cjk(text: str) -> bool:
    return "\u2e80" <= text <= "\uffef"


def _size(group: Sequence[Line]) -> float:
    return max(group, key=lambda line: len(line.text)).size
