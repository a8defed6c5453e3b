"""Retrieval: from a question in words to the evidence for its answer."""

from dataclasses import dataclass

from knowledge.evidence import LeftOut, choose_evidence
from knowledge.microbatch import QueryEmbedder
from knowledge.neighbours import find_neighbours
from knowledge.passage import ScoredPassage
from knowledge.reranking import Reranker, rerank
from knowledge.search import SearchQuery, WhyEmpty, search
from knowledge.store import GenerationReader
from knowledge.sufficiency import ENOUGH, estimate_sufficiency
from knowledge.understanding import Understood

# So many are looked at for each passage wanted: some repeat each other, some are out of date.
_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Reranking:
    """How passages are reranked: the first `n_candidates` by the reranker, within `time_box_s` seconds."""

    reranker: Reranker
    n_candidates: int
    time_box_s: float


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The evidence for an answer, and what came before it.

    `chosen` are the passages for the answer, best first; `found` all that were looked at, in the
    order of the search, with the reasons of those `left_out`. `sufficiency` (0 to 1) is the estimated
    probability that the chosen answer the question. `why_empty` says why nothing was found,
    `degraded` why the reranker was left out.
    """

    chosen: list[ScoredPassage]
    found: list[ScoredPassage]
    left_out: list[LeftOut]
    understood: Understood
    sufficiency: float = 0.0
    why_empty: WhyEmpty = ""
    degraded: str = ""

    @property
    def is_enough(self) -> bool:
        """True when the evidence is worth an answer."""
        return self.sufficiency >= ENOUGH


async def retrieve(
    reader: GenerationReader, embedder: QueryEmbedder, query: SearchQuery, reranking: Reranking | None = None
) -> Retrieved:
    """Find, rerank and choose at most `query.limit` passages for an answer.

    Where fewer are chosen, passages beside them in the same section take the free places.

    Raises:
        EmbeddingFailed: The question could not be embedded.
        KnowledgeError: The store failed.
    """
    found = await search(reader, embedder, query.widened(_LOOKED_AT))
    hits, degraded = found.hits, ""
    if reranking is not None and hits:
        reranked = await rerank(
            reranking.reranker, query.text, hits, reranking.n_candidates, reranking.time_box_s
        )
        hits, degraded = reranked.hits, reranked.degraded
    evidence = choose_evidence(hits, query.limit)
    beside = await find_neighbours(reader, evidence.chosen, query.limit - len(evidence.chosen))
    return Retrieved(
        chosen=evidence.chosen + beside,
        found=hits,
        left_out=evidence.left_out,
        understood=found.understood,
        sufficiency=estimate_sufficiency(found.understood, evidence.chosen),
        why_empty=found.why_empty,
        degraded=degraded,
    )
