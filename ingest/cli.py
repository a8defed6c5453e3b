"""The command `medcite-ingest`."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ingest import cli_generations
from ingest.catalogue import load_catalogue
from ingest.errors import IngestError, SourceMissing
from ingest.gate import GateLimits
from ingest.golden import load_golden
from ingest.report import IngestReport
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.vector_cache import VectorCache
from knowledge.edge_store import EdgeStore
from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, read_settings

app = typer.Typer(
    help="Fill the medcite index from reference texts.", no_args_is_help=True, add_completion=False
)


quarantine = typer.Typer(help="Entries that could not become documents.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")
app.command()(cli_generations.status)
app.command()(cli_generations.generations)
app.command()(cli_generations.publish)
app.command()(cli_generations.rollback)
app.command()(cli_generations.inspect)
quarantine.command("list")(cli_generations.quarantine_list)

Result = TypeVar("Result")

_errors = Console(stderr=True)


@app.callback()
def main() -> None:
    """Fill the medcite index from reference texts."""


Sources = Annotated[
    list[str] | None, typer.Argument(help="Files, folders, archives or addresses.", metavar="[SOURCE]…")
]
CatalogueFile = Annotated[
    Path | None, typer.Option("--sources", help="A sources.yaml that declares the sources.", metavar="FILE")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def run(
    sources: Sources = None,
    catalogue: CatalogueFile = None,
    force: Annotated[bool, typer.Option(help="Publish whatever the gate says; recorded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the index up to date with the sources and publish it.

    Exit code 0: all well. 1: published, but some entries could not be read. 2: nothing published.
    """
    _ingest(sources, catalogue, force=force, retry=False, as_json=as_json)


@app.command()
def plan(sources: Sources = None, catalogue: CatalogueFile = None, as_json: AsJson = False) -> None:
    """Show what a run would do: documents new, changed, unchanged and removed."""
    _or_exit(lambda: asyncio.run(_plan(_named(sources, catalogue), as_json=as_json)))


@quarantine.command("retry")
def quarantine_retry(
    sources: Sources = None, catalogue: CatalogueFile = None, as_json: AsJson = False
) -> None:
    """Load quarantined entries of the sources again, though nothing else is to be done."""
    _ingest(sources, catalogue, force=False, retry=True, as_json=as_json)


def _ingest(
    sources: list[str] | None, catalogue: Path | None, *, force: bool, retry: bool, as_json: bool
) -> None:
    report = _or_exit(lambda: asyncio.run(_run(_named(sources, catalogue), force=force, retry=retry)))
    if as_json:
        sys.stdout.write(report.to_json().decode() + "\n")
    else:
        report.print(Console())
    raise typer.Exit(report.exit_code)


async def _run(sources: tuple[Source, ...], *, force: bool, retry: bool) -> IngestReport:
    from ingest.pipeline import ingest
    from ingest.run import Run

    settings = read_settings(KnowledgeSettings)
    demands = read_settings(IngestSettings)
    embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    cache = VectorCache(settings.cache / "vectors", embedder.fingerprint)
    with _progress(_errors) as progress:
        task = progress.add_task("list", total=None)

        def show(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total or None)

        try:
            return await ingest(
                Run(
                    sources=sources,
                    store=EdgeStore(settings.knowledge_path, settings.keep_generations),
                    embedder=embedder,
                    cache=cache,
                    passage_tokens=demands.passage_tokens,
                    golden=tuple(load_golden(Path(source.location) for source in sources)),
                    limits=GateLimits(demands.golden_recall, demands.max_loss),
                    progress=show,
                    force=force,
                    retry=retry,
                )
            )
        finally:
            cache.close()


async def _plan(sources: tuple[Source, ...], *, as_json: bool) -> None:
    from ingest.pipeline import list_sources
    from ingest.plan import plan_ingest

    settings = read_settings(KnowledgeSettings)
    reader = await EdgeStore(settings.knowledge_path).current()
    report = IngestReport()
    listing = list_sources(sources, report, lambda *_: None)
    planned = plan_ingest(listing, reader.manifest if reader else None)
    if as_json:
        facts = {name: sorted(getattr(planned, name)) for name in planned.__slots__}
        sys.stdout.write(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    table = Table(title="Plan", title_justify="left")
    table.add_column("documents")
    table.add_column("count", justify="right")
    for name in planned.__slots__:
        table.add_row(name, f"{len(getattr(planned, name)):,}")
    console = Console()
    console.print(table)
    for place, reason in report.quarantined.items():
        console.print(f"[yellow]{escape(place)}[/]: {escape(reason)}", soft_wrap=True)


def _named(sources: list[str] | None, catalogue: Path | None) -> tuple[Source, ...]:
    """Put together the sources of the command line and of the catalogue, each once."""
    given = [_source(text) for text in sources or ()]
    declared = load_catalogue(catalogue) if catalogue else []
    if not given and not declared:
        raise SourceMissing("name a SOURCE, or a catalogue with --sources sources.yaml")
    return tuple({source.name: source for source in (*declared, *given)}.values())


def _source(text: str) -> Source:
    return Source(text, text) if "://" in text else Source.of_path(Path(text))


def _or_exit(command: Callable[[], Result]) -> Result:
    try:
        return command()
    except (KnowledgeError, IngestError, OSError) as error:
        _errors.print(f"[red]Not published[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        _errors.print("[red]Not published[/]: interrupted; the current generation is untouched")
        raise typer.Exit(2) from None


def _progress(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
