"""Aligned text: tables without rules, and columns that the stream runs across."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.loaders.pdf.line import Line, Part

_MIN_ROWS = 3
_MAX_DROP_SIZES = 2.6
# Parts this long on average are lines of two columns, not cells.
_PROSE_CHARS = 30


def runs_of_rows(lines: Sequence[Line]) -> Iterator[tuple[list[Line], list[list[str]]]]:
    """Cut lines into runs: tables without rules with their rows, and all others with none.

    A table is three or more lines in a row that have gaps in the same places. Lines between them
    that lie in one column belong to it: the name of a group, or the rest of a cell.
    """
    start = 0
    while start < len(lines):
        end = _end_of_run(lines, start)
        run = list(lines[start:end])
        rows = _rows(run) if end - start >= _MIN_ROWS else []
        if rows:
            yield run, rows
        else:
            end = start + 1 if not rows and end > start else end
            yield list(lines[start:end]), []
        start = end


def split_columns(lines: Sequence[Line]) -> list[Line]:
    """Cut lines that run across two columns of prose into a line for each column."""
    wide = [line for line in lines if len(line.parts) == 2]
    if len(wide) < _MIN_ROWS or _mean_chars(wide) < _PROSE_CHARS:
        return list(lines)
    cut: list[Line] = []
    for line in lines:
        if len(line.parts) == 2:
            cut += [replace(line, text=part.text, x0=part.x0, x1=part.x1, parts=[]) for part in line.parts]
        else:
            cut.append(line)
    return cut


def _end_of_run(lines: Sequence[Line], start: int) -> int:
    if len(lines[start].parts) < 2:
        return start + 1
    end = last = start + 1
    while end < len(lines) and end <= last + 2:
        above, line = lines[end - 1], lines[end]
        if not 0 < above.y - line.y < _MAX_DROP_SIZES * line.size:
            break
        end += 1
        if len(line.parts) > 1:
            last = end
    return last


def _rows(run: Sequence[Line]) -> list[list[str]]:
    counts = Counter(len(line.parts) for line in run if len(line.parts) > 1)
    n_columns = max(counts, key=lambda n: (counts[n], n))
    if sum(counts.values()) < _MIN_ROWS or counts[n_columns] < 2:
        return []
    columns = _columns([part for line in run if len(line.parts) == n_columns for part in line.parts])
    if len(columns) != n_columns:
        return []
    rows: list[list[str]] = []
    for line in run:
        cells = [""] * n_columns
        places = []
        for part in line.parts or [Part(line.x0, line.x1, line.text.strip())]:
            place = _nearest(columns, part)
            cells[place] = f"{cells[place]} {part.text}".strip()
            places.append(place)
        # What lies in one column is the rest of the cell above; the first column's begin new rows.
        if rows and len(places) == 1 and places[0] > 0 and line.x0 >= columns[places[0]][0] - line.size:
            rows[-1][places[0]] = f"{rows[-1][places[0]]} {cells[places[0]]}".strip()
        else:
            rows.append(cells)
    return rows


def _columns(parts: Sequence[Part]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for part in sorted(parts, key=lambda part: part.x0):
        if merged and part.x0 < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], part.x1))
        else:
            merged.append((part.x0, part.x1))
    return merged


def _nearest(columns: Sequence[tuple[float, float]], part: Part) -> int:
    """The column that a part overlaps most, or is nearest to."""
    return max(range(len(columns)), key=lambda n: min(columns[n][1], part.x1) - max(columns[n][0], part.x0))


def _mean_chars(lines: Sequence[Line]) -> float:
    parts = [part for line in lines for part in line.parts]
    return sum(len(part.text) for part in parts) / max(1, len(parts))
