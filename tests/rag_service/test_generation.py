import asyncio
import math
from contextlib import aclosing

import orjson
import pytest
from tenacity import Future, RetryCallState

from rag_service.errors import EngineBusy, EngineTimedOut, EngineUnavailable, ServiceError
from rag_service.generation import Delta, GenerationRequest, _pause_s
from tests.rag_service.engine_stub import (
    ASKED,
    END,
    PROMPT,
    answering,
    broken,
    chunk,
    deltas_from,
    deltas_of,
    generator_on,
    in_turn,
    sending,
    silent,
)

ANSWER = sending(chunk("血压") + END)
EXPECTED = [Delta("血压"), Delta(finish_reason="stop")]


async def asked_body(asked=ASKED, **changed):
    async with generator_on(sending(END), **changed) as (stub, generator):
        await deltas_of(generator, asked)
        return stub.bodies[0]


async def test_the_prompt_is_sent_as_a_system_and_a_user_message():
    expected = [
        {"role": "system", "content": "instructions"},
        {"role": "user", "content": "a private question"},
    ]
    assert expected == (await asked_body())["messages"]


async def test_the_grammar_is_sent_as_a_structured_output():
    assert {"grammar": 'root ::= "yes"'} == (await asked_body())["structured_outputs"]


async def test_the_json_schema_is_sent_as_a_structured_output():
    body = await asked_body(GenerationRequest(PROMPT, json_schema={"type": "object"}))
    assert {"json": {"type": "object"}} == body["structured_outputs"]


def test_a_grammar_and_a_json_schema_exclude_each_other():
    with pytest.raises(ValueError, match="a grammar or a JSON schema, not both"):
        GenerationRequest(PROMPT, "root", {"type": "object"})


async def test_free_text_is_asked_for_without_structured_outputs():
    assert "structured_outputs" not in await asked_body(GenerationRequest(PROMPT))


async def test_sampling_follows_the_settings_and_a_fixed_seed():
    body = await asked_body(temperature=0.1, top_p=0.5, answer_tokens=99, engine_model="org/m")
    sent = {key: body[key] for key in ("temperature", "top_p", "max_tokens", "model", "seed")}
    assert {"temperature": 0.1, "top_p": 0.5, "max_tokens": 99, "model": "org/m", "seed": 0} == sent


async def test_a_request_may_be_sampled_in_its_own_way():
    body = await asked_body(GenerationRequest(PROMPT, seed=3, max_tokens=20, temperature=0.0))
    sent = {key: body[key] for key in ("temperature", "max_tokens", "seed")}
    assert {"temperature": 0.0, "max_tokens": 20, "seed": 3} == sent


async def test_the_most_tokens_of_a_request_are_those_an_answer_is_cut_at():
    play = sending(chunk("血" * 100), then="hang")
    async with generator_on(play) as (_, generator):
        assert [Delta("血" * 32, None, "length")] == await deltas_of(
            generator, GenerationRequest(PROMPT, max_tokens=2)
        )


