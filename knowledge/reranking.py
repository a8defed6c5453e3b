"""Reranking: the first passages of a search put in the order of a model that reads both texts at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from knowledge.errors import RerankFailed
from knowledge.passage import Passage, ScoredPassage

# Search reads no more of a question, and a model reads less.
_MAX_QUESTION_CHARS = 4000


class Reranker(Protocol):
    """Tells how relevant passages are to a question."""

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Give each passage's relevance in [0, 1], in the order of the passages.

        No passages give no scores, and load a model that is not loaded yet. Cancelling it stops
        the work that has not begun.

        Raises:
            RerankFailed: The model failed or cannot be reached.
        """

    async def close(self) -> None:
        """Release the model or the connections."""


@dataclass(frozen=True, slots=True)
class Reranked:
    """Passages in their new order; where it is the old one for a fault, `degraded` says which."""

    hits: list[ScoredPassage]
    degraded: str = ""


async def rerank(
    reranker: Reranker,
    question: str,
    hits: Sequence[ScoredPassage],
    n_candidates: int,
    time_box_s: float,
) -> Reranked:
    """Put the first `n_candidates` passages in the order of their relevance to the question.

    The relevance alone orders them, equals stay in the order of the search, and the others follow
    as they were. It stands beside the fused score, which is not touched: what is fitted to that
    one, such as when evidence is too weak, holds with and without a reranker. A reranker that
    fails or takes longer than `time_box_s` leaves the order of the search.
    """
    first, others = hits[:n_candidates], hits[n_candidates:]
    if not first:
        return Reranked([])
    passages = [hit.passage for hit in first]
    try:
        async with asyncio.timeout(time_box_s):
            scores = await reranker.score(question[:_MAX_QUESTION_CHARS], passages)
    except TimeoutError:
        return Reranked(list(hits), f"timed out after {time_box_s:g} s")
    except RerankFailed as error:
        return Reranked(list(hits), str(error))
    scored = [replace(hit, reranked=score) for hit, score in zip(first, scores, strict=True)]
    order = sorted(range(len(scored)), key=lambda i: -scores[i])
    return Reranked([*(scored[i] for i in order), *others])
