import asyncio
import socket

import pytest
from aiohttp import ClientTimeout  # noqa: TID251 - the time-out of the module under test

from knowledge.engine_reranker import EngineReranker
from knowledge.errors import RerankFailed
from knowledge.passage import ScoredPassage
from knowledge.reranking import rerank
from tests.knowledge.factories import make_passage
from tests.knowledge.reranker_stub import RerankerStub, reranked, scored, serve_reranker

QUESTION = "a private question"
PASSAGES = [make_passage("一", 0), make_passage("二", 1), make_passage("三", 2)]
TEXTS = ["高血压\n一", "高血压\n二", "高血压\n三"]
SCORES = [0.25, 0.75, 0.5]


async def ask(stub: RerankerStub, path: str = "", api_key: str | None = None) -> list[float]:
    reranker = EngineReranker(stub.url + path, "bge-reranker", api_key)
    try:
        return await reranker.score(QUESTION, PASSAGES)
    finally:
        await reranker.close()


async def failure(answer: bytes, status: int = 200) -> str:
    async with serve_reranker(answer, status) as stub:
        with pytest.raises(RerankFailed) as caught:
            await ask(stub)
    return str(caught.value)


async def test_the_scores_are_in_the_order_of_the_passages():
    async with serve_reranker(reranked(*SCORES)) as stub:
        assert SCORES == await ask(stub)


async def test_the_question_and_the_embedded_texts_are_sent():
    async with serve_reranker(reranked(*SCORES)) as stub:
        await ask(stub)
    expected = {
        "model": "bge-reranker",
        "query": QUESTION,
        "documents": TEXTS,
        "truncate_prompt_tokens": -1,
    }
    assert [expected] == stub.bodies


async def test_a_url_that_ends_in_score_speaks_the_other_protocol():
    async with serve_reranker(scored(*SCORES)) as stub:
        assert SCORES == await ask(stub, "/score")
    assert (QUESTION, TEXTS) == (stub.bodies[0]["text_1"], stub.bodies[0]["text_2"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "/rerank"),
        ("/", "/rerank"),
        ("/v1/", "/rerank"),
        ("/v1/rerank", "/v1/rerank"),
        ("/at/this", "/at/this/rerank"),
    ],
)
async def test_the_route_is_below_the_url(given: str, expected: str):
    async with serve_reranker(reranked(*SCORES)) as stub:
        await ask(stub, given)
    assert [expected] == stub.paths


async def test_the_key_is_sent_as_a_bearer_token():
    async with serve_reranker(reranked(*SCORES)) as stub:
        await ask(stub, api_key="secret")
    assert "Bearer secret" == stub.headers[0]["Authorization"]


async def test_without_a_key_none_is_sent():
    async with serve_reranker(reranked(*SCORES)) as stub:
        await ask(stub)
    assert "Authorization" not in stub.headers[0]


async def test_no_passages_are_not_sent():
    async with serve_reranker(reranked()) as stub:
        assert ([], []) == (await EngineReranker(stub.url, "m").score(QUESTION, []), stub.bodies)


@pytest.mark.parametrize(
    "answer",
    [
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"results": 7}',
        b'{"results": [7]}',
        b'{"results": [{"index": 0}]}',
        b'{"results": [{"index": "one", "relevance_score": 1}]}',
    ],
)
async def test_an_answer_that_is_not_the_protocols_is_a_failure(answer: bytes):
    assert "what is not an answer of /rerank" in await failure(answer)


@pytest.mark.parametrize("answer", [reranked(0.1, 0.2), reranked(0.1, 0.2, 0.3, 0.4)])
async def test_too_few_or_too_many_scores_are_a_failure(answer: bytes):
    assert "of 3 passages" in await failure(answer)


@pytest.mark.parametrize("score", [1.5, -7.25])
async def test_a_score_that_is_no_share_is_a_failure_that_names_it(score: float):
    assert f"gave {score:g} as a relevance" in await failure(reranked(0.1, score, 0.3))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "MEDCITE_RERANKER_API_KEY"),
        (404, "'bge-reranker' as a reranker"),
        (400, "status 400"),
        (500, "status 500"),
    ],
)
async def test_a_refusal_names_its_status_and_the_remedy(status: int, expected: str):
    assert expected in await failure(b'{"error": {"message": "about a private question"}}', status)


async def test_the_servers_own_message_is_not_repeated():
    assert QUESTION not in await failure(b'{"error": {"message": "about a private question"}}', 400)


async def test_no_server_is_a_failure_that_names_the_url_and_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    reranker = EngineReranker(url, "m")
    with pytest.raises(RerankFailed, match=rf"{url}/rerank .*MEDCITE_RERANKER_URL"):
        await reranker.score(QUESTION, PASSAGES)
    await reranker.close()


async def test_a_server_that_is_slow_beyond_the_time_box_is_left():
    hits = [ScoredPassage(passage, 0.5, None, None) for passage in PASSAGES]
    async with serve_reranker(reranked(*SCORES), delay_s=60) as stub:
        reranker = EngineReranker(stub.url, "m")
        found = await rerank(reranker, QUESTION, hits, 3, 0.2)
        await asyncio.wait_for(stub.left.wait(), 5)
        await reranker.close()
    assert "timed out after 0.2 s" == found.degraded


async def test_a_server_that_never_answers_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("knowledge.engine_reranker._PATIENCE", ClientTimeout(total=0.2))
    async with serve_reranker(reranked(*SCORES), delay_s=60) as stub:
        with pytest.raises(RerankFailed, match="did not answer in time"):
            await ask(stub)


async def test_questions_asked_at_once_are_all_answered():
    async with serve_reranker(reranked(*SCORES), delay_s=0.01) as stub:
        reranker = EngineReranker(stub.url, "m")
        found = await asyncio.gather(*(reranker.score(QUESTION, PASSAGES) for _ in range(32)))
        await reranker.close()
    assert [SCORES] * 32 == found
