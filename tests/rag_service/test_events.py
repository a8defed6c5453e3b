import pytest
from pydantic import TypeAdapter, ValidationError

from rag_service.errors import EngineUnavailable
from rag_service.events import Event
from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.factories import ask, open_answerer

EVENT = TypeAdapter(Event)
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
SCRIPTS = {
    "completed": ScriptedGenerator(COPIED),
    "withheld": ScriptedGenerator(COPIED.replace("140", "150")),
    "refused": ScriptedGenerator("资料中没有答案。"),
    "degraded": ScriptedGenerator(error=EngineUnavailable("away")),
    "interrupted": ScriptedGenerator(COPIED, "应", error=EngineUnavailable("lost")),
    "failed": ScriptedGenerator(COPIED, "应", error=ValueError("a fault of ours")),
}


@pytest.mark.parametrize("script", SCRIPTS)
async def test_every_event_read_back_from_its_json_is_the_event(store, script):
    async with open_answerer(store, SCRIPTS[script]) as answerer:
        events = await ask(answerer, "我胸口痛还出冷汗，诊室血压的标准是多少？", record="诊断：高血压。")
    assert events == [EVENT.validate_json(event.model_dump_json()) for event in events]


@pytest.mark.parametrize("script", SCRIPTS)
async def test_the_last_event_ends_the_answer_and_no_other_does(store, script):
    async with open_answerer(store, SCRIPTS[script]) as answerer:
        types = [event.type for event in await ask(answerer, "诊室血压的标准是多少？")]
    ends = {"answer.completed", "answer.refused", "answer.failed"}
    assert [False] * (len(types) - 1) + [True] == [kind in ends for kind in types]


def test_an_event_with_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        EVENT.validate_python({"type": "notice", "kind": "caution", "text": "t", "more": 1})


def test_an_event_of_an_unknown_type_is_refused():
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        EVENT.validate_python({"type": "news"})


def test_a_notice_of_an_unknown_kind_is_refused():
    with pytest.raises(ValidationError, match="kind"):
        EVENT.validate_python({"type": "notice", "kind": "advert", "text": "t"})
