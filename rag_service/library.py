"""The library: the current generation, kept open, and the embedder that searches it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from knowledge.document import Language
from knowledge.embedding import QuestionEmbedder
from knowledge.errors import GenerationMismatch, KnowledgeError, RerankFailed
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import Passage
from knowledge.retrieval import Reranking, Retrieved, retrieve
from knowledge.search import SearchQuery, with_status
from knowledge.store import GenerationReader, PassageStore
from knowledge.understanding import understand
from rag_service.errors import KnowledgeAway, NotFound

_FOLLOW_S = 0.5


class Library:
    """Answers what the service asks of the index; follows each newly published generation.

    The embedder is loaded in the background after `open`, so that the service is reachable at once;
    questions wait for it. They do not wait for the reranker, which is loaded beside it.
    """

    def __init__(
        self, store: PassageStore, embedder: QuestionEmbedder, reranking: Reranking | None = None
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._queries = QueryEmbedder(embedder)
        self._reranking = reranking
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def embedder_fingerprint(self) -> str:
        """Which model embeds the questions."""
        return self._embedder.fingerprint

    async def open(self) -> None:
        """Check the index against the embedder, then begin to load the embedder.

        An index that has not been published yet is no fault: the service waits for it.

        Raises:
            GenerationMismatch: The index was built with another embedder.
            GenerationCorrupt: The index cannot be read.
        """
        reader = await self._store.current()
        if reader is not None:
            self._check(reader)
        self._queries.load()
        self._tasks.append(asyncio.create_task(self._follow()))
        if self._reranking is not None:
            self._tasks.append(asyncio.create_task(_load(self._reranking)))

    async def close(self) -> None:
        """Release the models."""
        for task in self._tasks:
            task.cancel()
        if self._reranking is not None:
            await self._reranking.reranker.close()
        await asyncio.to_thread(self._queries.close)

    async def reader(self) -> GenerationReader:
        """Give the current generation.

        Raises:
            KnowledgeAway: Nothing has been published.
            GenerationMismatch: A newer generation was built with another embedder.
            GenerationCorrupt: A newer generation cannot be read.
        """
        reader = await self._store.current()
        if reader is None:
            raise KnowledgeAway("no index has been published; run `medcite-ingest run SOURCE`")
        self._check(reader)
        return reader

    async def retrieve(self, query: SearchQuery) -> tuple[str, Retrieved]:
        """Find the evidence for an answer in the current generation.

        Returns:
            The generation's id and what was retrieved.
        """
        reader = await self.reader()
        return reader.manifest.generation, await retrieve(reader, self._queries, query, self._reranking)

    async def compare(self, question: str, texts: Sequence[tuple[str, Language]]) -> list[float]:
        """Compare pieces of text, each with its language, with a question by their meaning.

        Returns:
            The cosine of each with the question, -1 to 1, the languages' means taken out.

        Raises:
            EmbeddingFailed: The model failed.
        """
        if not texts:
            return []
        centring = (await self.reader()).manifest.centring
        understood = understand(question)
        asked = await self._queries.embed(understood.text or question)
        wanted = centring.query_vector(asked, understood.language)
        plain = await self._queries.embed_passages([text for text, _ in texts])
        return [
            float(centring.passage_vectors(vector[None], language)[0] @ wanted)
            for vector, (_, language) in zip(plain, texts, strict=True)
        ]

    async def passage(self, passage_id: str) -> Passage:
        """Fetch a passage of the current generation.

        Raises:
            NotFound: The generation has no such passage.
        """
        reader = await self.reader()
        passages = [with_status(each, reader.manifest) for each in await reader.passages([passage_id])]
        if not passages:
            raise NotFound(f"the current generation has no passage {passage_id!r}")
        return passages[0]

    async def document(self, document_id: str) -> list[Passage]:
        """Fetch all passages of a document in order; of one that repeats another, those of the other.

        Raises:
            NotFound: The generation has no such document.
        """
        reader = await self.reader()
        record = reader.manifest.documents.get(document_id)
        # A copy has no passages: what it says stands in its original.
        held_as = record.duplicate_of if record and record.duplicate_of else document_id
        passages = [
            with_status(passage, reader.manifest) async for passage in reader.document_passages(held_as)
        ]
        if not passages:
            raise NotFound(f"the current generation has no document {document_id!r}")
        return passages

    async def faults(self) -> list[str]:
        """Say what keeps questions from being answered from the index."""
        found: list[str] = []
        try:
            await self.reader()
        except (KnowledgeAway, KnowledgeError) as error:
            found.append(str(error))
        if self._queries.fault is not None:
            found.append(self._queries.fault)
        return found

    async def _follow(self) -> None:
        """Look for a new generation now and then, or the first question after it would get the old one."""
        while True:
            await asyncio.sleep(_FOLLOW_S)
            # Whoever asks for the reader is told of the fault.
            with suppress(KnowledgeError):
                await self._store.current()

    def _check(self, reader: GenerationReader) -> None:
        built_with = reader.manifest.recipe.embedder
        if built_with != self._embedder.fingerprint:
            raise GenerationMismatch(
                f"generation {reader.manifest.generation} was built with the embedder {built_with}, this service "
                f"has {self._embedder.fingerprint}; set MEDCITE_EMBEDDING_MODEL to the same model or run "
                "medcite-ingest again"
            )


async def _load(reranking: Reranking) -> None:
    # A reranker that cannot be loaded fails again at each question, and is told of there.
    with suppress(RerankFailed):
        await reranking.reranker.score("", [])
