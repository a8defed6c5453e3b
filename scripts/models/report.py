"""Progress: a bar on a terminal, one line per step elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]
"""Takes what is being done, how many of its steps are done, and how many there are."""


@contextmanager
def open_report(console: Console, key: str) -> Iterator[Report]:
    """Yield a function that shows the progress of model `key` until the block ends."""
    if not console.is_terminal:
        yield _line_report(key)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(key, total=None)

        def report(step: str, n_done: int, n_steps: int) -> None:
            progress.update(task, description=f"{key}: {step}", completed=n_done, total=n_steps)

        yield report


def _line_report(key: str) -> Report:
    shown = ""

    def report(step: str, n_done: int, n_steps: int) -> None:
        nonlocal shown
        if step != shown:
            typer.echo(f"{key}: {step} ({n_done + 1} of {n_steps})" if n_steps > 1 else f"{key}: {step}")
            shown = step

    return report
