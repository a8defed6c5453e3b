import pytest
from pydantic import TypeAdapter, ValidationError

from rag_service.errors import EngineUnavailable
from rag_service.generation_fake import ScriptedGenerator
from rag_service.protocol import AnswerRequest, Event
from tests.rag_service.factories import ask, open_answerer

EVENT = TypeAdapter(Event)
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
SCRIPTS = {
    "completed": ScriptedGenerator(COPIED),
    "refused": ScriptedGenerator("资料中没有答案。"),
    "degraded": ScriptedGenerator(error=EngineUnavailable("away")),
    "failed": ScriptedGenerator(COPIED, "应", error=EngineUnavailable("lost")),
}


@pytest.mark.parametrize("script", SCRIPTS)
async def test_every_event_read_back_from_its_json_is_the_event(store, script):
    async with open_answerer(store, SCRIPTS[script]) as answerer:
        events = await ask(answerer, "我胸口痛还出冷汗，诊室血压的标准是多少？")
    assert events == [EVENT.validate_json(event.model_dump_json()) for event in events]


def test_an_event_with_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        EVENT.validate_python({"type": "notice", "kind": "caution", "text": "t", "more": 1})


def test_an_event_of_an_unknown_type_is_refused():
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        EVENT.validate_python({"type": "news"})


def test_a_question_alone_asks_for_one_json_answer_in_its_own_language():
    asked = AnswerRequest(question="?")
    assert (False, None, None) == (asked.stream, asked.language, asked.max_passages)
