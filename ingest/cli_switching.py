"""The commands of `medcite-ingest` that make another generation current."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console

from ingest.cli_generations import current_manifest, opened, or_exit
from knowledge.errors import GenerationCorrupt, GenerationMissing
from knowledge.generation import Manifest
from knowledge.store import PassageStore

_console = Console()


def rollback(
    generation: Annotated[str | None, typer.Argument(help="See `generations`.")] = None,
) -> None:
    """Make an older generation current again: the one that the current one replaced, or the one named."""
    _act(lambda store: _rollback(store, generation))


def publish(
    generation: Annotated[str, typer.Argument(help="A complete generation, see `generations`.")],
    force: Annotated[bool, typer.Option(help="Publish although the gate was not passed.")] = False,
) -> None:
    """Make a complete generation current; one that failed the gate only with --force."""
    _act(lambda store: _publish(store, generation, force=force))


async def _rollback(store: PassageStore, generation: str | None) -> str:
    try:
        current: Manifest | None = await current_manifest(store)
    except GenerationCorrupt:
        current = None
    if generation is None:
        generation = await _before(store, current)
    await _make_current(store, generation)
    return f"Generation {generation} is current; {current.generation if current else 'a broken one'} was."


async def _before(store: PassageStore, current: Manifest | None) -> str:
    """Find the generation to go back to.

    It is the one that the current one replaced, not the one with the next older id: that may have
    been rolled back from for good reason, or bear the date of a clock that was wrong. Where the
    current one is broken and cannot say, it is the newest.
    """
    known = {manifest.generation: manifest for manifest in await store.generations()}
    if current is None:
        candidates = [*reversed(known.values())]
    else:
        candidates = []
        while (current := known.pop(current.parent or "", None)) is not None:
            candidates.append(current)
    for manifest in candidates:
        if manifest.is_approved and await _is_whole(store, manifest.generation):
            return manifest.generation
    raise GenerationMissing("there is no generation to go back to; see `medcite-ingest generations`")


async def _is_whole(store: PassageStore, generation: str) -> bool:
    try:
        await store.open(generation)
    except (GenerationCorrupt, GenerationMissing):
        return False
    return True


async def _publish(store: PassageStore, generation: str, *, force: bool) -> str:
    manifest = (await store.open(generation)).manifest
    if force and not manifest.is_approved:
        await store.record(replace(manifest, forced=True))
    await _make_current(store, generation)
    return f"Generation {generation} is current."


async def _make_current(store: PassageStore, generation: str) -> None:
    manifest = (await store.open(generation)).manifest  # one that cannot be read must not become current
    if not manifest.is_approved:
        failed = "; ".join(check.name for check in manifest.gate if not check.passed)
        fault = f"failed the gate ({failed})" if failed else "has not been before the gate"
        raise GenerationMissing(f"{generation} {fault}; `publish --force` makes it current all the same")
    await store.publish(generation)


def _act(command: Callable[[PassageStore], Coroutine[Any, Any, str]]) -> None:
    or_exit(lambda: _console.print(asyncio.run(command(opened())), soft_wrap=True))
