"""The commands of `medcite-ingest` that look at generations."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.errors import IngestError
from knowledge.errors import GenerationCorrupt, GenerationMissing, KnowledgeError
from knowledge.generation import Manifest
from knowledge.open_store import open_store
from knowledge.passage import Passage
from knowledge.settings import KnowledgeSettings, read_settings
from knowledge.store import PassageStore

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_console = Console()
_errors = Console(stderr=True)


def status(as_json: Json = False) -> None:
    """Show the current generation: its age, its documents by source, what is quarantined."""
    _show(_status, as_json=as_json)


def generations(as_json: Json = False) -> None:
    """List the complete generations, oldest first."""
    _show(_generations, as_json=as_json)


def inspect(document_id: Annotated[str, typer.Argument(metavar="DOC")], as_json: Json = False) -> None:
    """Show how a document of the current generation was cut into passages, or which one it repeats."""
    _show(lambda store, as_json: _inspect(store, document_id, as_json=as_json), as_json=as_json)


def quarantine_list(as_json: Json = False) -> None:
    """List the entries that could not become documents, and why."""
    _show(_quarantine, as_json=as_json)


async def _status(store: PassageStore, as_json: bool) -> None:
    manifest = await current_manifest(store)
    age_h = (datetime.now(UTC) - datetime.fromisoformat(manifest.created_at)).total_seconds() / 3600
    by_source = Counter(record.source for record in manifest.documents.values())
    facts: dict[str, Any] = {
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "age_h": round(age_h, 2),
        "parent": manifest.parent,
        "documents": len(manifest.documents),
        "linked": len(manifest.links),
        "passages": manifest.n_passages,
        "quarantined": len(manifest.quarantine),
        "forced": manifest.forced,
        **{f"recipe {name}": value for name, value in asdict(manifest.recipe).items()},
        **{f"documents of {source}": count for source, count in sorted(by_source.items())},
    }
    if as_json:
        _write_json({**facts, "gate": [asdict(check) for check in manifest.gate]})
        return
    table = Table(show_header=False, title="Current generation", title_justify="left")
    for name, value in facts.items():
        table.add_row(escape(name), escape(str(value)))
    for check in manifest.gate:
        verdict = "[green]passed[/]" if check.passed else "[red]failed[/]"
        table.add_row(f"gate: {check.name}", f"{verdict} {check.measured:g} (required {check.required:g})")
    _console.print(table)


async def _generations(store: PassageStore, as_json: bool) -> None:
    try:
        reader = await store.current()
    except GenerationCorrupt as error:  # whoever looks for another one must see the list
        _errors.print(f"[red]The current generation is broken[/]: {escape(str(error))}", soft_wrap=True)
        reader = None
    current = reader.manifest.generation if reader else None
    manifests = await store.generations()
    if as_json:
        _write_json(
            [{**_summary(manifest), "current": manifest.generation == current} for manifest in manifests]
        )
        return
    table = Table(title="Generations", title_justify="left")
    # The id is to be copied, so it is never cut; it is also the time of birth.
    table.add_column(
        "generation", no_wrap=True, min_width=max((len(m.generation) for m in manifests), default=0)
    )
    for name in ("documents", "passages", "gate", ""):
        table.add_column(name, justify="right" if name in ("documents", "passages") else "left")
    for manifest in manifests:
        facts = _summary(manifest)
        mark = "current" if manifest.generation == current else ""
        counts = (f"{facts['documents']:,}", f"{facts['passages']:,}")
        table.add_row(manifest.generation, *counts, facts["gate"], mark)
    _console.print(table)


async def _inspect(store: PassageStore, document_id: str, as_json: bool) -> None:
    reader = await store.current()
    record = reader.manifest.documents.get(document_id) if reader else None
    passages = [passage async for passage in reader.document_passages(document_id)] if reader else []
    if reader is None or record is None or not (passages or record.duplicate_of):
        raise GenerationMissing(f"the current generation has no document {document_id!r}")
    links = reader.manifest.links
    repeated_by = {i: links[i].similarity for i in links if links[i].duplicate_of == document_id}
    if as_json:
        facts = {"document_id": document_id, "source": record.source, "entry": record.entry}
        repeats = {"duplicate_of": record.duplicate_of, "similarity": record.similarity}
        shown = [asdict(passage) for passage in passages]
        _write_json({**facts, **repeats, "repeated_by": repeated_by, "passages": shown})
        return
    if passages:
        _console.print(_passages_table(document_id, passages))
    else:
        repeats_it = f"{document_id} ({record.place}) repeats {record.duplicate_of}"
        _console.print(escape(f"{repeats_it} (similarity {record.similarity:g})."), soft_wrap=True)
    for i, similarity in sorted(repeated_by.items()):
        _console.print(escape(f"Repeated by {i} (similarity {similarity:g})."), soft_wrap=True)


def _passages_table(document_id: str, passages: list[Passage]) -> Table:
    table = Table(title=escape(f"{passages[0].imprint.title} ({document_id})"), title_justify="left")
    for name in ("#", "kind", "tokens", "characters", "section", "begins"):
        table.add_column(name, justify="right" if name in ("#", "tokens") else "left")
    for p in passages:
        begins = " ".join(p.text.split())[:40]
        where = escape(" › ".join(p.section_path))
        table.add_row(str(p.ordinal), p.kind, str(p.n_tokens), f"{p.start}–{p.end}", where, escape(begins))
    return table


async def _quarantine(store: PassageStore, as_json: bool) -> None:
    records = (await current_manifest(store)).quarantine
    if as_json:
        _write_json([asdict(record) for record in records])
        return
    for record in records:
        _console.print(f"[yellow]{escape(record.place)}[/]: {escape(record.reason)}", soft_wrap=True)
    _console.print(f"{len(records)} quarantined.")


def _show(command: Callable[..., Coroutine[Any, Any, None]], *, as_json: bool) -> None:
    or_exit(lambda: asyncio.run(command(opened(), as_json=as_json)))


def opened() -> PassageStore:
    """Open the store that the settings name."""
    return open_store(read_settings(KnowledgeSettings))


async def current_manifest(store: PassageStore) -> Manifest:
    """Read the manifest of the current generation.

    Raises:
        GenerationMissing: Nothing has been published yet.
        GenerationCorrupt: It cannot be read.
    """
    reader = await store.current()
    if reader is None:
        raise GenerationMissing("there is no index yet; run `medcite-ingest run SOURCE`")
    return reader.manifest


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "documents": len(manifest.documents),
        "passages": manifest.n_passages,
        "gate": _verdict(manifest),
    }


def _verdict(manifest: Manifest) -> str:
    if manifest.forced:
        return "forced"
    if not manifest.gate:
        return "not looked at"
    return "failed" if manifest.is_rejected else "passed"


def _write_json(facts: object) -> None:
    typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2))


def or_exit(command: Callable[[], None]) -> None:
    """Run a command; end with exit code 2 and the message if it fails."""
    try:
        command()
    except (KnowledgeError, IngestError) as error:
        _errors.print(f"[red]medcite-ingest[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
