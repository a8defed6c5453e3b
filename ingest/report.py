"""The report of a run: counts, quarantined entries with reasons, the exit code."""

from dataclasses import asdict, dataclass, field
from typing import Literal

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from knowledge.generation import CheckRecord

STATES = ("new", "changed", "unchanged", "removed")

Outcome = Literal["published", "unchanged", "not_published"]

# More lines of a kind than a screen holds are in the JSON report, not on the terminal.
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Link:
    """The document that another nearly repeats, and how similar their texts are (0 to 1)."""

    duplicate_of: str
    similarity: float


@dataclass(slots=True)
class IngestReport:
    """What a run did. Seconds are wall-clock, `peak_memory_mib` is the process's high-water mark.

    `linked` are the documents, by id, that the run found to repeat others.
    """

    outcome: Outcome = "not_published"
    generation: str | None = None
    documents: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    passages_embedded: int = 0
    passages_reused: int = 0
    passages_total: int = 0
    linked: dict[str, Link] = field(default_factory=dict)
    quarantined: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mib: float = 0.0
    checks: list[CheckRecord] = field(default_factory=list)
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some entries quarantined, 2 not published."""
        if self.outcome == "not_published":
            return 2
        return 1 if self.quarantined else 0

    def to_json(self) -> bytes:
        """Write the report as one JSON object."""
        return orjson.dumps({**asdict(self), "exit_code": self.exit_code}, option=orjson.OPT_INDENT_2)

    def print(self, console: Console) -> None:
        """Print the report for people."""
        quarantined = [f"{escape(place)}: {escape(reason)}" for place, reason in self.quarantined.items()]
        _print_some(console, "[yellow]quarantined[/]", quarantined)
        linked = [
            f"{escape(i)}: repeats {escape(link.duplicate_of)} (similarity {link.similarity:g})"
            for i, link in self.linked.items()
        ]
        _print_some(console, "linked", linked)
        if self.outcome == "unchanged":
            console.print(f"Nothing to do: generation {self.generation} is up to date.", soft_wrap=True)
            return
        console.print(self._table())
        if self.outcome == "not_published":
            console.print(f"[red]Not published[/]: {escape(self.reason)}", soft_wrap=True)

    def _table(self) -> Table:
        title = f"Generation {self.generation}" if self.generation else "No generation"
        table = Table(title=title, title_justify="left")
        table.add_column("")
        table.add_column("count", justify="right")
        for name in STATES:
            table.add_row(f"documents {name}", f"{self.documents[name]:,}")
        table.add_row("documents linked", f"{len(self.linked):,}")
        table.add_row("documents quarantined", f"{len(self.quarantined):,}")
        table.add_row("passages embedded", f"{self.passages_embedded:,}")
        table.add_row("passages reused", f"{self.passages_reused:,}")
        table.add_row("passages in all", f"{self.passages_total:,}")
        table.add_section()
        for check in self.checks:
            mark = "[green]passed[/]" if check.passed else "[red]failed[/]"
            table.add_row(escape(check.name), f"{check.measured:g} {mark}")
        table.add_section()
        for stage, seconds in self.seconds.items():
            table.add_row(f"{stage}, s", f"{seconds:.1f}")
        table.add_row("peak memory, MiB", f"{self.peak_memory_mib:,.0f}")
        return table


def _print_some(console: Console, kind: str, lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        console.print(f"{kind} {line}", soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"[yellow]… and {len(lines) - _SHOWN} more[/] (all with --json)")
