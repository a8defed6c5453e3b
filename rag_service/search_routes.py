"""The route of a search."""

import time
from typing import Any

from fastapi import APIRouter

from knowledge.evidence import LeftOut
from knowledge.passage import ScoredPassage
from knowledge.search import SearchQuery
from knowledge.terms import terms
from rag_service.dependencies import LibraryDep
from rag_service.draft import ms_since
from rag_service.protocol import Problem
from rag_service.resources import passage_resource
from rag_service.search_wire import Explanation, Hit, SearchRequest, SearchResponse

router = APIRouter()

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {400: "Not JSON", 422: "Invalid search", 503: "No index"}.items()
}


@router.post("/v1/search", responses=_PROBLEMS)
async def search(asked: SearchRequest, library: LibraryDep) -> SearchResponse:
    """Find passages, best first; an explanation says which of them an answer would not be made from."""
    started_at = time.perf_counter()
    query = SearchQuery(asked.query, asked.limit, asked.filters.admitting())
    generation, retrieved = await library.retrieve(query)
    ranked = retrieved.found[: asked.limit]
    left_out = {each.passage_id: each for each in retrieved.left_out}
    wanted = frozenset(terms(retrieved.understood.text)) if asked.explain else None
    return SearchResponse(
        hits=tuple(_hit(rank, hit, wanted, left_out) for rank, hit in enumerate(ranked, start=1)),
        language=retrieved.understood.language,
        generation=generation,
        sufficiency=round(retrieved.sufficiency, 4),
        reason=retrieved.why_empty,
        degraded=retrieved.degraded,
        filters=asked.filters,
        timings_ms={"total": ms_since(started_at)},
    )


def _hit(rank: int, hit: ScoredPassage, wanted: frozenset[str] | None, left_out: dict[str, LeftOut]) -> Hit:
    explanation = None if wanted is None else _explain(hit, wanted, left_out.get(hit.passage.passage_id))
    return Hit(
        rank=rank,
        score=round(hit.score, 6),
        passage=passage_resource(hit.passage),
        explanation=explanation,
    )


def _explain(hit: ScoredPassage, wanted: frozenset[str], left_out: LeftOut | None) -> Explanation:
    return Explanation(
        dense=hit.dense,
        sparse=hit.sparse,
        reranked=hit.reranked,
        matched_terms=tuple(sorted(wanted & set(terms(hit.passage.embedded_text)))),
        left_out=left_out.reason if left_out else None,
        because_of=left_out.because_of if left_out else None,
    )
