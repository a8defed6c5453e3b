import asyncio
import socket
from contextlib import aclosing, asynccontextmanager

import pytest

from rag_service.errors import EngineFailed, EngineTimedOut, EngineUnavailable, ServiceError
from rag_service.generation import Delta, GenerationRequest, VllmGenerator
from rag_service.prompts import Prompt
from rag_service.protocol import Usage
from rag_service.settings import ServiceSettings
from tests.rag_service.engine_stub import DONE, answering, chunk, sending, serve_engine, silent, usage

ASKED = GenerationRequest(Prompt("instructions", "a private question"), 'root ::= "yes"')
WHOLE = chunk("血压") + chunk("≥140/90") + usage(prompt_tokens=7, completion_tokens=2) + DONE
EXPECTED = [Delta("血压"), Delta("≥140/90"), Delta(usage=Usage(prompt_tokens=7, completion_tokens=2))]


@asynccontextmanager
async def generator_on(play, **changed):
    async with serve_engine(play) as stub:
        generator = VllmGenerator(ServiceSettings(**{"engine_url": stub.url, **changed}))
        try:
            yield stub, generator
        finally:
            await generator.close()


async def deltas_of(generator, asked=ASKED):
    return [delta async for delta in generator.stream(asked)]


async def deltas_from(play, **changed):
    async with generator_on(play, **changed) as (_, generator):
        return await deltas_of(generator)


async def error_from(play, **changed):
    async with generator_on(play, **changed) as (_, generator):
        with pytest.raises(ServiceError) as caught:
            await deltas_of(generator)
        return caught.value


async def test_the_text_and_the_usage_of_every_event_are_given():
    assert EXPECTED == await deltas_from(sending(WHOLE))


async def test_events_sent_byte_by_byte_give_the_same_text():
    assert EXPECTED == await deltas_from(sending(*(WHOLE[i : i + 1] for i in range(len(WHOLE)))))


async def test_events_cut_at_any_byte_give_the_same_text():
    positions = range(1, len(WHOLE))

    async def play(stub, request):
        at = next(cuts)
        return await sending(WHOLE[:at], WHOLE[at:], pause_s=0.02)(stub, request)

    cuts = iter(positions)
    async with generator_on(play) as (_, generator):
        assert [EXPECTED] * len(positions) == await asyncio.gather(*(deltas_of(generator) for _ in positions))


async def test_lines_that_end_in_carriage_returns_are_read():
    assert EXPECTED == await deltas_from(sending(WHOLE.replace(b"\n", b"\r\n")))


async def test_comments_and_event_names_are_passed_over():
    assert EXPECTED == await deltas_from(sending(b": ping\n\nevent: message\n" + WHOLE))


async def test_nothing_after_done_is_read():
    assert EXPECTED == await deltas_from(sending(WHOLE + chunk("more")))


async def test_an_event_without_content_carries_no_text():
    role = b'data: {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}\n\n'
    assert [Delta("")] == await deltas_from(sending(role + DONE))


async def test_tokens_from_the_prefix_cache_are_counted():
    counts = usage(prompt_tokens=9, completion_tokens=1, prompt_tokens_details={"cached_tokens": 4})
    (delta,) = await deltas_from(sending(counts + DONE))
    assert Usage(prompt_tokens=9, completion_tokens=1, cached_tokens=4) == delta.usage


@pytest.mark.parametrize(
    "fault", ["{", "[]", "7", '"text"', "{}", '{"choices": [{}]}', '{"choices": [{"delta": 1}]}']
)
async def test_an_event_that_is_not_in_the_format_is_a_failure(fault):
    error = await error_from(sending(f"data: {fault}\n\n".encode()))
    assert "the language model sent an event that is not in OpenAI's format" == str(error)


async def test_an_error_event_after_some_text_is_a_failure():
    fault = b'data: {"error": {"message": "out of memory", "type": "InternalServerError"}}\n\n'
    assert isinstance(await error_from(sending(chunk("血压") + fault)), EngineFailed)


async def test_the_message_of_an_error_event_is_not_passed_on():
    fault = b'data: {"error": {"message": "bad prompt: a private question", "type": "BadRequestError"}}\n\n'
    assert "private" not in str(await error_from(sending(fault)))


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_an_error_status_is_a_failure_that_names_it(status):
    error = await error_from(answering(status, b'{"error": {"message": "no"}}'))
    assert str(error).startswith(f"the language model answered with status {status}")


async def test_an_unknown_model_is_named_with_its_setting():
    error = await error_from(answering(404, b""), engine_model="org/absent")
    assert "it does not serve 'org/absent' (MEDCITE_ENGINE_MODEL)" in str(error)


