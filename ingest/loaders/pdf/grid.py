"""Grids: ruled lines of a page to the cells of its tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.shapes import Box, Shapes
from ingest.loaders.writing.tables import Cell

# Lines of one grid meet within this distance; drawing programs leave small gaps.
_SNAP_POINTS = 3.0
_MIN_ROWS = 2
_MIN_COLUMNS = 2
_MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: its place and its rows of cells."""

    box: Box
    rows: list[list[Cell]]


def find_grids(shapes: Shapes, read_box: Callable[[Box], str]) -> list[Grid]:
    """Find tables whose cells are ruled on all sides.

    Args:
        shapes: Ruled lines of the page.
        read_box: Reads the text inside a box, on one line.

    Returns:
        From the top of the page down; frames around text, with fewer than two rows or columns of
        words, are none.
    """
    if len(shapes.across) < _MIN_ROWS or len(shapes.upright) < _MIN_COLUMNS:
        return []
    across, upright = _join(shapes.across, 0), _join(shapes.upright, 1)
    if len(across) + len(upright) > _MAX_LINES:
        return []  # a chart
    grids = [_read(*group, read_box) for group in _groups(across, upright)]
    kept = [grid for grid in grids if grid is not None]
    return sorted(kept, key=lambda grid: -grid.box[3])


def _join(lines: Sequence[Box], along: int) -> list[Box]:
    """Join lines that go on from one another: most programs rule each cell by itself."""
    joined: list[list[float]] = []
    for line in sorted(lines, key=lambda line: (round(line[1 - along] / _SNAP_POINTS), line[along])):
        last = joined[-1] if joined else None
        if (
            last is not None
            and abs(last[1 - along] - line[1 - along]) <= _SNAP_POINTS
            and last[along] - _SNAP_POINTS <= line[along] <= last[along + 2] + _SNAP_POINTS
        ):
            last[along + 2] = max(last[along + 2], line[along + 2])
        else:
            joined.append(list(line))
    return [(left, bottom, right, top) for left, bottom, right, top in joined]


def _groups(across: Sequence[Box], upright: Sequence[Box]) -> list[tuple[list[Box], list[Box]]]:
    """Put lines together that touch each other."""
    lines = [*across, *upright]
    group_of = list(range(len(lines)))

    def root(n: int) -> int:
        while group_of[n] != n:
            group_of[n] = group_of[group_of[n]]
            n = group_of[n]
        return n

    for n, a in enumerate(across):
        for m, b in enumerate(upright, start=len(across)):
            meets_x = a[0] - _SNAP_POINTS <= b[0] <= a[2] + _SNAP_POINTS
            if meets_x and b[1] - _SNAP_POINTS <= a[1] <= b[3] + _SNAP_POINTS:
                group_of[root(n)] = root(m)
    groups: dict[int, tuple[list[Box], list[Box]]] = {}
    for n, line in enumerate(lines):
        rows, columns = groups.setdefault(root(n), ([], []))
        (rows if n < len(across) else columns).append(line)
    return [group for group in groups.values() if len(group[0]) > 1 and len(group[1]) > 1]


def _read(across: list[Box], upright: list[Box], read_box: Callable[[Box], str]) -> Grid | None:
    xs, ys = _snap([line[0] for line in upright]), _snap([line[1] for line in across])[::-1]
    if len(xs) <= _MIN_COLUMNS - 1 or len(ys) <= _MIN_ROWS - 1:
        return None
    # For each rule's place, which gaps between neighbours it lies in.
    is_ruled_below = [_spanned(across, 1, y, 0, xs) for y in ys]
    is_ruled_right = [_spanned(upright, 0, x, 1, ys) for x in xs]
    rows: list[list[Cell]] = []
    taken: set[tuple[int, int]] = set()
    for i in range(len(ys) - 1):
        row: list[Cell] = []
        for j in range(len(xs) - 1):
            if (i, j) in taken:
                continue
            right = j + 1
            while right < len(xs) - 1 and not is_ruled_right[right][i]:
                right += 1
            low = i + 1
            while low < len(ys) - 1 and not any(is_ruled_below[low][j:right]):
                low += 1
            taken.update((a, b) for a in range(i, low) for b in range(j, right))
            words = read_box((xs[j], ys[low], xs[right], ys[i]))
            row.append(Cell(words, low - i, right - j))
        rows.append(row)
    if sum(1 for row in rows if any(cell.words for cell in row)) < _MIN_ROWS:
        return None
    if max((sum(1 for cell in row if cell.words) for row in rows), default=0) < _MIN_COLUMNS:
        return None
    return Grid((xs[0], ys[-1], xs[-1], ys[0]), rows)


def _snap(values: Sequence[float]) -> list[float]:
    """Sort values and take each run of near ones as one."""
    snapped: list[float] = []
    for value in sorted(values):
        if not snapped or value - snapped[-1] > _SNAP_POINTS:
            snapped.append(value)
    return snapped


def _spanned(lines: Sequence[Box], axis: int, at: float, along: int, marks: Sequence[float]) -> list[bool]:
    """Tell for each gap between marks whether one of the lines at a place reaches over its middle."""
    reaches = [
        (line[along] - _SNAP_POINTS, line[along + 2] + _SNAP_POINTS)
        for line in lines
        if abs(line[axis] - at) <= _SNAP_POINTS
    ]
    middles = [(a + b) / 2 for a, b in pairwise(marks)]
    return [any(start <= middle <= end for start, end in reaches) for middle in middles]
