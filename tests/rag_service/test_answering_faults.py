"""Whatever the engine does, an answer ends, shows nothing unproved as proved, and quotations stand in."""

import asyncio

import pytest

from rag_service import wording
from rag_service.errors import EngineFailed, EngineTimedOut, EngineUnavailable
from rag_service.events import AnswerFailed, SentenceEvent
from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.engine_stub import (
    DONE,
    END,
    answering,
    broken,
    chunk,
    generator_on,
    sending,
    silent,
)
from tests.rag_service.factories import ask, kinds_of, open_answerer

COPIED = "诊室血压的标准是140/90 mmHg。[1]"
LIE = "诊室血压的标准是150/90 mmHg。[1]"
ODD = "月亮绕着地球转动。[1]"
QUESTION = "诊室血压的标准是多少？"
CHAT = "/v1/chat/completions"

# What the engine does; what the notices are but for the disclaimer; whether a sentence of its own is shown.
PLAYS = {
    "garbage": (sending(b"\x00\x01\xff{]<html>" * 50 + b"\n\n"), ["degraded"], False),
    "garbage in an event": (sending(b"data: {]\n\n"), ["degraded"], False),
    "another protocol": (sending(b'data: {"choices": [{"text": 7}]}\n\n'), ["degraded"], False),
    "invalid UTF-8": (
        sending(b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'),
        ["degraded"],
        False,
    ),
    "half a surrogate": (
        sending(b'data: {"choices": [{"delta": {"content": "\\ud800"}}]}\n\n'),
        ["degraded"],
        False,
    ),
    "a line without end": (sending(*[b"x" * 65536] * 40), ["degraded"], False),
    "an answer without end": (sending(*[chunk("血压")] * 3000, then="hang"), [], False),
    "one sentence over and over": (sending(*[chunk(COPIED + "\n")] * 500, then="hang"), [], True),
    "two sentences over and over": (sending(*[chunk(COPIED + ODD)] * 500, then="hang"), [], True),
    "blanks without end": (sending(*[chunk(" ")] * 3000, then="hang"), [], False),
    "nothing": (sending(), ["degraded"], False),
    "no words": (sending(END), [], False),
    "no words and no reason": (sending(DONE), [], False),
    "half a sentence": (sending(chunk("诊室血压的"), END), [], False),
    "half a sentence after a whole one": (sending(chunk(COPIED + "\n测量前应"), END), [], True),
    "half a sentence cut by the limit": (sending(chunk("诊室血压的标准是140/90", "length"), DONE), [], False),
    "an answer cut by the limit": (sending(chunk(COPIED + "\n诊室血压的", "length"), DONE), [], True),
    "an error instead of an answer": (answering(500), ["degraded"], False),
    "a refusal": (answering(400, b'{"error": {"type": "BadRequestError"}}'), ["degraded"], False),
    "busy": (answering(503), ["degraded"], False),
    "an error after a sentence": (
        sending(chunk(COPIED + "应"), b'data: {"error": {"type": "InternalServerError"}}\n\n'),
        ["degraded"],
        True,
    ),
    "broken before an answer": (broken, ["degraded"], False),
    "broken before a sentence": (sending(chunk("诊室"), then="break"), ["degraded"], False),
    "broken after a sentence": (sending(chunk(COPIED + "应复"), then="break"), ["degraded"], True),
    "silent": (silent, ["degraded"], False),
    "silent after a sentence": (sending(chunk(COPIED + "应复"), then="hang"), ["degraded"], True),
    "no markers": (sending(chunk("诊室血压的标准是140/90 mmHg。月亮绕着地球转动。"), END), [], True),
    "unknown markers": (
        sending(chunk("诊室血压的标准是140/90 mmHg。[99]月亮绕着地球转动。[99]"), END),
        [],
        True,
    ),
    "a wrong figure": (sending(chunk(LIE), END), [], False),
    "another subject": (sending(chunk(ODD), END), [], False),
}


def at_chat(*plays):
    """Play one after the other where answers are written; there is no other route."""

    async def play(stub, request):
        number = stub.paths.count(CHAT) - 1
        chosen = plays[min(number, len(plays) - 1)] if request.path == CHAT else answering(404)
        return await chosen(stub, request)

    return play


async def perform(store, *plays, **changed):
    changed = {"engine_silence_timeout_s": 0.5, "engine_retries": 0, "quotations": 2, **changed}
    # The test fails rather than hangs.
    async with (
        asyncio.timeout(10),
        generator_on(at_chat(*plays), **changed) as (stub, generator),
        open_answerer(store, generator, engine_url=stub.url, **changed) as answerer,
    ):
        return await ask(answerer, QUESTION)


def shown(events, origin):
    return [e for e in events if isinstance(e, SentenceEvent) and e.origin == origin]


@pytest.fixture(params=PLAYS, scope="module")
def performance(request, store):
    """The events of an answer, the notices it must have, and whether the model wrote what is proved."""
    play, notices, writes = PLAYS[request.param]
    return asyncio.run(perform(store, play)), notices, writes


async def test_the_answer_is_completed_and_never_fails(performance):
    events, _, _ = performance
    assert "answer.completed" == events[-1].type


async def test_a_notice_tells_of_an_engine_that_failed_and_of_no_other(performance):
    events, notices, _ = performance
    assert [*notices, "disclaimer"] == kinds_of(events)


async def test_quotations_stand_in_or_stand_below(performance):
    events, _, _ = performance
    assert {"supported"} == {sentence.verdict for sentence in shown(events, "quoted")}


async def test_what_was_written_and_proved_stays(performance):
    events, _, writes = performance
    supported = [sentence.text for sentence in shown(events, "written") if sentence.verdict == "supported"]
    assert ["诊室血压的标准是140/90 mmHg[1]。"] * writes == supported


async def test_nothing_unproved_has_the_verdict_supported(performance):
    events, _, _ = performance
    texts = [sentence.text for sentence in shown(events, "written") if sentence.verdict == "supported"]
    assert [] == [text for text in texts if "140/90" not in text]


async def test_the_whole_answer_has_every_sentence_of_the_stream(performance):
    events, _, _ = performance
    streamed = [event for event in events if isinstance(event, SentenceEvent)]
    assert [event.text for event in streamed] == [sentence.text for sentence in events[-1].sentences]


async def test_a_slow_engine_is_waited_for(store):
    pieces = ["诊室", "血压", "的标准", "是140/90 ", "mmHg。[1]"]
    events = await perform(
        store, sending(*map(chunk, pieces), END, pause_s=0.2), engine_silence_timeout_s=1.0
    )
    assert (1, ["disclaimer"]) == (len(shown(events, "written")), kinds_of(events))


async def test_an_engine_that_is_busy_for_a_moment_is_asked_again(store):
    events = await perform(store, answering(503), sending(chunk(COPIED), END), engine_retries=1)
    assert (1, ["disclaimer"]) == (len(shown(events, "written")), kinds_of(events))


@pytest.mark.parametrize("error", [EngineUnavailable("away"), EngineTimedOut("silent"), EngineFailed("400")])
async def test_quotations_stand_in_for_an_engine_that_fails(answer, error):
    events = await answer(ScriptedGenerator(error=error))
    assert "诊室血压的标准是140/90 mmHg[1]。" == events[-1].sentences[0].text


@pytest.mark.parametrize(
    ("expected", "pieces"),
    [(wording.DEGRADED, ()), (wording.DEGRADED, ("诊室血",)), (wording.INTERRUPTED, (COPIED, "应复"))],
)
async def test_a_notice_says_whether_the_engine_had_begun(answer, expected, pieces):
    whole = (await answer(ScriptedGenerator(*pieces, error=EngineUnavailable("away"))))[-1]
    assert expected["zh"] == whole.notices[0].text


async def test_an_engine_away_and_nothing_to_quote_gives_a_refusal(answer):
    whole = (await answer(ScriptedGenerator(error=EngineUnavailable("away")), quotations=0))[-1]
    assert ("answer.refused", "not_enough_evidence") == (whole.type, whole.refusal.reason)


async def test_no_detail_of_a_fault_of_ours_is_told(answer):
    failed = (await answer(ScriptedGenerator(error=ValueError(QUESTION))))[-1]
    assert isinstance(failed, AnswerFailed)
    assert QUESTION not in failed.model_dump_json()
