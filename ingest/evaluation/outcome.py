"""The outcome of an evaluation: a row for each configuration and measure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.evaluation.measures import Estimate, Values, estimate

_HEADINGS = ("measure", "configuration", "queries", "value", "95 % interval")


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one configuration, or of the second less the first; over `n_queries` queries."""

    measure: str
    configuration: str
    n_queries: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured on one folder; `notes` say what a reader of the figures must know."""

    folder: str
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)

    def facts(self) -> dict[str, Any]:
        """Give it the form of JSON."""
        rows = [
            {k: v for k, v in asdict(row).items() if k != "estimate"} | asdict(row.estimate)
            for row in self.rows
        ]
        return {"folder": self.folder, "notes": list(self.notes), "rows": rows}

    def print(self, console: Console) -> None:
        """Print it: a table on a terminal, else lines with tabs between."""
        cells = [_cells(row) for row in self.rows]
        if not console.is_terminal:
            for line in (_HEADINGS, *cells):
                console.file.write("\t".join((self.folder, *line)) + "\n")  # rich makes blanks of tabs
        else:
            table = Table(title=escape(self.folder), title_justify="left")
            for heading in _HEADINGS:
                table.add_column(heading, justify="left" if heading in _HEADINGS[:2] else "right")
            for last, line in zip(["", *(line[0] for line in cells)], cells, strict=False):
                if last not in ("", line[0]):
                    table.add_section()
                table.add_row(*map(escape, line))
            console.print(table)
        for note in self.notes:
            console.file.write(f"{self.folder}: {note}\n")


def compare(scores: Mapping[str, Mapping[str, Values]]) -> list[Row]:
    """Make the rows of configurations, and of the paired difference where there are two.

    Args:
        scores: Configuration to measure to its values; a measure without values has no row.
    """
    rows: list[Row] = []
    measures = dict.fromkeys(measure for taken in scores.values() for measure in taken)
    for measure in measures:
        values = {name: taken[measure] for name, taken in scores.items() if measure in taken}
        values = {name: each for name, each in values.items() if each.size}
        rows += [Row(measure, name, sum(each.shape), estimate(each)) for name, each in values.items()]
        if len(scores) == len(values) == 2:
            first, second = values.values()
            rows.append(Row(measure, "difference", sum(first.shape), estimate(second - first)))
    return rows


def _cells(row: Row) -> tuple[str, ...]:
    sign = "+" if row.configuration == "difference" else ""
    mean, low, high = (
        f"{each:{sign}.3f}" for each in (row.estimate.mean, row.estimate.low, row.estimate.high)
    )
    return row.measure, row.configuration, str(row.n_queries), mean, f"{low} to {high}"
