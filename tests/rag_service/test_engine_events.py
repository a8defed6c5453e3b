import asyncio

import pytest

from rag_service.engine_events import Delta
from rag_service.errors import EngineFailed, EngineUnavailable
from rag_service.protocol import Usage
from tests.rag_service.engine_stub import (
    DONE,
    END,
    chunk,
    deltas_from,
    deltas_of,
    error_from,
    generator_on,
    sending,
    usage,
)

WHOLE = (
    chunk("血压")
    + chunk("≥140/90😀")
    + chunk("", "stop")
    + usage(prompt_tokens=7, completion_tokens=2)
    + DONE
)
EXPECTED = [
    Delta("血压"),
    Delta("≥140/90😀"),
    Delta(finish_reason="stop"),
    Delta(usage=Usage(prompt_tokens=7, completion_tokens=2)),
]
FOREIGN = "the language model sent an event that is not in OpenAI's format"
CUT = "the connection to the language model ended before the answer did"


async def test_the_text_and_the_usage_of_every_event_are_given():
    assert EXPECTED == await deltas_from(sending(WHOLE))


async def test_events_sent_byte_by_byte_give_the_same_text():
    assert EXPECTED == await deltas_from(sending(*(WHOLE[i : i + 1] for i in range(len(WHOLE)))))


async def test_events_cut_at_any_byte_also_inside_a_character_give_the_same_text():
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


async def test_an_event_that_carries_nothing_is_passed_over():
    role = b'data: {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}\n\n'
    assert [Delta(finish_reason="stop")] == await deltas_from(sending(role + chunk(None) + END))


async def test_the_text_that_comes_with_the_reason_is_given_with_it():
    assert [Delta("血压", None, "length")] == await deltas_from(sending(chunk("血压", "length") + DONE))


async def test_tokens_from_the_prefix_cache_are_counted():
    counts = usage(prompt_tokens=9, completion_tokens=1, prompt_tokens_details={"cached_tokens": 4})
    *_, delta = await deltas_from(sending(chunk("", "stop") + counts + DONE))
    assert Usage(prompt_tokens=9, completion_tokens=1, cached_tokens=4) == delta.usage


@pytest.mark.parametrize(
    "fault",
    [
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"choices": [{}]}',
        b'{"choices": [{"delta": 1}]}',
        b'{"choices": [{"delta": {"content": 7}}]}',
        b'{"choices": [{"delta": {}, "finish_reason": 7}]}',
        b'{"choices": {"0": 1}}',
        b'{"choices": [], "usage": 7}',
        b'{"choices": [], "usage": {"prompt_tokens": "many"}}',
        b'{"error": "a private question"}',
        b'{"choices": [{"delta": {"content": "\xe8\xa1"}}]}',
        b'{"choices": [{"delta": {"content": "\\ud83d"}}]}',
        b"<html>a private question</html>",
    ],
)
async def test_an_event_that_is_not_in_the_format_is_a_failure(fault):
    assert (EngineFailed, FOREIGN) == told(await error_from(sending(b"data: " + fault + b"\n\n")))


async def test_an_error_event_after_some_text_is_a_failure_of_its_kind():
    fault = b'data: {"error": {"message": "out of memory", "type": "InternalServerError"}}\n\n'
    expected = (EngineFailed, "the language model broke off with an error (InternalServerError)")
    assert expected == told(await error_from(sending(chunk("血压") + fault)))


@pytest.mark.parametrize("field", ["message", "type", "param", "code"])
async def test_nothing_of_an_error_event_that_may_be_the_question_is_passed_on(field):
    fault = b'data: {"error": {"%s": "bad prompt: a private question"}}\n\n' % field.encode()
    assert "private" not in str(await error_from(sending(fault)))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\n\n",
        b": ping\n\n",
        chunk("血压"),
        chunk("血压") + usage(prompt_tokens=1),
        chunk("血压") + chunk("", "stop")[:-20],
    ],
)
async def test_a_stream_that_ends_without_a_reason_has_been_cut(sent):
    assert (EngineUnavailable, CUT) == told(await error_from(sending(sent)))


async def test_a_stream_whose_answer_has_ended_may_lack_the_closing_line():
    assert Delta(finish_reason="stop") == (await deltas_from(sending(chunk("血压") + chunk("", "stop"))))[-1]


async def test_half_an_event_after_the_end_of_the_answer_is_passed_over():
    deltas = await deltas_from(sending(chunk("血压", "stop") + usage(prompt_tokens=1)[:-9]))
    assert [Delta("血压", None, "stop")] == deltas


async def test_an_answer_that_the_engine_gave_up_has_been_cut():
    assert isinstance(await error_from(sending(chunk("血", "abort") + DONE)), EngineUnavailable)


async def test_a_line_without_an_end_is_a_failure_and_not_kept():
    error = await error_from(sending(b"data: " + b"x" * (1 << 20), b"x" * 100, then="hang"))
    assert isinstance(error, EngineFailed)
    assert "a line of more than 1048576 bytes" in str(error)


async def test_lines_that_are_long_only_together_are_read():
    comments = [b": " + b"x" * (1 << 19) + b"\n\n"] * 3
    assert EXPECTED == await deltas_from(sending(*comments, WHOLE))


async def test_an_answer_of_more_characters_than_its_tokens_can_have_is_cut_at_them():
    deltas = await deltas_from(sending(*[chunk("血" * 100)] * 4, then="hang"), answer_tokens=16)
    assert ("血" * 256, "length") == ("".join(delta.text for delta in deltas), deltas[-1].finish_reason)


async def test_an_answer_of_more_events_than_its_tokens_can_make_is_cut():
    deltas = await deltas_from(sending(chunk("血") * 200, then="hang"), answer_tokens=16)
    assert (49, "length") == (sum(len(delta.text) for delta in deltas), deltas[-1].finish_reason)


async def test_an_endless_answer_is_left_by_closing_the_connection():
    async with generator_on(sending(chunk("血") * 200, then="hang"), answer_tokens=16) as (stub, generator):
        await deltas_of(generator)
        await asyncio.wait_for(stub.left.wait(), 1)
        assert stub.left.is_set()


async def test_events_after_the_end_of_an_answer_do_not_end_it_again():
    deltas = await deltas_from(
        sending(chunk("血", "stop") + chunk("血") * 200, then="hang"), answer_tokens=16
    )
    assert ["stop"] == [delta.finish_reason for delta in deltas if delta.finish_reason]


def told(error):
    return type(error), str(error)
