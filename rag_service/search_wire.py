"""Searches as they go over the wire."""

from typing import Literal

from pydantic import Field

from knowledge.document import Language
from knowledge.evidence import Reason
from rag_service.answer_request import Filters
from rag_service.protocol import Wire
from rag_service.resources import PassageResource


class SearchRequest(Wire):
    """A search."""

    query: str = Field(description="A question or words, in Chinese or English.", examples=["二甲双胍 禁忌"])
    limit: int = Field(default=8, ge=1, le=100, description="Most hits.")
    filters: Filters = Field(default=Filters(), description="Which passages may be found; by default all.")
    explain: bool = Field(default=False, description="True to be told why each hit stands where it does.")


class Explanation(Wire):
    """Why a hit stands where it does.

    `dense` is the cosine of the centred vectors, `sparse` the weight of the shared terms; each None
    where that leg did not return the passage. `matched_terms` are the search terms that both texts
    have, as they are compared. `left_out` says why an answer would not be made from it, and
    `because_of` which passage it gives way to.
    """

    dense: float | None
    sparse: float | None
    reranked: float | None
    matched_terms: tuple[str, ...]
    left_out: Reason | None
    because_of: str | None


class Hit(Wire):
    """A passage that was found; `score` is the fused score in [0, 1]."""

    rank: int
    score: float
    passage: PassageResource
    explanation: Explanation | None = None


class SearchResponse(Wire):
    """What was found, best first.

    `sufficiency` (0 to 1) is the estimated probability that the passages an answer would be made
    from hold it. `reason` says why there are no hits: the query has no word, or nothing admitted
    shares a term or meaning with it.
    """

    hits: tuple[Hit, ...]
    language: Language
    generation: str
    sufficiency: float
    reason: Literal["", "no_words", "nothing_found"]
    degraded: str = Field(description="Why the hits were not reranked though they should have been.")
    filters: Filters
    timings_ms: dict[str, float]
