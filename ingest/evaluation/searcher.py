"""A searcher: finds documents and evidence in the way of one configuration."""

from collections.abc import Sequence

from ingest.evaluation.configurations import Configuration
from ingest.evaluation.errors import EvaluationFailed
from ingest.evaluation.ranking import fuse_ranks, list_copies, rank_documents
from knowledge.document import guess_language
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import ScoredPassage
from knowledge.reranking import rerank
from knowledge.retrieval import Reranking, Retrieved, retrieve
from knowledge.search import SearchQuery, hybrid_query, search
from knowledge.sparse import weigh_query
from knowledge.store import N_CANDIDATES, GenerationReader
from knowledge.understanding import Understood

# As many as an answer is made from.
N_EVIDENCE = 8


class Searcher:
    """Searches one generation in the way of one configuration; `reranking` is used if that wants it."""

    def __init__(
        self,
        reader: GenerationReader,
        embedder: QueryEmbedder,
        configuration: Configuration,
        reranking: Reranking | None,
    ) -> None:
        self.configuration = configuration
        self._reader = reader
        self._embedder = embedder
        self._reranking = reranking if configuration.rerank else None
        self._copies = list_copies(reader.manifest)

    async def documents(self, question: str) -> list[str]:
        """Rank the documents that answer a question, best first.

        Raises:
            EvaluationFailed: The reranker failed.
            KnowledgeError: The embedder or the store failed.
        """
        if self.configuration.stage == "evidence":
            return rank_documents((await self.evidence(question)).chosen, self._copies)
        hits = await self._hits(question)
        if self._reranking and hits:
            way = self._reranking
            reranked = await rerank(way.reranker, question, hits, way.n_candidates, way.time_box_s)
            _demand_reranked(reranked.degraded)
            hits = reranked.hits
        return rank_documents(hits, self._copies)

    async def evidence(self, question: str) -> Retrieved:
        """Choose the evidence for an answer as the service does.

        Raises:
            EvaluationFailed: The reranker failed.
            KnowledgeError: The embedder or the store failed.
        """
        query = SearchQuery(question, N_EVIDENCE, dense_weight=self.configuration.weight)
        retrieved = await retrieve(self._reader, self._embedder, query, self._reranking)
        _demand_reranked(retrieved.degraded)
        return retrieved

    async def _hits(self, question: str) -> Sequence[ScoredPassage]:
        match self.configuration.legs:
            case "dense":
                return await self._dense_leg(question)
            case "sparse":
                return await self._sparse_leg(question)
            case "rrf":
                return fuse_ranks(await self._dense_leg(question), await self._sparse_leg(question))
        return await self._search(question, self.configuration.dense_weight)

    async def _dense_leg(self, question: str) -> list[ScoredPassage]:
        scored = [(hit.dense, hit) for hit in await self._search(question, 1.0) if hit.dense is not None]
        return [hit for _, hit in sorted(scored, key=lambda pair: -pair[0])]

    async def _sparse_leg(self, question: str) -> list[ScoredPassage]:
        """Keep what the sparse leg returned: across languages fusion lets the dense one stand in for it.

        Three times as many are asked for, so that those do not take the places of the sparse ones.
        """
        hits = await self._search(question, 0.0, 3 * N_CANDIDATES)
        scored = [(hit.sparse, hit) for hit in hits if hit.sparse is not None]
        return [hit for _, hit in sorted(scored, key=lambda pair: -pair[0])]

    async def _search(
        self, question: str, dense_weight: float, limit: int = N_CANDIDATES
    ) -> list[ScoredPassage]:
        # More would widen the legs too, and with them what the scores of both are normalised by.
        query = SearchQuery(question, limit, dense_weight=dense_weight)
        if self.configuration.understand:
            return (await search(self._reader, self._embedder, query)).hits
        plain = Understood(question, guess_language(question), weigh_query(question))
        vector = await self._embedder.embed(question)
        return await self._reader.search(hybrid_query(plain, vector, self._reader.manifest, query))


def _demand_reranked(degraded: str) -> None:
    if degraded:
        raise EvaluationFailed(f"the reranker failed: {degraded}; figures without it would be another's")
