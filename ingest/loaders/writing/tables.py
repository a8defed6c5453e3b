"""Tables: cells that span rows and columns to rows of equal length, as Markdown has them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loaders.writing.words import fold

# No real table is wider; a column span of a million is an attack on memory.
_MAX_COLUMNS = 200
# A last row of one cell is a note below the table when it is longer than the name of a group.
_MIN_NOTE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the source has it. `is_heading` marks a column's heading, not a row's."""

    words: str
    n_rows: int = 1
    n_columns: int = 1
    is_heading: bool = False


def set_apart(rows: Sequence[Sequence[Cell]]) -> tuple[list[str], Sequence[Sequence[Cell]], list[str]]:
    """Set apart what stands across a table's whole width: titles above it, notes below it."""
    first, last = 0, len(rows)
    while first < last and _spans_all(rows[first]):
        first += 1
    while last > first and _spans_all(rows[last - 1]) and len(rows[last - 1][0].words) >= _MIN_NOTE_CHARS:
        last -= 1
    above, below = ([row[0].words for row in part] for part in (rows[:first], rows[last:]))
    return above, rows[first:last], below


def lay_out(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Give every row all its cells, so that each row can be read by itself.

    A cell that spans rows or columns is repeated in each; one that spans a whole row (the name of a
    group) stands in the first column only. Heading rows are joined into one. Rows and columns
    without any words are dropped.

    Returns:
        Rows of equal length, the heading row first; empty when no cell has words.
    """
    grid = _grid(rows)
    n_headings = _n_headings(rows, grid)
    if n_headings > 1:
        grid[:n_headings] = [[_stack(column) for column in zip(*grid[:n_headings], strict=True)]]
    grid = [row for row in grid if any(row)]
    kept = [any(column) for column in zip(*grid, strict=True)]
    return [[words for words, keep in zip(row, kept, strict=True) if keep] for row in grid]


def pipe_rows(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as a Markdown table, the first as its heading; pipes in cells are escaped."""
    lines = ["| " + " | ".join(fold(words).replace("|", "\\|") for words in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    lines: list[list[str]] = []
    # Column to (rows to go, words) of a cell that reaches down from above.
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        line: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        cells = iter(row)
        cell = next(cells, None)
        while cell is not None or any(column >= len(line) for column in hanging):
            column = len(line)
            if column >= _MAX_COLUMNS:
                break
            if column in hanging:
                n_rows, words = hanging[column]
                line.append(words)
                if n_rows > 1:
                    below[column] = (n_rows - 1, words)
            elif cell is not None:
                _place(cell, line, below, is_alone=len(row) == 1 and not hanging)
                cell = next(cells, None)
            else:
                line.append("")
        hanging = below
        lines.append(line)
    width = max(map(len, lines), default=0)
    return [line + [""] * (width - len(line)) for line in lines]


def _n_headings(rows: Sequence[Sequence[Cell]], grid: list[list[str]]) -> int:
    """Count the heading rows: marked as such, or below a heading that spans columns."""
    n = 0
    while n < len(rows) and _is_heading(rows[n]):
        n += 1
    n = max(1, n)
    while n < len(rows) and any(cell.n_columns > 1 for cell in rows[n - 1]) and len(rows[n - 1]) > 1:
        if grid[n][0] not in ("", grid[n - 1][0]):
            break
        n += 1
    return n


def _is_heading(row: Sequence[Cell]) -> bool:
    return any(cell.is_heading for cell in row) and all(cell.is_heading or not cell.words for cell in row)


def _spans_all(row: Sequence[Cell]) -> bool:
    return len(row) == 1 and row[0].n_columns > 1


def _place(cell: Cell, line: list[str], below: dict[int, tuple[int, str]], *, is_alone: bool) -> None:
    for n in range(max(1, min(cell.n_columns, _MAX_COLUMNS - len(line)))):
        words = "" if n and is_alone else cell.words
        if cell.n_rows > 1:
            below[len(line)] = (cell.n_rows - 1, words)
        line.append(words)


def _stack(column: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(words for words in column if words))
