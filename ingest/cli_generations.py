"""The commands of `medcite-ingest` that look at generations and switch between them."""

import asyncio
import sys
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
from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationMissing, KnowledgeError
from knowledge.generation import Manifest
from knowledge.settings import KnowledgeSettings, read_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_console = Console()
_errors = Console(stderr=True)


def status(as_json: Json = False) -> None:
    """Show the current generation: its age, its documents by source, what is quarantined."""
    _show(_status, as_json=as_json)


def generations(as_json: Json = False) -> None:
    """List the complete generations, oldest first."""
    _show(_generations, as_json=as_json)


def rollback(
    generation: Annotated[str | None, typer.Argument(help="By default the one before the current.")] = None,
) -> None:
    """Make an older generation current again."""
    _act(lambda store: _rollback(store, generation))


def publish(
    generation: Annotated[str, typer.Argument(help="A complete generation, see `generations`.")],
    force: Annotated[bool, typer.Option(help="Publish although the gate was not passed.")] = False,
) -> None:
    """Make a complete generation current; one that failed the gate only with --force."""
    _act(lambda store: _publish(store, generation, force=force))


def inspect(document_id: Annotated[str, typer.Argument(metavar="DOC")], as_json: Json = False) -> None:
    """Show how a document of the current generation was cut into passages."""
    _show(lambda store, as_json: _inspect(store, document_id, as_json=as_json), as_json=as_json)


def quarantine_list(as_json: Json = False) -> None:
    """List the entries that could not become documents, and why."""
    _show(_quarantine, as_json=as_json)


async def _status(store: EdgeStore, as_json: bool) -> None:
    manifest = await _current(store)
    age_h = (datetime.now(UTC) - datetime.fromisoformat(manifest.created_at)).total_seconds() / 3600
    by_source: dict[str, int] = {}
    for record in manifest.documents.values():
        by_source[record.source] = by_source.get(record.source, 0) + 1
    facts: dict[str, Any] = {
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "age_h": round(age_h, 2),
        "parent": manifest.parent,
        "documents": len(manifest.documents),
        "passages": manifest.n_passages,
        "quarantined": len(manifest.quarantine),
        "forced": manifest.forced,
        **{f"recipe {name}": value for name, value in asdict(manifest.recipe).items()},
        **{f"documents of {source}": count for source, count in sorted(by_source.items())},
    }
    if as_json:
        _print_json({**facts, "gate": [asdict(check) for check in manifest.gate]})
        return
    table = Table(show_header=False, title="Current generation", title_justify="left")
    for name, value in facts.items():
        table.add_row(name, escape(str(value)))
    for check in manifest.gate:
        verdict = "[green]passed[/]" if check.passed else "[red]failed[/]"
        table.add_row(f"gate: {check.name}", f"{verdict} {check.measured:g} (required {check.required:g})")
    _console.print(table)


async def _generations(store: EdgeStore, as_json: bool) -> None:
    reader = await store.current()
    current = reader.manifest.generation if reader else None
    manifests = await store.generations()
    if as_json:
        _print_json(
            [{**_summary(manifest), "current": manifest.generation == current} for manifest in manifests]
        )
        return
    table = Table(title="Generations", title_justify="left")
    for name in ("generation", "created", "documents", "passages", "gate", ""):
        table.add_column(name, justify="right" if name in ("documents", "passages") else "left")
    for manifest in manifests:
        facts = _summary(manifest)
        mark = "current" if manifest.generation == current else ""
        counts = (f"{facts['documents']:,}", f"{facts['passages']:,}")
        table.add_row(manifest.generation, manifest.created_at, *counts, facts["gate"], mark)
    _console.print(table)


async def _rollback(store: EdgeStore, generation: str | None) -> str:
    current = (await _current(store)).generation
    if generation is None:
        older = [m.generation for m in await store.generations() if m.generation < current and _passed(m)]
        if not older:
            raise GenerationMissing(f"there is no older generation than {current} to go back to")
        generation = older[-1]
    await store.open(generation)  # a generation that cannot be read must not become current
    await store.publish(generation)
    return f"Generation {generation} is current; {current} was."


async def _publish(store: EdgeStore, generation: str, *, force: bool) -> str:
    from dataclasses import replace

    manifest = (await store.open(generation)).manifest
    if not _passed(manifest):
        failed = "; ".join(check.name for check in manifest.gate if not check.passed)
        if not force:
            raise GenerationMissing(
                f"{generation} failed the gate ({failed}); --force publishes it all the same"
            )
        await store.record(replace(manifest, forced=True))
    await store.publish(generation)
    return f"Generation {generation} is current."


async def _inspect(store: EdgeStore, document_id: str, as_json: bool) -> None:
    reader = await store.current()
    passages = [passage async for passage in reader.document_passages(document_id)] if reader else []
    if not passages:
        raise GenerationMissing(f"the current generation has no document {document_id!r}")
    if as_json:
        _print_json([asdict(passage) for passage in passages])
        return
    table = Table(title=f"{passages[0].imprint.title} ({document_id})", title_justify="left")
    for name in ("#", "kind", "tokens", "characters", "section", "begins"):
        table.add_column(name, justify="right" if name in ("#", "tokens") else "left")
    for p in passages:
        begins = " ".join(p.text.split())[:40]
        where = escape(" › ".join(p.section_path))
        table.add_row(str(p.ordinal), p.kind, str(p.n_tokens), f"{p.start}–{p.end}", where, escape(begins))
    _console.print(table)


async def _quarantine(store: EdgeStore, as_json: bool) -> None:
    records = (await _current(store)).quarantine
    if as_json:
        _print_json([asdict(record) for record in records])
        return
    for record in records:
        place = f"{record.source}/{record.entry}" if record.entry else record.source
        _console.print(f"[yellow]{escape(place)}[/]: {escape(record.reason)}", soft_wrap=True)
    _console.print(f"{len(records)} quarantined.")


def _show(command: Callable[..., Coroutine[Any, Any, None]], *, as_json: bool) -> None:
    _or_exit(lambda: asyncio.run(command(_store(), as_json=as_json)))


def _act(command: Callable[[EdgeStore], Coroutine[Any, Any, str]]) -> None:
    _or_exit(lambda: _console.print(asyncio.run(command(_store())), soft_wrap=True))


def _store() -> EdgeStore:
    settings = read_settings(KnowledgeSettings)
    return EdgeStore(settings.knowledge_path, settings.keep_generations)


async def _current(store: EdgeStore) -> Manifest:
    reader = await store.current()
    if reader is None:
        raise GenerationMissing(f"{store.root} holds no index yet; run `medcite-ingest run SOURCE`")
    return reader.manifest


def _passed(manifest: Manifest) -> bool:
    return manifest.forced or all(check.passed for check in manifest.gate)


def _summary(manifest: Manifest) -> dict[str, Any]:
    gate = "forced" if manifest.forced else ("passed" if _passed(manifest) else "failed")
    return {
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "documents": len(manifest.documents),
        "passages": manifest.n_passages,
        "gate": gate,
    }


def _print_json(facts: object) -> None:
    sys.stdout.write(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode() + "\n")


def _or_exit(command: Callable[[], None]) -> None:
    try:
        command()
    except (KnowledgeError, IngestError) as error:
        _errors.print(f"[red]medcite-ingest[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
