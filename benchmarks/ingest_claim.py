"""A claim: our figure, the peer's, and their ratio beside the target."""

import gc
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from rich.console import Console
from rich.table import Table

Details = dict[str, float | int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed and what was measured.

    `ours` and `peer` are in `unit`. `measured` is what is held against `target`: their ratio unless
    `measure` says otherwise; `bound` tells on which side of the target it must lie.
    """

    text: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    measured: float
    bound: Literal["≥", "≤"]
    target: float
    measure: str = "ratio"

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return self.measured >= self.target if self.bound == "≥" else self.measured <= self.target


def show(claims: list[Claim], details: Details, *, as_json: bool) -> None:
    """Print claims and what else was measured, as tables or as one JSON object."""
    if as_json:
        facts = [{**asdict(claim), "is_met": claim.is_met} for claim in claims]
        print(json.dumps({"claims": facts, "details": details}, ensure_ascii=False))
        return
    console = Console()
    for claim in claims:
        table = Table(title=claim.text, title_justify="left")
        for heading in ("ours", claim.peer_name, claim.measure, "target"):
            table.add_column(heading, justify="right")
        mark = "[green]met[/]" if claim.is_met else "[red]missed[/]"
        table.add_row(
            f"{claim.ours:,.3f} {claim.unit}",
            f"{claim.peer:,.3f} {claim.unit}",
            f"{claim.measured:,.4f}",
            f"{claim.bound} {claim.target:g} {mark}",
        )
        console.print(table)
    rows = Table(show_header=False)
    rows.add_column()
    rows.add_column(justify="right")
    for name, value in details.items():
        rows.add_row(name, f"{value:,.3f}" if isinstance(value, float) else str(value))
    console.print(rows)


def interleave(rounds: int, sides: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Time the sides in turn, the order reversed every other round, so that noise falls on all.

    Returns:
        Seconds of each round by side.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(sides):
            gc.collect()
            seconds[name].append(seconds_of(sides[name]))
    return seconds


def seconds_of(act: Callable[[], object]) -> float:
    """Time one call, in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def spread(seconds: list[float]) -> str:
    """Show the median and the range of some seconds."""
    return f"{np.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"
