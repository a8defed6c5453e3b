"""What the commands `run`, `plan` and `quarantine retry` of `medcite-ingest` do."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import orjson
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

from ingest.errors import RayFailed
from ingest.gate import GateLimits
from ingest.golden import load_golden
from ingest.manner import Manner, RunnerName
from ingest.pipeline import Outlook, ingest, look_ahead
from ingest.report import IngestReport
from ingest.run import Progress as Told
from ingest.run import Run
from ingest.runner import LocalRunner, Runner
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.vector_cache import VectorCache
from knowledge.embedding import Embedder, SentenceTransformerEmbedder
from knowledge.open_store import open_store
from knowledge.settings import KnowledgeSettings, read_settings

_NICENESS = 10
STATES = ("new", "changed", "retried", "relinked", "unchanged", "removed")


async def execute(sources: tuple[Source, ...], manner: Manner) -> IngestReport:
    """Run ingest as the settings say, with a progress bar where there is a terminal.

    Raises:
        KnowledgeError: A setting is wrong, or the store or the embedder failed.
        IngestError: A file of golden questions is broken, or Ray cannot be had.
    """
    # Questions come first where ingest and service share a machine. Ten once, however often it is said.
    os.setpriority(os.PRIO_PROCESS, 0, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    with (
        _progress() as show,
        _prepared(sources, show, manner) as run,
        _runner(manner.runner, run.embedder) as runner,
    ):
        return await ingest(run, runner)


async def show_plan(sources: tuple[Source, ...], *, as_json: bool) -> None:
    """Print what a run would do; the store is only read.

    Raises:
        KnowledgeError: A setting is wrong or the store cannot be read.
        IngestError: A file of golden questions is broken.
    """
    report = IngestReport()
    with _prepared(sources, lambda *_: None, Manner()) as run:
        ahead = await look_ahead(run, report)
    if as_json:
        sys.stdout.write(orjson.dumps(_facts(ahead, report), option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    table = Table(title="Plan", title_justify="left")
    table.add_column("documents")
    table.add_column("count", justify="right")
    for state in STATES:
        table.add_row(state, f"{len(getattr(ahead.plan, state)):,}")
    console = Console()
    console.print(table)
    for place, reason in report.quarantined.items():
        console.print(f"[yellow]{escape(place)}[/]: {escape(reason)}", soft_wrap=True)
    if ahead.is_anew:
        console.print("Everything is built anew: the index was made by another recipe.")
    if ahead.refusal:
        console.print(f"[red]A run would refuse[/]: {escape(ahead.refusal)}", soft_wrap=True)


def _facts(ahead: Outlook, report: IngestReport) -> dict[str, object]:
    return {
        **{state: sorted(getattr(ahead.plan, state)) for state in STATES},
        "built_anew": ahead.is_anew,
        "refusal": ahead.refusal,
        "unreadable": report.quarantined,
    }


@contextmanager
def _prepared(sources: tuple[Source, ...], show: Told, manner: Manner) -> Iterator[Run]:
    settings, demands = read_settings(KnowledgeSettings), read_settings(IngestSettings)
    embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    cache = VectorCache(settings.cache / "vectors", embedder.fingerprint)
    try:
        yield Run(
            sources=sources,
            store=open_store(settings),
            embedder=embedder,
            cache=cache,
            passage_tokens=demands.passage_tokens,
            golden=tuple(load_golden(Path(source.location) for source in sources)),
            limits=GateLimits(demands.golden_recall, demands.max_loss),
            progress=show,
            url_cache=settings.cache / "urls",
            force=manner.force,
            retry=manner.retry,
        )
    finally:
        cache.close()


@contextmanager
def _runner(name: RunnerName, embedder: Embedder) -> Iterator[Runner]:
    if name == "local":
        yield LocalRunner(embedder)
        return
    try:
        from ingest.ray_runner import RayRunner
    except ImportError as error:
        raise RayFailed(f"--runner ray wants Ray ({error}): pip install 'medcite[ray]'") from error
    settings = read_settings(KnowledgeSettings)
    make = partial(SentenceTransformerEmbedder, settings.embedding_model, settings.models_path)
    with closing(RayRunner(make, embedder.fingerprint)) as runner:
        yield runner


@contextmanager
def _progress() -> Iterator[Told]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("list", total=None)

        def show(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total or None)

        yield show
