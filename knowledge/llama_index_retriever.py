"""The index as a LlamaIndex retriever, for query engines and agents built with LlamaIndex.

Needs the extra `llama-index` and is imported by no other module.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import date
from threading import Thread
from typing import Any, Self

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from knowledge.embedding import QuestionEmbedder, SentenceTransformerEmbedder
from knowledge.errors import GenerationMismatch, GenerationMissing
from knowledge.microbatch import QueryEmbedder
from knowledge.open_store import open_store
from knowledge.passage import Passage, ScoredPassage
from knowledge.search import SearchQuery, search
from knowledge.settings import KnowledgeSettings, read_settings
from knowledge.store import GenerationReader, PassageStore, SearchFilter

# What a language model is shown of a passage, and what another embedder embeds with it. `context`
# holds the title, the headings and a table's header row.
_FOR_MODELS = frozenset({"context", "publisher", "published_on", "reviewed_on", "status"})
_FOR_EMBEDDERS = frozenset({"context"})


class MedciteRetriever(BaseRetriever):  # type: ignore[misc]  # LlamaIndex is followed as Any
    """Finds passages of the current generation; follows each newly published one.

    A node is a passage: its id, its exact text and, as metadata, where it comes from. The score is
    the fused one in [0, 1]. `retrieve` and `aretrieve` may be called from any thread and any event
    loop: the store and the embedder live on one loop in a thread of the retriever's own, and are
    its alone.
    """

    def __init__(
        self,
        store: PassageStore,
        embedder: QuestionEmbedder,
        limit: int = 8,
        only: SearchFilter | None = None,
    ) -> None:
        super().__init__()
        self._store = store
        self._embedder = embedder
        self._queries = QueryEmbedder(embedder)
        self._limit = limit
        self._only = only or SearchFilter()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="medcite-retriever", daemon=True)
        self._thread.start()

    @classmethod
    def from_settings(cls, limit: int = 8, only: SearchFilter | None = None) -> Self:
        """Make the retriever that the MEDCITE_ variables describe; the model is loaded at first use.

        Raises:
            InvalidSettings: A variable is unknown or its value is out of range.
            EmbeddingFailed: The embedding model is not to be had.
        """
        settings = read_settings(KnowledgeSettings)
        # In this process: one of its own would import the caller's script a second time.
        embedder = SentenceTransformerEmbedder(settings.embedding_model, settings.models_path)
        return cls(open_store(settings), embedder, limit, only)

    def close(self) -> None:
        """Close the store and end the retriever's threads."""
        asyncio.run_coroutine_threadsafe(self._store.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._queries.close()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._begin(self._find(query_bundle.query_str)).result()

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.wrap_future(self._begin(self._find(query_bundle.query_str)))

    def _begin(self, finding: Coroutine[Any, Any, list[NodeWithScore]]) -> "Future[list[NodeWithScore]]":
        return asyncio.run_coroutine_threadsafe(finding, self._loop)

    async def _find(self, question: str) -> list[NodeWithScore]:
        query = SearchQuery(question, self._limit, self._only)
        found = await search(await self._reader(), self._queries, query)
        return [_node(hit) for hit in found.hits]

    async def _reader(self) -> GenerationReader:
        reader = await self._store.current()
        if reader is None:
            raise GenerationMissing("no index has been published; run `medcite-ingest run SOURCE`")
        built_with = reader.manifest.recipe.embedder
        if built_with != self._embedder.fingerprint:
            raise GenerationMismatch(
                f"the index was built with the embedder {built_with}, this retriever has "
                f"{self._embedder.fingerprint}; set MEDCITE_EMBEDDING_MODEL to the same model"
            )
        return reader


def _node(hit: ScoredPassage) -> NodeWithScore:
    passage = hit.passage
    metadata = _metadata(passage)
    node = TextNode(
        id_=passage.passage_id,
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=metadata,
        excluded_llm_metadata_keys=[key for key in metadata if key not in _FOR_MODELS],
        excluded_embed_metadata_keys=[key for key in metadata if key not in _FOR_EMBEDDERS],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.document_id)},
    )
    return NodeWithScore(node=node, score=hit.score)


def _metadata(passage: Passage) -> dict[str, str | int]:
    """Say where a passage comes from, flat as vector stores want it; what is unknown is left out."""
    imprint = passage.imprint
    facts: dict[str, str | int | None] = {
        "context": passage.context,
        "title": imprint.title,
        "section_path": " > ".join(passage.section_path),
        "publisher": imprint.publisher,
        "published_on": _iso(imprint.published_on),
        "reviewed_on": _iso(imprint.reviewed_on),
        "url": imprint.url,
        "language": imprint.language,
        "status": imprint.status,
        "start": passage.start,
        "end": passage.end,
    }
    return {name: fact for name, fact in facts.items() if fact is not None and fact != ""}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
