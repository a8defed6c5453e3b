"""Our side: one ingest into an empty folder, and the embedders it is measured with."""

import asyncio
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ingest.gate import GateLimits
from ingest.pipeline import ingest
from ingest.report import IngestReport
from ingest.run import Run
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.vector_cache import VectorCache
from knowledge.edge_store import EdgeStore
from knowledge.embedding import Embedder, SentenceTransformerEmbedder, Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.passage import Passage
from knowledge.settings import KnowledgeSettings, read_settings

EmbedderName = Literal["real", "zero", "hashing"]

_POOL = np.random.default_rng(0).standard_normal(2**18, dtype=np.float32)


class ZeroCostEmbedder:
    """Gives each text a vector of its own for the price of a checksum.

    The vectors are windows of one row of random numbers: far apart from each other, as real ones
    are, so that building the vector index costs what it costs.

    Args:
        dimension: Length of a vector.
        counter: Counts tokens; without one a token is four bytes of UTF-8.
    """

    max_tokens = 512

    def __init__(self, dimension: int = 384, counter: Callable[[list[str]], list[int]] | None = None) -> None:
        self.dimension = dimension
        self.fingerprint = f"zero-cost@{dimension}"
        self._counter = counter or _count_quickly
        self._windows = sliding_window_view(_POOL, dimension)

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Give float32 vectors of shape (n, dimension), L2-normalised."""
        starts = [zlib.crc32(text.encode()) % len(self._windows) for text in texts]
        vectors = self._windows[starts]
        normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalised

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions the same way as passages."""
        return self.embed_passages(texts)

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Count the tokens of each text."""
        return self._counter(texts)


def _count_quickly(texts: list[str]) -> list[int]:
    return [len(text.encode()) // 4 + 1 for text in texts]


def make_embedder(name: EmbedderName) -> Embedder:
    """Make an embedder by its name on the command line; the real one comes loaded and warm."""
    if name == "zero":
        return ZeroCostEmbedder()
    if name == "hashing":
        return HashingEmbedder()
    settings = read_settings(KnowledgeSettings)
    embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
    embedder.embed_passages(["warm-up " * 100] * 16)
    return embedder


def fill(root: Path, source: Path, embedder: Embedder) -> IngestReport:
    """Ingest a folder into the store below `root`, without golden questions.

    Raises:
        SystemExit: Nothing was published.
    """
    demands = read_settings(IngestSettings)
    cache = VectorCache(root / "vectors", embedder.fingerprint)
    run = Run(
        sources=(Source.of_path(source),),
        store=open_store(root),
        embedder=embedder,
        cache=cache,
        passage_tokens=demands.passage_tokens,
        golden=(),
        limits=GateLimits(demands.golden_recall, demands.max_loss),
        progress=lambda *_: None,
    )
    try:
        report = asyncio.run(ingest(run))
    finally:
        cache.close()
    if report.outcome == "not_published":
        raise SystemExit(f"nothing was published: {report.reason}")
    return report


def open_store(root: Path) -> EdgeStore:
    """Name the store below `root`."""
    return EdgeStore(root / "knowledge")


def stored_documents(root: Path) -> dict[str, list[Passage]]:
    """Read all passages of the current generation by document id, in order."""

    async def read() -> dict[str, list[Passage]]:
        reader = await open_store(root).current()
        ids = sorted(reader.manifest.documents) if reader else []
        return {i: [passage async for passage in reader.document_passages(i)] for i in ids if reader}

    return asyncio.run(read())
