import pytest

from knowledge.errors import EmbeddingFailed
from rag_service.errors import KnowledgeAway
from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.factories import FailingEmbedder, ask, kinds_of, open_answerer, types_of

QUESTION = "诊室血压的标准是多少？"
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
EMERGENCY = "我胸口痛还出冷汗，血压标准是多少？"


async def test_an_emergency_notice_stands_before_everything_else(answer):
    events = await answer(ScriptedGenerator(COPIED), EMERGENCY)
    assert ["answer.started", "notice", "sources"] == types_of(events)[:3]


async def test_an_emergency_notice_is_repeated_in_the_whole_answer(answer):
    whole = (await answer(ScriptedGenerator(COPIED), EMERGENCY))[-1]
    assert ["emergency", "disclaimer"] == [notice.kind for notice in whole.notices]


async def test_an_emergency_is_answered_with_its_notice_when_no_index_is_published(answer):
    events = await answer(ScriptedGenerator(COPIED), EMERGENCY, indexed=False)
    assert ["emergency", "disclaimer"] == kinds_of(events)


async def test_an_emergency_without_an_index_ends_in_a_refusal(answer):
    whole = (await answer(ScriptedGenerator(COPIED), EMERGENCY, indexed=False))[-1]
    assert ("answer.refused", "not_enough_evidence") == (whole.type, whole.refusal.reason)


async def test_without_an_index_the_model_is_not_asked(answer):
    generator = ScriptedGenerator(COPIED)
    await answer(generator, EMERGENCY, indexed=False)
    assert [] == generator.requests


async def test_a_question_that_is_no_emergency_needs_an_index(answer):
    with pytest.raises(KnowledgeAway, match="no index has been published"):
        await answer(ScriptedGenerator(COPIED), indexed=False)


async def test_an_embedder_that_fails_is_an_error_of_the_knowledge(store):
    async with open_answerer(store, ScriptedGenerator(), embedder=FailingEmbedder()) as answerer:
        with pytest.raises(EmbeddingFailed):
            await ask(answerer, QUESTION)


async def test_an_emergency_is_answered_though_the_embedder_fails(store):
    async with open_answerer(store, ScriptedGenerator(), embedder=FailingEmbedder()) as answerer:
        assert "emergency" == kinds_of(await ask(answerer, EMERGENCY))[0]
