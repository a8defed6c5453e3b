"""What the contract's tests do with a store."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from knowledge.generation import Manifest
from knowledge.passage import Passage, ScoredPassage
from knowledge.sparse import weigh_query
from knowledge.store import GenerationReader, HybridQuery, PassageStore, SearchFilter
from tests.knowledge.factories import EMBEDDER, embed, make_manifest, make_passage

QUESTION = "血压 140/90"
# A server may be asked for its current generation once a second only.
_PATIENCE_S = 3.0


class CrashedError(Exception):
    """Stands for whatever ends an ingest half-way."""


async def complete(store: PassageStore, generation: str, passages: Sequence[Passage]) -> Manifest:
    """Complete a generation that holds these passages and no others."""
    manifest = make_manifest(generation, passages)
    async with store.write(generation, None) as writer:
        await writer.upsert(embed(passages))
        await writer.complete(manifest)
    return manifest


async def publish(store: PassageStore, generation: str, passages: Sequence[Passage]) -> Manifest:
    """Complete a generation and make it current."""
    manifest = await complete(store, generation, passages)
    await store.publish(generation)
    return manifest


async def crash_while_writing(store: PassageStore, generation: str = "g2") -> None:
    """Begin a generation and end before it is complete."""
    with suppress(CrashedError):
        async with store.write(generation, None) as writer:
            await writer.upsert(embed([make_passage("half")]))
            raise CrashedError


async def open_current(store: PassageStore) -> GenerationReader:
    reader = await store.current()
    assert reader is not None
    return reader


async def current_id(store: PassageStore) -> str:
    return (await open_current(store)).manifest.generation


async def notices(store: PassageStore, generation: str) -> bool:
    """Wait until a store finds that a generation is current; false if it does not."""
    deadline = time.monotonic() + _PATIENCE_S
    while await current_id(store) != generation:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


async def find(
    reader: GenerationReader, question: str = QUESTION, only: SearchFilter | None = None, limit: int = 50
) -> list[ScoredPassage]:
    dense = EMBEDDER.embed_queries([question])[0]
    return await reader.search(HybridQuery(dense, weigh_query(question), limit, only or SearchFilter(), "zh"))


async def documents_found(reader: GenerationReader, only: SearchFilter | None = None) -> set[str]:
    return {hit.passage.document_id for hit in await find(reader, only=only)}


async def texts_of(reader: GenerationReader, document_id: str = "hypertension-zh") -> list[str]:
    return [passage.text async for passage in reader.document_passages(document_id)]


async def generation_ids(store: PassageStore) -> list[str]:
    return [manifest.generation for manifest in await store.generations()]
