import asyncio
from collections.abc import Sequence

import pytest

from knowledge.errors import KnowledgeError, RerankFailed
from knowledge.passage import Passage, ScoredPassage
from knowledge.reranking import Reranked, rerank
from knowledge.reranking_fake import OverlapReranker
from tests.knowledge.factories import make_passage

FAR = make_passage("Wash your hands.", 0, title="", language="en")
NEAR = make_passage("The dose of ibuprofen.", 1, title="", language="en")
NEAREST = make_passage("The maximum dose of ibuprofen.", 2, title="", language="en")
QUESTION = "maximum dose of ibuprofen"
HITS = [
    ScoredPassage(FAR, 0.9, 0.8, 3.0),
    ScoredPassage(NEAR, 0.5, 0.7, None),
    ScoredPassage(NEAREST, 0.4, 0.6, None),
]
WAIT_S = 10.0


class FixedReranker(OverlapReranker):
    """Gives the same scores to every question and notes what it was asked."""

    def __init__(self, *scores: float) -> None:
        super().__init__()
        self.scores = list(scores)
        self.asked: list[tuple[str, list[Passage]]] = []

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        self.asked.append((question, list(passages)))
        return self.scores


def passages_of(reranked: Reranked) -> list[Passage]:
    return [hit.passage for hit in reranked.hits]


async def test_the_most_relevant_passage_comes_first():
    assert [NEAREST, NEAR, FAR] == passages_of(await rerank(OverlapReranker(), QUESTION, HITS, 3, WAIT_S))


async def test_the_fused_score_stays_beside_the_relevance():
    first = (await rerank(FixedReranker(0.1, 0.2, 0.7), QUESTION, HITS, 3, WAIT_S)).hits[0]
    assert ScoredPassage(NEAREST, 0.4, 0.6, None, reranked=0.7) == first


async def test_equally_relevant_passages_stay_in_the_order_of_the_search():
    reranked = await rerank(FixedReranker(0.5, 0.9, 0.5), QUESTION, HITS, 3, WAIT_S)
    assert [NEAR, FAR, NEAREST] == passages_of(reranked)


async def test_passages_beyond_the_candidates_follow_as_they_were():
    reranked = await rerank(FixedReranker(0.1, 0.2), QUESTION, HITS, 2, WAIT_S)
    assert ([NEAR, FAR, NEAREST], None) == (passages_of(reranked), reranked.hits[2].reranked)


async def test_passages_beyond_the_candidates_are_not_read():
    reranker = FixedReranker(0.1, 0.2)
    await rerank(reranker, QUESTION, HITS, 2, WAIT_S)
    assert [(QUESTION, [FAR, NEAR])] == reranker.asked


async def test_a_reranker_that_did_its_work_is_not_degraded():
    assert "" == (await rerank(OverlapReranker(), QUESTION, HITS, 3, WAIT_S)).degraded


async def test_nothing_found_is_not_reranked():
    reranker = FixedReranker()
    assert (Reranked([]), []) == (await rerank(reranker, QUESTION, [], 24, WAIT_S), reranker.asked)


async def test_a_slow_reranker_leaves_the_order_of_the_search_and_says_so():
    expected = Reranked(HITS, "timed out after 0.01 s")
    assert expected == await rerank(OverlapReranker(delay_s=60), QUESTION, HITS, 3, 0.01)


async def test_a_reranker_that_fails_leaves_the_order_of_the_search_and_says_why():
    expected = Reranked(HITS, "no connection")
    assert expected == await rerank(OverlapReranker(fault="no connection"), QUESTION, HITS, 3, WAIT_S)


async def test_a_cancelled_question_is_cancelled_and_not_degraded():
    task = asyncio.create_task(rerank(OverlapReranker(delay_s=60), QUESTION, HITS, 3, WAIT_S))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_very_long_question_is_cut():
    reranker = FixedReranker(0.1, 0.2, 0.3)
    await rerank(reranker, "x" * 50_000, HITS, 3, WAIT_S)
    assert 4000 == len(reranker.asked[0][0])


async def test_the_fake_scores_a_question_without_words():
    assert [0, 0] == await OverlapReranker().score("😀", [FAR, NEAR])


def test_a_failed_reranker_is_an_error_of_this_package_that_does_not_help_to_repeat():
    assert (True, False) == (issubclass(RerankFailed, KnowledgeError), RerankFailed.retryable)
