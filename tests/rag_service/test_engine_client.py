import asyncio
import time

import pytest

from rag_service.engine_client import EngineClient, is_worth_another_try
from rag_service.errors import EngineBusy, EngineFailed, EngineTimedOut, EngineUnavailable
from rag_service.generation import VllmGenerator
from rag_service.settings import ServiceSettings
from tests.rag_service.engine_stub import (
    DONE,
    END,
    answering,
    broken,
    chunk,
    deltas_from,
    deltas_of,
    error_from,
    generator_on,
    sending,
    serve_engine,
    silent,
    unused_url,
)


@pytest.mark.parametrize("status", [201, 204, 400, 404, 500, 504])
async def test_another_status_than_200_is_a_failure_that_names_it(status):
    error = await error_from(answering(status, b'{"error": {"message": "no"}}'))
    assert isinstance(error, EngineFailed)
    assert str(error).startswith(f"the language model answered with status {status}")


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_a_busy_engine_is_one_that_is_unavailable(status):
    error = await error_from(answering(status, b"<html>"))
    expected = f"the language model answered with status {status}: it takes no requests at the moment"
    assert (EngineBusy, expected) == (type(error), str(error))


async def test_an_unknown_model_is_named_with_its_setting():
    error = await error_from(answering(404), engine_model="org/absent")
    assert "it does not serve 'org/absent' (MEDCITE_ENGINE_MODEL)" in str(error)


async def test_a_refused_key_is_named_with_its_setting():
    assert "MEDCITE_ENGINE_API_KEY" in str(await error_from(answering(401)))


async def test_a_prompt_that_is_too_long_names_the_setting_to_lower():
    body = b'{"error": {"message": "This model\'s maximum context length is 512 tokens"}}'
    assert "lower MEDCITE_CONTEXT_TOKENS" in str(await error_from(answering(400, body)))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"message": null}}', b"{}", b"\xff"]
)
async def test_an_error_status_with_any_body_is_a_failure(body):
    assert isinstance(await error_from(answering(500, body)), EngineFailed)


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
async def test_the_body_of_an_error_status_is_not_passed_on(status):
    body = b'{"error": {"message": "cannot parse: a private question"}}'
    assert "private" not in str(await error_from(answering(status, body)))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status):
    async with serve_engine(sending(END)) as elsewhere:
        error = await error_from(answering(status, Location=f"{elsewhere.url}/v1/chat/completions"))
        assert [] == elsewhere.paths
    assert "set MEDCITE_ENGINE_URL to where it redirects to" in str(error)


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
async def test_what_is_no_stream_of_events_is_a_failure_that_names_the_setting(content_type):
    page = sending(b"<html>a private question</html>", content_type=content_type)
    error = await error_from(page)
    assert isinstance(error, EngineFailed)
    assert "set MEDCITE_ENGINE_URL to a server that speaks OpenAI's protocol" in str(error)


