"""Small makers of source folders and runs for the tests."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.gate import GateLimits
from ingest.pipeline import ingest
from ingest.report import IngestReport
from ingest.run import Run
from ingest.sources import Source
from ingest.vector_cache import VectorCache
from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.embedding import Vectors, fingerprint_model
from knowledge.embedding_fake import HashingEmbedder

# Demands nothing: a test of something else may remove what it likes.
LENIENT = GateLimits(golden_recall=0, max_loss=1)

PRESSURE = "---\nid: pressure\ntitle: 高血压\n---\n\n# 高血压\n\n血压 140/90 mmHg 为高血压。\n"
SUGAR = "---\nid: sugar\ntitle: 糖尿病\n---\n\n# 糖尿病\n\nHbA1c 应低于 7.0%。\n"


def write_texts(folder: Path, **texts: str | bytes) -> Path:
    """Write `name=text` as `name.md` into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


class CountingEmbedder(HashingEmbedder):
    """Remembers the passages that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_passages(self, texts: list[str]) -> Vectors:
        self.texts += texts
        return super().embed_passages(texts)


def make_run(root: Path, *sources: Path, **changes: Any) -> Run:
    """Make a run over sources into the store below `root`; `changes` are fields of it."""
    embedder = changes.pop("embedder", HashingEmbedder())
    run = Run(
        sources=tuple(map(Source.of_path, sources)),
        store=EdgeStore(root / "knowledge"),
        embedder=embedder,
        cache=VectorCache(root / "vectors", embedder.fingerprint),
        passage_tokens=64,
        golden=(),
        limits=LENIENT,
        progress=lambda stage, done, total: None,
    )
    return replace(run, **changes)


async def run_ingest(root: Path, *sources: Path, **changes: Any) -> IngestReport:
    """Ingest sources into the store below `root`; `changes` are fields of the run."""
    run = make_run(root, *sources, **changes)
    try:
        return await ingest(run)
    finally:
        run.cache.close()


async def open_store(root: Path) -> EdgeReader:
    """Open the current generation of the store below `root`."""
    reader = await EdgeStore(root / "knowledge").current()
    assert reader is not None
    return reader


async def text_of(root: Path, document_id: str) -> str:
    """Read a document from the current generation; empty when it is not there."""
    reader = await open_store(root)
    return "".join([passage.text async for passage in reader.document_passages(document_id)])


def point_commands_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point commands to the store below `root` and to a model that is there but is never loaded."""
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(root / "knowledge"))
    monkeypatch.setenv("MEDCITE_CACHE", str(root / "cache"))
    monkeypatch.setenv("MEDCITE_EMBEDDING_MODEL", str(make_model(root)))


def make_model(root: Path) -> Path:
    """Make a folder that looks like that of a model."""
    model = root / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text("{}")
    return model


def publish(root: Path, *sources: Path, **changes: Any) -> IngestReport:
    """Ingest with the recipe that the commands will have; they never load the model of these tests."""
    embedder = HashingEmbedder()
    model = make_model(root)
    embedder.fingerprint = fingerprint_model(str(model), model)
    return asyncio.run(run_ingest(root, *sources, embedder=embedder, passage_tokens=256, **changes))