async def test_a_prompt_that_is_too_long_names_the_setting_to_lower():
    body = b'{"error": {"message": "This model\'s maximum context length is 512 tokens"}}'
    assert "lower MEDCITE_CONTEXT_TOKENS" in str(await error_from(answering(400, body)))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"message": null}}', b"{}"]
)
async def test_an_error_status_with_any_body_is_a_failure(body):
    assert isinstance(await error_from(answering(500, body)), EngineFailed)


async def test_the_body_of_an_error_status_is_not_passed_on():
    body = b'{"error": {"message": "cannot parse: a private question"}}'
    assert "private" not in str(await error_from(answering(400, body)))


async def test_an_engine_that_never_answers_has_timed_out():
    error = await error_from(silent, engine_silence_timeout_s=0.05)
    assert isinstance(error, EngineTimedOut)


async def test_an_engine_that_goes_silent_after_some_text_has_timed_out():
    error = await error_from(sending(chunk("血压"), then="hang"), engine_silence_timeout_s=0.05)
    assert "the language model sent nothing for 0.05 s" == str(error)


async def test_a_slow_engine_that_keeps_sending_has_not_timed_out():
    pieces = [chunk("血")] * 6
    deltas = await deltas_from(sending(*pieces, DONE, pause_s=0.05), engine_silence_timeout_s=0.2)
    assert 6 == len(deltas)


async def test_a_connection_that_breaks_off_is_an_engine_that_is_unavailable():
    error = await error_from(sending(chunk("血压"), pause_s=0.01, then="break"))
    assert isinstance(error, EngineUnavailable)


async def test_a_refused_connection_is_an_engine_that_is_unavailable():
    generator = VllmGenerator(ServiceSettings(engine_url=f"http://127.0.0.1:{unused_port()}"))
    with pytest.raises(EngineUnavailable, match="start it with `medcite-serve engine`"):
        await deltas_of(generator)
    await generator.close()


async def test_closing_the_iterator_closes_the_connection_within_100_ms():
    async with generator_on(sending(chunk("血压"), then="hang")) as (stub, generator):
        async with aclosing(generator.stream(ASKED)) as deltas:
            await anext(deltas)
        await asyncio.wait_for(stub.left.wait(), 0.1)
        assert stub.left.is_set()


async def test_cancelling_the_reading_task_closes_the_connection_within_100_ms():
    async with generator_on(sending(chunk("血压"), then="hang")) as (stub, generator):
        task = asyncio.create_task(deltas_of(generator))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait_for(stub.left.wait(), 0.1)
        assert task.cancelling()


async def asked_body(asked=ASKED, **changed):
    async with generator_on(sending(DONE), **changed) as (stub, generator):
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


async def test_free_text_is_asked_for_without_structured_outputs():
    assert "structured_outputs" not in await asked_body(GenerationRequest(ASKED.prompt, None))


async def test_sampling_follows_the_settings_and_a_fixed_seed():
    body = await asked_body(temperature=0.1, top_p=0.5, answer_tokens=99, engine_model="org/m")
    sent = {key: body[key] for key in ("temperature", "top_p", "max_tokens", "model", "seed")}
    assert {"temperature": 0.1, "top_p": 0.5, "max_tokens": 99, "model": "org/m", "seed": 0} == sent


async def test_the_api_key_is_sent_as_a_bearer_token():
    async with generator_on(sending(DONE), engine_api_key="s3cret") as (stub, generator):
        await deltas_of(generator)
        assert "Bearer s3cret" == stub.headers[0]["Authorization"]


async def test_a_url_that_ends_in_v1_is_understood():
    async with serve_engine(sending(WHOLE)) as stub:
        generator = VllmGenerator(ServiceSettings(engine_url=f"{stub.url}/v1/"))
        assert EXPECTED == await deltas_of(generator)
        await generator.close()


@pytest.mark.parametrize(("expected", "status"), [(True, 200), (True, 404), (False, 503)])
async def test_an_engine_whose_health_route_answers_is_reachable(expected, status):
    async with generator_on(answering(status, b"")) as (_, generator):
        assert expected == await generator.is_reachable()


async def test_an_engine_that_does_not_listen_is_not_reachable():
    generator = VllmGenerator(ServiceSettings(engine_url=f"http://127.0.0.1:{unused_port()}"))
    assert not await generator.is_reachable()
    await generator.close()


async def test_an_engine_that_hangs_is_not_reachable_after_the_connect_timeout():
    async with generator_on(silent, engine_connect_timeout_s=0.1) as (_, generator):
        assert not await asyncio.wait_for(generator.is_reachable(), 1)


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
