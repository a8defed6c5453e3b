"""The peer that ingest is measured against: LlamaIndex's `IngestionPipeline`.

    python -m benchmarks.peers answers QUESTIONS.jsonl CORPUS_FOLDER

measures answers against another, its `CitationQueryEngine` (`peers_answers.py`).
"""

import sys
import uuid
import warnings
from contextlib import redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from llama_index.core import SimpleDirectoryReader
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import BaseNode, Document, MetadataMode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.vector_stores.qdrant import QdrantVectorStore
from pydantic import PrivateAttr
from qdrant_client import QdrantClient

from benchmarks.ingest_corpus import Corpus
from knowledge.embedding import Embedder

# As many texts at once as our own embedder gives the model; the library's default is 10.
_BATCH = 16
LOCAL = ("memory", "disk")
_CANDIDATE_TOKENS = (96, 112, 128, 160, 192, 224, 256, 320)
_CALIBRATED_ON = 50

VERSIONS = ", ".join(
    f"{name} {version(name)}"
    for name in ("llama-index-core", "llama-index-vector-stores-qdrant", "qdrant-client")
)


class SameEmbedding(BaseEmbedding):  # type: ignore[misc] # the library is not read by mypy here
    """One of our embedders as LlamaIndex wants it."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.fingerprint, embed_batch_size=_BATCH)
        self._embedder = embedder

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._embedder.embed_queries([query])[0].tolist()
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class LlamaIndexSide:
    """LlamaIndex's way of the same documents: sentence splitter, embedder, docstore, Qdrant.

    It reads the texts that our loaders made, from files of plain text: it is spared parsing and
    cleaning. Cache and docstore strategy are the library's defaults. Docstore and cache are written
    to disk where Qdrant's collection is.

    Args:
        corpus: The documents.
        embedder: The embedder that our side uses.
        folder: Where its files go.
    """

    def __init__(self, corpus: Corpus, embedder: Embedder, folder: Path) -> None:
        self._titles = _write_texts(corpus, folder / "texts")
        self._embedder = embedder
        self._folder = folder
        self._runs = 0
        self.n_passages = 0
        self.chunk_tokens, self.mean_tokens = self._calibrate(
            float(np.mean(embedder.count_tokens(corpus.passages)))
        )

    def run(self, store: str) -> None:
        """Ingest all documents into a new collection.

        `store` is `memory` or `disk` for Qdrant's local mode, a stand-in for the engine, in Python,
        that comes with qdrant-client, or the URL of a server, where the collection stays.
        """
        self._runs += 1
        # Qdrant's local mode says that it has no payload indexes.
        warnings.filterwarnings("ignore", "Payload indexes have no effect", UserWarning)
        client = self._client(store)
        try:
            self._run(client, persists=store != "memory")
        finally:
            client.close()

    def _run(self, client: QdrantClient, *, persists: bool) -> None:
        pipeline = IngestionPipeline(
            transformations=[self._splitter(self.chunk_tokens), SameEmbedding(self._embedder)],
            docstore=SimpleDocumentStore(),
            vector_store=self._vectors(client),
        )
        # The splitter prints where titles are long; --json needs stdout for itself.
        with redirect_stdout(sys.stderr):
            self.n_passages = len(pipeline.run(documents=self._documents()))
        if persists:
            pipeline.persist(str(self._folder / f"pipeline-{self._runs}"))

    def _client(self, store: str) -> QdrantClient:
        if store == "memory":
            return QdrantClient(":memory:")
        if store == "disk":
            return QdrantClient(path=str(self._folder / f"qdrant-{self._runs}"))
        return QdrantClient(url=store)

    def _vectors(self, client: QdrantClient) -> QdrantVectorStore:
        return QdrantVectorStore(collection_name=f"benchmark-{uuid.uuid4().hex}", client=client)

    def _documents(self) -> list[Document]:
        reader = SimpleDirectoryReader(
            str(self._folder / "texts"),
            filename_as_id=True,
            file_metadata=lambda path: {"title": self._titles[Path(path).name]},
        )
        documents: list[Document] = reader.load_data()
        return documents

    def _splitter(self, chunk_tokens: int) -> SentenceSplitter:
        return SentenceSplitter(
            chunk_size=chunk_tokens,
            chunk_overlap=0,
            # The library's own counter, tiktoken, is slower; lengths are compared in the embedder's tokens.
            tokenizer=lambda text: range(len(text.encode()) // 4 + 1),
        )

    def _calibrate(self, wanted: float) -> tuple[int, float]:
        """Choose the chunk size whose passages are about as long as ours; (size, mean tokens)."""
        documents = self._documents()
        documents = documents[:: max(1, len(documents) // _CALIBRATED_ON)]
        means: dict[int, float] = {}
        for chunk_tokens in _CANDIDATE_TOKENS:
            with redirect_stdout(sys.stderr), suppress(ValueError):  # a title longer than that
                means[chunk_tokens] = self._mean_tokens(self._splitter(chunk_tokens)(documents))
        best = min(means, key=lambda chunk_tokens: abs(means[chunk_tokens] - wanted))
        return best, means[best]

    def _mean_tokens(self, passages: list[BaseNode]) -> float:
        texts = [passage.get_content(MetadataMode.EMBED) for passage in passages]
        return float(np.mean(self._embedder.count_tokens(texts)))


def _write_texts(corpus: Corpus, folder: Path) -> dict[str, str]:
    """Write the cleaned texts as files; give their titles by file name."""
    folder.mkdir()
    titles: dict[str, str] = {}
    for number, (title, text) in enumerate(corpus.texts):
        name = f"{number:06}.txt"
        (folder / name).write_text(text, "utf-8")
        titles[name] = title
    return titles


if __name__ == "__main__":
    from benchmarks.peers_answers import app

    app()
