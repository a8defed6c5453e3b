"""The command `medcite-ingest`."""

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import structlog
import typer
from rich.console import Console
from rich.markup import escape

from ingest import cli_evaluation, cli_generations, cli_switching
from ingest.catalogue import load_catalogue
from ingest.crash import guarded
from ingest.errors import IngestError, SourceMissing
from ingest.manner import Manner, RunnerName
from ingest.report import IngestReport
from ingest.settings import IngestSettings
from ingest.sources import Source
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, read_settings

app = typer.Typer(
    help="Fill the medcite index from reference texts.", no_args_is_help=True, add_completion=False
)

quarantine = typer.Typer(help="Entries that could not become documents.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")
evaluation = typer.Typer(help="Measure how well search finds.", no_args_is_help=True)
app.add_typer(evaluation, name="eval")
evaluation.command()(guarded(cli_evaluation.retrieval))
app.command()(guarded(cli_generations.status))
app.command()(guarded(cli_generations.generations))
app.command()(guarded(cli_switching.publish))
app.command()(guarded(cli_switching.rollback))
app.command()(guarded(cli_generations.inspect))
quarantine.command("list")(guarded(cli_generations.quarantine_list))

Result = TypeVar("Result")

_errors = Console(stderr=True)


@app.callback()
def main() -> None:
    """Fill the medcite index from reference texts."""
    steps = structlog.processors
    structlog.configure(
        [steps.add_log_level, steps.TimeStamper(fmt="iso"), steps.JSONRenderer()],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # standard output is for reports
    )


Sources = Annotated[
    list[str] | None, typer.Argument(help="Files, folders, archives or addresses.", metavar="[SOURCE]…")
]
CatalogueFile = Annotated[
    Path | None, typer.Option("--sources", help="A sources.yaml that declares the sources.", metavar="FILE")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AtTime = Annotated[datetime, typer.Option("--at", formats=["%H:%M"], help="Such as 02:00.", metavar="HH:MM")]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # the last for a folder of zones, such as Asia
        raise typer.BadParameter(f"{name!r} is no time zone; write one such as Asia/Shanghai") from error


InZone = Annotated[
    ZoneInfo | None,
    typer.Option("--timezone", parser=_zone, help="By default the machine's.", metavar="ZONE"),
]


@app.command()
@guarded
def run(
    sources: Sources = None,
    catalogue: CatalogueFile = None,
    force: Annotated[bool, typer.Option(help="Publish whatever the gate says; recorded.")] = False,
    runner: Annotated[RunnerName, typer.Option(help="Where documents are read, cut, embedded.")] = "local",
    as_json: AsJson = False,
) -> None:
    """Bring the index up to date with the sources and publish it.

    Exit code 0: all well. 1: published, but some entries could not be read. 2: nothing published.
    3: crashed.
    """
    _ingest(sources, catalogue, Manner(force=force, runner=runner), as_json=as_json)


@app.command()
@guarded
def schedule(
    at: AtTime, timezone: InZone = None, sources: Sources = None, catalogue: CatalogueFile = None
) -> None:
    """Run ingest every day at a time, one run at a time, until SIGTERM."""
    from ingest.schedule import Schedule, run_command

    # A misspelled setting or source is told of now, not at night.
    _or_exit(lambda: (_settings(), _named(sources, catalogue)))
    Schedule(run_command(sources or [], catalogue), at.time(), timezone).keep()


@app.command()
@guarded
def plan(sources: Sources = None, catalogue: CatalogueFile = None, as_json: AsJson = False) -> None:
    """Show what a run would do: documents new, changed, unchanged and removed."""
    _or_exit(lambda: asyncio.run(_plan(_named(sources, catalogue), as_json=as_json)))


@quarantine.command("retry")
@guarded
def quarantine_retry(
    sources: Sources = None, catalogue: CatalogueFile = None, as_json: AsJson = False
) -> None:
    """Load quarantined entries of the sources again, though nothing else is to be done."""
    _ingest(sources, catalogue, Manner(retry=True), as_json=as_json)


def _ingest(sources: list[str] | None, catalogue: Path | None, manner: Manner, *, as_json: bool) -> None:
    from ingest.metrics import record_run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C; process 1 would ignore it
    knowledge, demands = _or_exit(_settings)
    report: IngestReport | None = None
    try:
        report = _or_exit(lambda: asyncio.run(_run(_named(sources, catalogue), manner)))
    finally:
        asyncio.run(record_run(report, demands, knowledge))
    if as_json:
        sys.stdout.write(report.to_json().decode() + "\n")
    else:
        report.print(Console())
    raise typer.Exit(report.exit_code)


async def _run(sources: tuple[Source, ...], manner: Manner) -> IngestReport:
    from ingest.cli_runs import execute

    return await execute(sources, manner)


async def _plan(sources: tuple[Source, ...], *, as_json: bool) -> None:
    from ingest.cli_runs import show_plan

    await show_plan(sources, as_json=as_json)


def _settings() -> tuple[KnowledgeSettings, IngestSettings]:
    return read_settings(KnowledgeSettings), read_settings(IngestSettings)


def _named(sources: list[str] | None, catalogue: Path | None) -> tuple[Source, ...]:
    """Put together the sources of the command line and of the catalogue, each once."""
    given = [_source(text) for text in sources or ()]
    declared = load_catalogue(catalogue) if catalogue else []
    if not given and not declared:
        raise SourceMissing("name a SOURCE, or a catalogue with --sources sources.yaml")
    return tuple({source.name: source for source in (*declared, *given)}.values())


def _source(text: str) -> Source:
    source = Source(text, text)
    return Source.of_path(Path(text)) if source.kind == "path" else source


def _or_exit(command: Callable[[], Result]) -> Result:
    try:
        return command()
    except (KnowledgeError, IngestError, OSError) as error:
        _errors.print(f"[red]Not published[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        _errors.print("[red]Not published[/]: interrupted; the current generation is untouched")
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app(prog_name="medcite-ingest")