@pytest.mark.parametrize(
    "fault",
    [
        broken,
        sending(then="break"),
        sending(),
        answering(429),
        answering(502),
        answering(503, b"", Retry_After="0"),
        answering(503, b"", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)
async def test_what_fails_before_the_first_token_is_tried_again(fault):
    assert EXPECTED == await deltas_from(in_turn(fault, ANSWER), engine_retries=1)


async def test_a_role_without_text_is_no_first_token():
    fault = sending(chunk(""), pause_s=0.02, then="break")
    assert EXPECTED == await deltas_from(in_turn(fault, ANSWER), engine_retries=1)


@pytest.mark.parametrize(("expected", "retries"), [(1, 0), (2, 1), (3, 2)])
async def test_an_engine_that_stays_busy_is_asked_as_often_as_the_setting_says(expected, retries):
    async with generator_on(answering(503, b"", Retry_After="0"), engine_retries=retries) as (
        stub,
        generator,
    ):
        with pytest.raises(EngineBusy):
            await deltas_of(generator)
        assert expected == len(stub.paths)


@pytest.mark.parametrize(
    "fault",
    [
        answering(400),
        answering(404),
        answering(500),
        answering(503, b"", Retry_After="4"),
        sending(b"<html>", content_type="text/html"),
        sending(b"data: {\n\n"),
        silent,
        sending(chunk("血"), pause_s=0.02, then="break"),
        sending(chunk("血")),
    ],
)
async def test_what_fails_for_good_or_after_the_first_token_is_not_tried_again(fault):
    async with generator_on(fault, engine_retries=2, engine_silence_timeout_s=0.1) as (stub, generator):
        with pytest.raises(ServiceError):
            await deltas_of(generator)
        assert 1 == len(stub.paths)


async def test_the_total_time_counts_every_attempt():
    play = answering(503, b"", Retry_After="0")
    async with generator_on(in_turn(play, silent), engine_retries=2, engine_total_timeout_s=0.2) as (
        _,
        asked,
    ):
        with pytest.raises(EngineTimedOut, match="did not finish"):
            await asyncio.wait_for(deltas_of(asked), 1)


@pytest.mark.parametrize(
    ("least_s", "most_s", "error"),
    [(2.0, 2.0, EngineBusy("", 2.0)), (0.1, 0.3, EngineBusy("")), (0.1, 0.3, EngineUnavailable(""))],
)
def test_the_pause_is_what_the_engine_says_or_short(least_s, most_s, error):
    attempt = RetryCallState(None, None, (), {})
    attempt.outcome = Future.construct(1, error, has_exception=True)
    assert least_s <= _pause_s(attempt) <= most_s


async def test_closing_the_iterator_closes_the_connection_within_100_ms():
    async with generator_on(sending(chunk("血压"), then="hang")) as (stub, generator):
        async with aclosing(generator.stream(ASKED)) as deltas:
            await anext(deltas)
        await asyncio.wait_for(stub.left.wait(), 0.1)
        assert stub.left.is_set()


@pytest.mark.parametrize("play", [silent, sending(chunk("血压"), then="hang")])
async def test_cancelling_the_reading_task_closes_the_connection_within_100_ms(play):
    async with generator_on(play, engine_retries=2) as (stub, generator):
        task = asyncio.create_task(deltas_of(generator))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait_for(stub.left.wait(), 0.1)
        assert (1, True) == (len(stub.paths), task.cancelled())


def likeliest(**tokens):
    """Answer with these tokens and their probabilities; `_` stands for a blank."""
    top = [
        {"token": token.replace("_", " "), "logprob": math.log(share) if share else -9999.0, "bytes": None}
        for token, share in tokens.items()
    ]
    return {"choices": [{"logprobs": {"content": [{"token": "", "logprob": -1.0, "top_logprobs": top}]}}]}


async def yes_from(answer):
    async with generator_on(answering(200, orjson.dumps(answer))) as (_, generator):
        return await generator.yes_probability(PROMPT)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        (0.75, likeliest(yes=0.3, no=0.1, maybe=0.5)),
        (0.75, likeliest(yes=0.1, Yes=0.1, _yes=0.1, No=0.1)),
        (0.8, likeliest(是=0.2, 对=0.1, 有=0.1, 否=0.1)),
        (0.25, likeliest(是=0.1, 不=0.1, 没有=0.1, 无=0.1)),
        (1.0, likeliest(yes=0.5)),
        (0.0, likeliest(no=0.5)),
    ],
)
async def test_the_probability_of_yes_is_its_share_of_yes_and_no(expected, answer):
    assert expected == pytest.approx(await yes_from(answer))


@pytest.mark.parametrize(
    "answer",
    [
        likeliest(maybe=0.5),
        likeliest(yes=0.0, no=0.0),
        likeliest(),
        {"choices": [{"message": {"content": "yes"}, "logprobs": None}]},
        {"choices": [{"message": {"content": "yes"}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "yes", "logprob": "high"}]}]}}]},
        {"choices": []},
        [],
        7,
    ],
)
async def test_there_is_no_probability_of_yes_without_one_of_yes_or_no(answer):
    assert await yes_from(answer) is None


@pytest.mark.parametrize("play", [answering(400), answering(503), answering(200, b"<html>"), broken, silent])
async def test_there_is_no_probability_of_yes_from_an_engine_that_does_not_answer(play):
    async with generator_on(play, engine_silence_timeout_s=0.1) as (_, generator):
        assert await generator.yes_probability(PROMPT) is None


async def test_the_probability_of_yes_takes_one_token_and_the_twenty_likeliest():
    async with generator_on(answering(200, b"{}"), engine_model="org/m") as (stub, generator):
        await generator.yes_probability(PROMPT)
    assert stub.bodies == [
        {
            "model": "org/m",
            "messages": PROMPT.messages(),
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 20,
        }
    ]
