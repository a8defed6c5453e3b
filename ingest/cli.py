"""The command `medcite-ingest`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

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

from ingest.report import IngestReport
from ingest.settings import IngestSettings
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, read_settings

app = typer.Typer(
    help="Fill the medcite index from reference texts.", no_args_is_help=True, add_completion=False
)


@app.callback()
def main() -> None:
    """Fill the medcite index from reference texts."""


@app.command()
def run(
    sources: Annotated[list[Path], typer.Argument(help="Files, folders or tar archives.", metavar="SOURCE…")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Bring the index up to date with the sources and publish it.

    Exit code 0: all well. 1: published, but some entries could not be read. 2: nothing published.
    """
    console = Console(stderr=True)
    try:
        report = asyncio.run(_run(sources, console))
    except (KnowledgeError, OSError) as error:
        console.print(f"[red]Not published[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        console.print("[red]Not published[/]: interrupted; the current generation is untouched")
        raise typer.Exit(2) from None
    if as_json:
        sys.stdout.write(report.to_json().decode() + "\n")
    else:
        report.print(Console())
    raise typer.Exit(report.exit_code)


async def _run(sources: list[Path], console: Console) -> IngestReport:
    """Import what a run needs only when it runs: `--help` must not wait for it."""
    from ingest.pipeline import Run, ingest
    from knowledge.edge_store import EdgeStore
    from knowledge.embedding import SentenceTransformerEmbedder

    settings = read_settings(KnowledgeSettings)
    cutting = read_settings(IngestSettings)
    with console.status("Loading the embedding model"):
        embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    store = EdgeStore(settings.knowledge_path, settings.keep_generations)
    with _progress(console) as progress:
        task = progress.add_task("list", total=None)

        def show(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total or None)

        unique = tuple(dict.fromkeys(source.absolute() for source in sources))
        return await ingest(Run(unique, store, embedder, cutting.passage_tokens, show))


def _progress(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
