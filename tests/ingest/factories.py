"""Small makers of source folders and runs for the tests."""

from pathlib import Path

from ingest.pipeline import Run, ingest
from ingest.report import IngestReport
from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.embedding import Embedder
from knowledge.embedding_fake import HashingEmbedder

PRESSURE = "---\nid: pressure\ntitle: 高血压\n---\n\n# 高血压\n\n血压 140/90 mmHg 为高血压。\n"
SUGAR = "---\nid: sugar\ntitle: 糖尿病\n---\n\n# 糖尿病\n\nHbA1c 应低于 7.0%。\n"


def write_texts(folder: Path, **texts: str | bytes) -> Path:
    """Write `name=text` as `name.md` into a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


async def run_ingest(
    root: Path, *sources: Path, embedder: Embedder | None = None, passage_tokens: int = 64
) -> IngestReport:
    """Ingest sources into the store below `root`."""
    store = EdgeStore(root / "knowledge")
    return await ingest(
        Run(sources, store, embedder or HashingEmbedder(), passage_tokens, lambda stage, done, total: None)
    )


async def open_store(root: Path) -> EdgeReader:
    """Open the current generation of the store below `root`."""
    reader = await EdgeStore(root / "knowledge").current()
    assert reader is not None
    return reader


async def text_of(root: Path, document_id: str) -> str:
    """Read a document from the current generation; empty when it is not there."""
    reader = await open_store(root)
    return "".join([passage.text async for passage in reader.document_passages(document_id)])
