"""A crash: an error that nobody foresaw, told in one line and by an exit code of its own."""

import functools
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import typer
from rich.console import Console
from rich.markup import escape

# Python itself would end with 1, which here says "published".
EXIT_CODE = 3

_OURS = tuple(str(Path(__file__).parents[1] / package) for package in ("ingest", "knowledge"))

Arguments = ParamSpec("Arguments")


def guarded(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Make a command that ends with exit code 3 and one line on standard error if it crashes.

    The line has the type of the error, its message, and the last place in our own code.
    """

    @functools.wraps(command)
    def guard(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            Console(file=sys.stderr).print(f"[red]Crashed[/]: {escape(_tell(error))}", soft_wrap=True)
            raise typer.Exit(EXIT_CODE) from error

    return guard


def _tell(error: Exception) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(_OURS)]
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{place}: {message}. Nobody foresaw this: please report it with this line"
