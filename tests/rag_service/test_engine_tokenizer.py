import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web  # noqa: TID251 - plays the server that engine_client.py speaks to

from rag_service import engine_tokenizer
from rag_service.engine_client import EngineClient
from rag_service.engine_tokenizer import EngineTokenizer
from rag_service.settings import ServiceSettings
from tests.rag_service.engine_stub import (
    PROMPT,
    answering,
    broken,
    generator_on,
    in_turn,
    sending,
    serve_engine,
    silent,
    unused_url,
)

MODELS = {"data": [{"id": "org/other", "max_model_len": 512}, {"id": "org/m", "max_model_len": 4096}]}


async def counting(stub, request):
    """Count the characters, as vLLM's `/tokenize` counts tokens."""
    # Not the last body of the stub: several requests are here at once.
    count = len(orjson.loads(await request.read())["prompt"])
    return web.json_response({"count": count, "max_model_len": 4096, "tokens": [7] * count})


@asynccontextmanager
async def tokenizer_on(play, **changed):
    async with serve_engine(play) as stub:
        client = EngineClient(ServiceSettings(engine_url=stub.url))
        try:
            yield stub, EngineTokenizer(client, "org/m", **{"away_for_s": 0.0, **changed})
        finally:
            await client.close()


def listing(models):
    return answering(200, orjson.dumps(models))


async def test_each_text_gets_its_count_in_order():
    async with tokenizer_on(counting) as (_, tokenizer):
        assert [2, 0, 5] == await tokenizer.count_tokens(["血压", "", "blood"])


async def test_no_texts_have_no_counts_and_ask_nothing():
    async with tokenizer_on(counting) as (stub, tokenizer):
        assert ([], []) == (await tokenizer.count_tokens([]), stub.paths)


async def test_the_text_is_sent_without_special_tokens():
    async with tokenizer_on(counting) as (stub, tokenizer):
        await tokenizer.count_tokens(["血压"])
        assert ["/tokenize"] == stub.paths
        assert [{"model": "org/m", "prompt": "血压", "add_special_tokens": False}] == stub.bodies


async def test_a_text_is_counted_once():
    async with tokenizer_on(counting) as (stub, tokenizer):
        await tokenizer.count_tokens(["血压", "血压"])
        assert [2, 1] == await tokenizer.count_tokens(["血压", "x"])
        assert 2 == len(stub.paths)


async def test_texts_are_counted_at_once():
    together = asyncio.Barrier(4)

    async def play(stub, request):
        # Passed only when four requests are here together.
        await together.wait()
        return web.json_response({"count": 1})

    async with tokenizer_on(play, time_box_s=1.0) as (_, tokenizer):
        assert [1] * 4 == await tokenizer.count_tokens(list("abcd"))


async def test_the_texts_counted_longest_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(engine_tokenizer, "_CACHE_SIZE", 2)
    async with tokenizer_on(counting) as (stub, tokenizer):
        for text in ["a", "b", "a", "c", "a", "b"]:
            await tokenizer.count_tokens([text])
        assert ["a", "b", "c", "b"] == [body["prompt"] for body in stub.bodies]


async def test_more_texts_than_are_kept_are_counted_all(monkeypatch):
    monkeypatch.setattr(engine_tokenizer, "_CACHE_SIZE", 2)
    async with tokenizer_on(counting) as (_, tokenizer):
        assert [1, 2, 3, 4] == await tokenizer.count_tokens(["a", "bb", "ccc", "dddd"])


async def test_the_texts_are_not_kept():
    async with tokenizer_on(counting) as (_, tokenizer):
        await tokenizer.count_tokens(["a private question"])
        assert "private" not in repr(vars(tokenizer))


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_the_route_is_not_asked_again_for_a_while(status):
    async with tokenizer_on(answering(status)) as (stub, tokenizer):
        assert [None, None] == [await tokenizer.count_tokens([text]) for text in "ab"]
        assert 1 == len(stub.paths)


async def test_a_server_without_the_route_is_asked_again_in_the_end():
    async with tokenizer_on(in_turn(answering(404), counting), kept_for_s=0.05) as (_, tokenizer):
        await tokenizer.count_tokens(["a"])
        await asyncio.sleep(0.1)
        assert [1] == await tokenizer.count_tokens(["a"])


async def test_a_count_that_is_kept_needs_no_route():
    async with tokenizer_on(in_turn(counting, answering(404))) as (_, tokenizer):
        await tokenizer.count_tokens(["a"])
        await tokenizer.count_tokens(["b"])
        assert [1] == await tokenizer.count_tokens(["a"])


