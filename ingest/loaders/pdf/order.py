"""Reading order: columns one after the other where the content stream mixes them."""

from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.line import Line

# White space this wide through all lines parts two columns.
_GUTTER_POINTS = 8.0
_MAX_DEPTH = 12
_JUMP_SIZES = 0.8
_MAX_JUMP_SHARE = 0.04


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Give lines in reading order.

    The content stream is kept when it runs down the page column by column, as most do; a stream
    that jumps back is cut into columns and rows by the white space between them (XY-cut: Nagy and
    Seth, "Hierarchical representation of optically scanned documents", ICPR 1984).
    """
    jumps = sum(
        1
        for last, line in pairwise(lines)
        # Up the page and not to the column on the right, or back to the one on the left.
        if (line.y > last.y + _JUMP_SIZES * line.size and line.x0 < (last.x0 + last.x1) / 2)
        or (line.y < last.y and line.x1 <= last.x0)
    )
    if jumps <= max(1, _MAX_JUMP_SHARE * len(lines)):
        return list(lines)
    return _cut(list(lines), 0)


def _cut(lines: list[Line], depth: int) -> list[Line]:
    if len(lines) < 2 or depth > _MAX_DEPTH:
        return sorted(lines, key=lambda line: (-line.y, line.x0))
    columns = _part(lines, [(line.x0, line.x1) for line in lines], _GUTTER_POINTS)
    if len(columns) > 1:
        return [line for column in columns for line in _cut(column, depth + 1)]
    spans = [(-line.y - 0.8 * line.size, -line.y + 0.2 * line.size) for line in lines]
    rows = _part(lines, spans, 0.0)
    if len(rows) == 1:
        return sorted(lines, key=lambda line: (-line.y, line.x0))
    return _join_columns(rows, depth)


def _join_columns(rows: list[list[Line]], depth: int) -> list[Line]:
    """Cut rows again in runs that share a gutter, so that columns are read down, not across."""
    ordered: list[Line] = []
    run: list[Line] = []
    for row in rows:
        together = run + row
        if run and len(_part(together, [(line.x0, line.x1) for line in together], _GUTTER_POINTS)) > 1:
            run = together
            continue
        ordered += _cut_run(run, depth)
        run = row
    return ordered + _cut_run(run, depth)


def _cut_run(run: list[Line], depth: int) -> list[Line]:
    return _cut(run, depth + 1) if run else []


def _part(lines: Sequence[Line], spans: Sequence[tuple[float, float]], gap: float) -> list[list[Line]]:
    """Part lines where no span covers a stretch longer than the gap; in order of the spans."""
    order = sorted(range(len(lines)), key=lambda n: spans[n])
    parts: list[list[Line]] = []
    reach = float("-inf")
    for n in order:
        if not parts or spans[n][0] > reach + gap:
            parts.append([])
        parts[-1].append(lines[n])
        reach = max(reach, spans[n][1])
    return parts
