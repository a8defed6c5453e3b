"""The real sentence-transformers cross-encoder, in its process, on a model written here."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.cross_encoder import CrossEncoderReranker, _load
from knowledge.errors import RerankFailed
from knowledge.passage import ScoredPassage
from knowledge.reranking import rerank
from tests.knowledge.factories import make_passage
from tests.knowledge.tiny_cross_encoder import POISON, make_cross_encoder

QUESTION = "the fever"
PLAIN = make_passage("the fever", 0)
SOME = make_passage("the dose of the fever", 1)
MUCH = make_passage("dose dose dose dose", 2)
PASSAGES = [SOME, PLAIN, MUCH]
WAIT_S = 60


@pytest.fixture(scope="module")
def reranker(shared_path: Path) -> Iterator[CrossEncoderReranker]:
    """Load the model once: importing torch takes seconds."""
    reranker = CrossEncoderReranker(str(make_cross_encoder(shared_path / "tiny")), shared_path)
    yield reranker
    asyncio.run(reranker.close())


async def test_a_passage_with_more_of_what_counts_is_more_relevant(reranker: CrossEncoderReranker):
    some, plain, much = await reranker.score(QUESTION, PASSAGES)
    assert 0 < plain < some < much < 1


async def test_what_is_in_the_question_counts_too(reranker: CrossEncoderReranker):
    (without,), (with_it,) = [await reranker.score(q, [PLAIN]) for q in ("the fever", "the dose")]
    assert without < with_it


async def test_the_context_is_read_with_the_text(reranker: CrossEncoderReranker):
    (bare,), (headed,) = [
        await reranker.score(QUESTION, [make_passage("the fever", title=title)]) for title in ("of", "dose")
    ]
    assert bare < headed


async def test_the_scores_of_many_passages_are_in_their_order(reranker: CrossEncoderReranker):
    expected = await reranker.score(QUESTION, PASSAGES)
    assert expected * 7 == pytest.approx(await reranker.score(QUESTION, PASSAGES * 7), abs=0.01)


async def test_no_passages_give_no_scores(reranker: CrossEncoderReranker):
    assert [] == await reranker.score(QUESTION, [])


async def test_questions_asked_at_once_get_their_own_scores(reranker: CrossEncoderReranker):
    questions = ["the fever", "the dose", "dose dose", "压"]
    expected = [await reranker.score(question, PASSAGES) for question in questions]
    found = await asyncio.gather(*(reranker.score(question, PASSAGES) for question in questions * 2))
    assert expected * 2 == [pytest.approx(scores, abs=0.01) for scores in found]


@pytest.mark.parametrize("question", ["", "😀", "x" * 50_000, "dose " * 10_000, "\x00\u202e", "血压"])
async def test_any_question_is_scored(reranker: CrossEncoderReranker, question: str):
    assert all(0 <= score <= 1 for score in await reranker.score(question, PASSAGES))


async def test_a_cancelled_question_does_not_hold_up_the_next(reranker: CrossEncoderReranker):
    tasks = [asyncio.create_task(reranker.score("dose " * 5000, PASSAGES * 50)) for _ in range(20)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert 3 == len(await asyncio.wait_for(reranker.score(QUESTION, PASSAGES), 5))


async def test_it_orders_the_hits_of_a_search(reranker: CrossEncoderReranker):
    hits = [ScoredPassage(passage, 0.5, None, None) for passage in PASSAGES]
    found = await rerank(reranker, QUESTION, hits, len(hits), WAIT_S)
    assert ("", [MUCH, SOME, PLAIN]) == (found.degraded, [hit.passage for hit in found.hits])


async def test_scores_that_are_no_numbers_are_a_failure(reranker: CrossEncoderReranker):
    with pytest.raises(RerankFailed, match="no number"):
        await reranker.score(POISON, PASSAGES)


def test_a_model_that_is_nowhere_names_itself_and_the_remedy(tmp_path: Path):
    # Three parts are no hub name, so that the hub is not asked.
    with pytest.raises(RerankFailed, match=r"'no/such/model'.*MEDCITE_RERANKER_MODEL"):
        CrossEncoderReranker("no/such/model", tmp_path)


async def refusal(reranker: CrossEncoderReranker, folder: Path) -> RerankFailed:
    """Have the running process, which has torch, load another model."""
    with pytest.raises(RerankFailed) as caught:
        await asyncio.wrap_future(reranker._process.submit(_load, folder))
    return caught.value


async def test_a_model_that_gives_two_scores_for_a_pair_is_refused(
    reranker: CrossEncoderReranker, tmp_path: Path
):
    folder = make_cross_encoder(tmp_path / "two", n_labels=2)
    assert "gives 2 scores for a pair" in str(await refusal(reranker, folder))


async def test_a_damaged_model_is_a_failure_that_names_its_folder(
    reranker: CrossEncoderReranker, tmp_path: Path
):
    folder = make_cross_encoder(tmp_path / "tiny")
    (folder / "model.safetensors").write_bytes(b"damaged")
    assert f"cannot load the reranker in {folder}" in str(await refusal(reranker, folder))


async def test_a_process_that_dies_is_a_failure(tmp_path: Path):
    reranker = CrossEncoderReranker(str(make_cross_encoder(tmp_path / "tiny")), tmp_path)
    question = asyncio.create_task(reranker.score(QUESTION, PASSAGES))
    await asyncio.sleep(0)
    (child,) = reranker._process._pool._processes
    os.kill(child, signal.SIGKILL)
    with pytest.raises(RerankFailed, match="died"):
        await asyncio.wait_for(question, WAIT_S)
    await reranker.close()