@pytest.mark.parametrize(
    "play",
    [
        answering(400),
        answering(500),
        answering(503),
        answering(302, Location="/"),
        answering(200, b"<html>"),
        answering(200, b"[]"),
        answering(200, b"{}"),
        answering(200, b'{"count": "many"}'),
        answering(200, b'{"count": -1}'),
        broken,
    ],
)
async def test_an_engine_that_cannot_count_now_gives_none_and_is_asked_again(play):
    async with tokenizer_on(in_turn(play, counting)) as (_, tokenizer):
        assert [None, [1]] == [await tokenizer.count_tokens(["a"]), await tokenizer.count_tokens(["a"])]


async def test_an_engine_that_counts_too_slowly_gives_none():
    async with tokenizer_on(silent, time_box_s=0.05) as (_, tokenizer):
        assert await asyncio.wait_for(tokenizer.count_tokens(list("abcdefgh")), 1) is None


async def test_what_was_counted_in_time_is_kept():
    async def play(stub, request):
        slow = "slow" == orjson.loads(await request.read())["prompt"] and len(stub.paths) <= 2
        return await (silent if slow else counting)(stub, request)

    async with tokenizer_on(play, time_box_s=0.1) as (stub, tokenizer):
        assert await tokenizer.count_tokens(["slow", "a"]) is None
        assert [4, 1] == await tokenizer.count_tokens(["slow", "a"])
        assert 3 == len(stub.paths)


async def test_an_engine_that_is_away_gives_none():
    client = EngineClient(ServiceSettings(engine_url=unused_url()))
    tokenizer = EngineTokenizer(client, "org/m")
    assert (None, None) == (await tokenizer.count_tokens(["a"]), await tokenizer.context_length())
    await client.close()


async def test_one_failure_leaves_no_request_behind():
    async with tokenizer_on(in_turn(answering(500), silent)) as (stub, tokenizer):
        await tokenizer.count_tokens(list("abc"))
        await asyncio.wait_for(stub.left.wait(), 1)
        assert stub.left.is_set()


async def test_the_context_length_is_that_of_the_model():
    async with tokenizer_on(listing(MODELS)) as (stub, tokenizer):
        assert 4096 == await tokenizer.context_length()
        assert ["/v1/models"] == stub.paths


@pytest.mark.parametrize(
    "models",
    [
        {},
        [],
        7,
        {"data": 7},
        {"data": [7]},
        {"data": []},
        {"data": [{"id": "org/m"}]},
        {"data": [{"id": "org/m", "max_model_len": "long"}]},
        {"data": [{"id": "org/m", "max_model_len": 0}]},
        {"data": [{"id": "org/other", "max_model_len": 512}]},
    ],
)
async def test_a_server_that_does_not_say_it_has_no_context_length(models):
    async with tokenizer_on(listing(models)) as (_, tokenizer):
        assert await tokenizer.context_length() is None


@pytest.mark.parametrize("models", [MODELS, {}])
async def test_the_context_length_is_asked_once_for_a_while(models):
    async with tokenizer_on(listing(models)) as (stub, tokenizer):
        await tokenizer.context_length()
        await tokenizer.context_length()
        assert 1 == len(stub.paths)


@pytest.mark.parametrize("play", [answering(503), answering(200, b"<html>"), sending(then="break"), silent])
async def test_the_context_length_is_asked_again_after_a_failure(play):
    async with tokenizer_on(in_turn(play, listing(MODELS)), time_box_s=0.1) as (_, tokenizer):
        assert [None, 4096] == [await tokenizer.context_length(), await tokenizer.context_length()]


async def test_a_changed_context_length_is_seen_in_the_end():
    changed = listing({"data": [{"id": "org/m", "max_model_len": 512}]})
    async with tokenizer_on(in_turn(listing(MODELS), changed), kept_for_s=0.05) as (_, tokenizer):
        await tokenizer.context_length()
        await asyncio.sleep(0.1)
        assert 512 == await tokenizer.context_length()


async def test_the_generator_counts_and_knows_the_length_by_its_engine():
    async def play(stub, request):
        return await (counting if request.path == "/tokenize" else listing(MODELS))(stub, request)

    async with generator_on(play, engine_model="org/m") as (_, generator):
        assert ([12], 4096) == (
            await generator.count_tokens([PROMPT.system]),
            await generator.context_length(),
        )


async def test_an_engine_that_hangs_holds_up_one_question_only():
    async with tokenizer_on(silent, time_box_s=0.05, away_for_s=60) as (stub, tokenizer):
        await tokenizer.count_tokens(["a"])
        assert (None, 1) == (await tokenizer.count_tokens(["b"]), len(stub.paths))
