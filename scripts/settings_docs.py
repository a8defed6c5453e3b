"""The pages that list every setting, written from the settings classes.

`python -m scripts.settings_docs` writes docs/configuration.md and .env.example; with `--check` it
writes nothing and ends with 1 when one of them is out of date.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import typer
from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from ingest.settings import IngestSettings
from knowledge.settings import PREFIX, KnowledgeSettings
from rag_service.settings import EngineSettings, ServiceSettings
from scripts.bootstrap import ROOT

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Group:
    """The settings of one class, under one heading; `programs` says who reads them."""

    title: str
    kind: type[BaseSettings]
    programs: str


GROUPS = (
    Group(
        "Index and embedding model",
        KnowledgeSettings,
        "`medcite-ingest run` and `medcite-serve run`; give both the same values. "
        "`medcite-serve engine` and `make models` read `MEDCITE_CACHE`.",
    ),
    Group("Ingest", IngestSettings, "`medcite-ingest run`."),
    Group(
        "Service",
        ServiceSettings,
        "`medcite-serve run`. `medcite-serve engine` reads `MEDCITE_ENGINE_URL` and `MEDCITE_ENGINE_MODEL`.",
    ),
    Group("Engine", EngineSettings, "`medcite-serve engine`. `medcite-serve run` checks their values only."),
)

_TYPES = {bool: "true or false", int: "whole number", float: "number", Path: "path", SecretStr: "secret"}

_PAGE_HEAD = """\
# Configuration

<!-- Written by `python -m scripts.settings_docs` from the settings classes; do not edit by hand. -->

All settings are environment variables. Each has a default, so none must be set. A program reads them once,
when it starts. It stops with a message when a variable that begins with `MEDCITE_` is unknown or a value is out of range.
One environment may hold the settings of all programs. No file is read: [.env.example](../.env.example) is there to be
copied and loaded by a shell.

A default path is shown with `~` for the home folder. In a value of your own `~` works only where a shell expands it.
"""

_EXAMPLE_HEAD = """\
# Every setting of medcite at its default; docs/configuration.md says what each is for.
# Written by `python -m scripts.settings_docs`. No program reads this file by itself: copy it to .env,
# take the "#" away from what you change, and load it into the shell that starts the programs:
#
#   set -a; . ./.env; set +a
#
# The shell expands "~". Where something else reads the file (systemd, Docker), write whole paths.
"""


@app.command()
def main(
    check: Annotated[
        bool, typer.Option(help="Write nothing; end with 1 when a page is out of date.")
    ] = False,
) -> None:
    """Write the pages that list every setting."""
    outdated = stale_pages(ROOT)
    for path in outdated:
        typer.echo(
            f"{path.relative_to(ROOT)}: {'out of date; run python -m scripts.settings_docs' if check else 'written'}"
        )
        if not check:
            path.write_text(_pages(ROOT)[path], "utf-8")
    raise typer.Exit(1 if check and outdated else 0)


def stale_pages(root: Path) -> list[Path]:
    """List the pages under `root` that are missing or differ from what the settings say."""
    return [path for path, text in _pages(root).items() if not path.is_file() or path.read_text() != text]


def variables(group: Group) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the variable and the field of each setting of a group, in order."""
    for name, field in group.kind.model_fields.items():
        yield f"{PREFIX}{name.upper()}", field


def _pages(root: Path) -> dict[Path, str]:
    return {root / "docs" / "configuration.md": _configuration(), root / ".env.example": _example()}


def _configuration() -> str:
    sections = [_PAGE_HEAD]
    for group in GROUPS:
        rows = [
            f"| `{variable}` | {_shown_default(field)} | {_values(field)} | {field.description} |"
            for variable, field in variables(group)
        ]
        head = [f"## {group.title}", "", f"Read by {group.programs}", ""]
        table = ["| variable | default | values | what it is for |", "| --- | --- | --- | --- |", *rows, ""]
        sections.append("\n".join([*head, *table]))
    return "\n".join(sections)


def _example() -> str:
    sections = [_EXAMPLE_HEAD]
    for group in GROUPS:
        lines = [f"# {group.title}"]
        for variable, field in variables(group):
            default = _default(field)
            if not default:
                lines.append(f"# By default {_absent(field)}:")
            lines.append(f"#{variable}={default}")
        sections.append("\n".join([*lines, ""]))
    return "\n".join(sections)


def _shown_default(field: FieldInfo) -> str:
    default = _default(field)
    return f"`{default}`" if default else _absent(field)


def _default(field: FieldInfo) -> str:
    """Write a default as a variable has it; empty where it is nothing or differs between machines."""
    default = field.get_default(call_default_factory=True)
    if default is None or default == Path(sys.executable):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, Path) and default.is_relative_to(Path.home()):
        return f"~/{default.relative_to(Path.home()).as_posix()}"
    return str(default)


def _absent(field: FieldInfo) -> str:
    return "not set" if field.default is None else "the interpreter that runs `medcite-serve`"


def _values(field: FieldInfo) -> str:
    kinds = [kind for kind in (get_args(field.annotation) or (field.annotation,)) if kind is not type(None)]
    limits: list[str] = []
    for limit in field.metadata:
        match limit:
            case Ge(ge=bound):
                limits.append(f"from {bound}")
            case Gt(gt=bound):
                limits.append(f"above {bound}")
            case Le(le=bound):
                limits.append(f"to {bound}")
            case Lt(lt=bound):
                limits.append(f"below {bound}")
    return " ".join([_TYPES.get(kinds[0], "text"), *limits])


if __name__ == "__main__":
    app(prog_name="python -m scripts.settings_docs")
