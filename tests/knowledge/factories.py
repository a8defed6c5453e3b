"""Small makers of documents, passages and generations for the tests."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings

from knowledge.document import Document, Imprint, Section
from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.generation import DocumentRecord, Manifest, Recipe
from knowledge.passage import Passage, passage_id
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages

# No deadline: a shared machine pauses at any time. No database: a run must not depend on the last.
laws = settings(deadline=None, database=None, max_examples=60)

EMBEDDER = HashingEmbedder()


def make_imprint(document_id: str = "hypertension-zh", **changes: Any) -> Imprint:
    """Make the imprint of a short Chinese text."""
    imprint = Imprint(document_id=document_id, title="高血压", language="zh", publisher="medcite")
    return replace(imprint, **changes)


def make_document(text: str, path: tuple[str, ...] = (), **changes: Any) -> Document:
    """Make a document of one section."""
    return Document(
        imprint=make_imprint(**changes), text=text, sections=(Section(path, 0, len(text)),) if text else ()
    )


def make_passage(text: str = "血压 140/90 mmHg。", ordinal: int = 0, **changes: Any) -> Passage:
    """Make a passage; `changes` are fields of its imprint."""
    imprint = make_imprint(**changes)
    return Passage(
        passage_id=passage_id(imprint.document_id, "revision", ordinal),
        ordinal=ordinal,
        section_path=("诊断",),
        start=0,
        end=len(text),
        kind="prose",
        n_tokens=len(text),
        text=text,
        context=imprint.title,
        imprint=imprint,
    )


def make_manifest(generation: str, passages: Sequence[Passage], parent: str | None = None) -> Manifest:
    """Make the manifest of a generation that holds these passages."""
    counts: dict[str, int] = {}
    for passage in passages:
        counts[passage.document_id] = counts.get(passage.document_id, 0) + 1
    return Manifest(
        generation=generation,
        parent=parent,
        created_at="2026-11-24T00:00:00+00:00",
        recipe=Recipe("loaders", "chunker", "sparse", EMBEDDER.fingerprint),
        documents={
            i: DocumentRecord("/texts", f"{i}.md", "0" * 64, "revision", n) for i, n in counts.items()
        },
    )


def embed(passages: Sequence[Passage]) -> EmbeddedPassages:
    """Embed passages with the fake."""
    texts = [passage.embedded_text for passage in passages]
    return EmbeddedPassages(passages, EMBEDDER.embed_passages(texts), [weigh_passage(t) for t in texts])


async def publish(store: EdgeStore, generation: str, passages: Sequence[Passage]) -> Manifest:
    """Publish a generation that holds these passages and no others."""
    manifest = make_manifest(generation, passages)
    async with store.write(generation, None) as writer:
        await writer.upsert(embed(passages))
        await writer.complete(manifest)
    await store.publish(generation)
    return manifest


async def complete(store: EdgeStore, generation: str, text: str) -> EdgeReader:
    """Write a generation of one passage without publishing it."""
    passage = make_passage(text)
    async with store.write(generation, None) as writer:
        await writer.upsert(embed([passage]))
        return await writer.complete(make_manifest(generation, [passage]))


async def texts_of(reader: EdgeReader | None, document_id: str = "hypertension-zh") -> list[str]:
    """Read the texts of the passages of a document."""
    assert reader is not None
    return [passage.text async for passage in reader.document_passages(document_id)]


async def until_given(store: EdgeStore, generation: str) -> EdgeReader:
    """Ask for the current generation until it is the one that another store published."""
    async with asyncio.timeout(10):
        while True:
            reader = await store.current()
            if reader is not None and reader.manifest.generation == generation:
                return reader
            await asyncio.sleep(0.001)


def folder_of(root: Path, generation: str) -> Path:
    """Name the folder of a generation."""
    return root / "generations" / generation


def names_in(folder: Path) -> set[str]:
    """Name what a folder holds."""
    return {path.name for path in folder.iterdir()}
