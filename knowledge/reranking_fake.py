"""A stand-in for the reranker, for unit tests: no model, no server."""

import asyncio
from collections.abc import Sequence

from knowledge.errors import RerankFailed
from knowledge.passage import Passage
from knowledge.terms import terms


class OverlapReranker:
    """Gives as relevance the share of the question's terms that a passage has.

    It waits `delay_s` first, and fails with `fault` where one is given.
    """

    def __init__(self, delay_s: float = 0.0, fault: str = "") -> None:
        self._delay_s = delay_s
        self._fault = fault

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Give each passage's relevance in [0, 1]."""
        await asyncio.sleep(self._delay_s)
        if self._fault:
            raise RerankFailed(self._fault)
        asked = set(terms(question))
        return [len(asked & set(terms(p.embedded_text))) / max(len(asked), 1) for p in passages]

    async def close(self) -> None:
        """Release nothing."""