async def test_what_does_not_speak_http_is_a_failure_that_repeats_none_of_it():
    async def greet(reader, writer):
        writer.write(b"220 a private question\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        generator = VllmGenerator(ServiceSettings(engine_url=f"http://127.0.0.1:{port}", engine_retries=0))
        with pytest.raises(EngineFailed, match="does not speak HTTP; correct MEDCITE_ENGINE_URL") as caught:
            await deltas_of(generator)
        await generator.close()
    assert "private" not in str(caught.value)


async def test_an_engine_that_never_answers_has_timed_out():
    assert isinstance(await error_from(silent, engine_silence_timeout_s=0.05), EngineTimedOut)


async def test_an_engine_that_goes_silent_after_some_text_has_timed_out():
    error = await error_from(sending(chunk("血压"), then="hang"), engine_silence_timeout_s=0.05)
    assert "the language model sent nothing for 0.05 s" == str(error)


async def test_a_slow_engine_that_keeps_sending_has_not_timed_out():
    pieces = [chunk("血")] * 6
    deltas = await deltas_from(sending(*pieces, END, pause_s=0.05), engine_silence_timeout_s=0.2)
    assert "血" * 6 == "".join(delta.text for delta in deltas)


async def test_an_answer_that_takes_too_long_in_all_has_timed_out():
    pieces = [chunk("血")] * 100
    error = await error_from(sending(*pieces, pause_s=0.02), engine_total_timeout_s=0.2)
    assert (EngineTimedOut, "the language model did not finish within 0.2 s") == (type(error), str(error))


async def test_an_engine_that_sends_only_comments_times_out_in_the_end():
    error = await error_from(sending(*[b": ping\n\n"] * 100, pause_s=0.02), engine_total_timeout_s=0.2)
    assert isinstance(error, EngineTimedOut)


@pytest.mark.parametrize("play", [broken, sending(then="break"), sending(chunk("血"), then="break")])
async def test_a_connection_that_breaks_off_is_an_engine_that_is_unavailable(play):
    assert isinstance(await error_from(play), EngineUnavailable)


async def test_a_refused_connection_is_an_engine_that_is_unavailable():
    generator = VllmGenerator(ServiceSettings(engine_url=unused_url(), engine_retries=0))
    with pytest.raises(EngineUnavailable, match="start it with `medcite-serve engine`"):
        await deltas_of(generator)
    await generator.close()


async def test_a_refused_connection_is_given_up_within_a_second_and_a_half():
    generator = VllmGenerator(ServiceSettings(engine_url=unused_url()))
    started_at = time.perf_counter()
    with pytest.raises(EngineUnavailable):
        await deltas_of(generator)
    assert time.perf_counter() - started_at < 1.5
    await generator.close()


async def test_the_api_key_is_sent_as_a_bearer_token():
    async with generator_on(sending(END), engine_api_key="s3cret") as (stub, generator):
        await deltas_of(generator)
        assert "Bearer s3cret" == stub.headers[0]["Authorization"]


async def test_a_url_that_ends_in_v1_is_understood():
    async with serve_engine(sending(END)) as stub:
        generator = VllmGenerator(ServiceSettings(engine_url=f"{stub.url}/v1/"))
        await deltas_of(generator)
        await generator.close()
        assert ["/v1/chat/completions"] == stub.paths


@pytest.mark.parametrize(("expected", "status"), [(True, 200), (True, 404), (False, 503)])
async def test_an_engine_whose_health_route_answers_is_reachable(expected, status):
    async with generator_on(answering(status)) as (_, generator):
        assert expected == await generator.is_reachable()


async def test_an_engine_that_does_not_listen_is_not_reachable():
    generator = VllmGenerator(ServiceSettings(engine_url=unused_url()))
    assert not await generator.is_reachable()
    await generator.close()


async def test_an_engine_that_hangs_is_not_reachable_after_the_connect_timeout():
    async with generator_on(silent, engine_connect_timeout_s=0.1) as (_, generator):
        assert not await asyncio.wait_for(generator.is_reachable(), 1)


async def test_an_answer_that_is_too_long_to_be_read_whole_is_a_failure():
    async with serve_engine(sending(*[b" " * (1 << 20)] * 5, then="hang")) as stub:
        client = EngineClient(ServiceSettings(engine_url=stub.url))
        with pytest.raises(EngineFailed, match="longer than 4194304 bytes"):
            await client.ask("/v1/models", None, 5)
        await client.close()


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (True, EngineUnavailable("lost")),
        (True, EngineBusy("busy")),
        (True, EngineBusy("busy", 3.0)),
        (False, EngineBusy("busy", 4.0)),
        (False, EngineTimedOut("silent")),
        (False, EngineFailed("status 400")),
        (False, ValueError()),
    ],
)
def test_only_what_may_pass_in_a_moment_is_worth_another_try(expected, error):
    assert expected == is_worth_another_try(error)


async def test_a_url_that_is_none_is_not_worth_another_try():
    client = EngineClient(ServiceSettings(engine_url="no url"))
    with pytest.raises(EngineUnavailable) as caught:
        await client.ask("/v1/models", None, 1)
    await client.close()
    assert not is_worth_another_try(caught.value)


async def test_a_stream_that_is_left_early_closes_its_connection():
    async with serve_engine(sending(chunk("血") + DONE, then="hang")) as stub:
        client = EngineClient(ServiceSettings(engine_url=stub.url))
        pieces = client.stream("/v1/chat/completions", b"{}", 5)
        await anext(pieces)
        await pieces.aclose()
        await asyncio.wait_for(stub.left.wait(), 1)
        await client.close()
        assert stub.left.is_set()
