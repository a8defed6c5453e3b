from contextlib import aclosing

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.errors import EmbeddingFailed
from rag_service import prompts
from rag_service.errors import EngineFailed, EngineTimedOut, EngineUnavailable, InvalidQuestion, KnowledgeAway
from rag_service.generation_fake import ScriptedGenerator
from rag_service.protocol import AnswerRequest, SentenceEvent
from rag_service.screening import load_policy
from tests.rag_service.factories import (
    GENERATION,
    METFORMIN,
    METFORMIN_TEXTS,
    PRESSURE,
    PRESSURE_TEXTS,
    FailingEmbedder,
    ask,
    open_answerer,
)

QUESTION = "诊室血压的标准是多少？"
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
EMERGENCY = "我胸口痛还出冷汗，血压标准是多少？"
AWAY = EngineUnavailable("no connection")


@pytest.fixture
def answer(store, tmp_path):
    async def answer(generator, question=QUESTION, indexed=True, fields=None, **settings):
        chosen = store if indexed else EdgeStore(tmp_path)
        async with open_answerer(chosen, generator, **settings) as answerer:
            return await ask(answerer, question, **(fields or {}))

    return answer


def types_of(events):
    return [event.type for event in events]


def kinds_of(events):
    return [event.kind for event in events if event.type == "notice"]


async def test_an_answer_is_started_sourced_written_disclaimed_and_completed(answer):
    events = await answer(ScriptedGenerator(COPIED, "测量前应安静休息5分钟。[2]"))
    expected = ["answer.started", "sources", "sentence", "sentence", "notice", "answer.completed"]
    assert expected == types_of(events)


async def test_the_start_names_the_model_the_generation_and_the_versions(answer):
    started = (await answer(ScriptedGenerator(COPIED)))[0]
    assert ("qwen2.5-7b", GENERATION, load_policy().version, prompts.VERSION) == (
        started.model,
        started.generation,
        started.policy_version,
        started.prompt_version,
    )


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


async def test_the_disclaimer_is_in_the_language_of_the_question(answer):
    events = await answer(ScriptedGenerator("It is 500 mg. [1]"), "What is the dose?")
    assert prompts.DISCLAIMER["en"] == events[-2].text


async def test_the_language_asked_for_goes_before_that_of_the_question(answer):
    events = await answer(ScriptedGenerator("It is high. [1]"), fields={"language": "en"})
    assert "en" == events[0].language


async def test_the_texts_of_the_sentences_joined_are_the_text_of_a_chinese_answer(answer):
    whole = (await answer(ScriptedGenerator("血压偏高。[1]应复测。[2]")))[-1]
    assert "血压偏高[1]。应复测[2]。" == whole.text


async def test_the_sentences_of_an_english_answer_are_joined_with_blanks(answer):
    whole = (await answer(ScriptedGenerator("It is high. [1] Rest. [2]"), "What is the dose?"))[-1]
    assert "It is high [1]. Rest [2]." == whole.text


async def test_a_supported_sentence_says_so(answer):
    whole = (await answer(ScriptedGenerator(COPIED)))[-1]
    assert ["supported"] == [sentence.verdict for sentence in whole.sentences]


async def test_a_sentence_with_a_number_from_nowhere_is_unsupported(answer):
    whole = (await answer(ScriptedGenerator(COPIED.replace("140", "150"))))[-1]
    assert ["unsupported"] == [sentence.verdict for sentence in whole.sentences]


async def test_unknown_markers_are_removed_from_the_text(answer):
    whole = (await answer(ScriptedGenerator("血压偏高。[1][9]应复测。[7]")))[-1]
    assert "血压偏高[1]。应复测。" == whole.text


async def test_every_quote_is_the_text_of_its_source_at_its_offsets(answer):
    whole = (await answer(ScriptedGenerator(COPIED, "安静休息5分钟。[2][1]", "血压偏高。[1]")))[-1]
    documents = {PRESSURE: "".join(PRESSURE_TEXTS), METFORMIN: "".join(METFORMIN_TEXTS)}
    assert all(
        citation.quote == documents[citation.document_id][citation.start : citation.end]
        for sentence in whole.sentences
        for citation in sentence.citations
    )


async def test_the_sources_are_the_packed_passages_numbered_from_one(answer):
    sources = (await answer(ScriptedGenerator(COPIED)))[1].sources
    assert [(1, PRESSURE), (2, PRESSURE)] == [(source.marker, source.document_id) for source in sources[:2]]


async def test_no_more_passages_are_used_than_asked_for(answer):
    events = await answer(ScriptedGenerator(COPIED), fields={"max_passages": 1})
    assert 1 == len(events[1].sources)


async def test_the_usage_of_the_engine_is_passed_on(answer):
    whole = (await answer(ScriptedGenerator(COPIED)))[-1]
    assert (1, 1) == (whole.usage.prompt_tokens, whole.usage.completion_tokens)


async def test_every_stage_is_timed(answer):
    whole = (await answer(ScriptedGenerator(COPIED)))[-1]
    assert {"screen", "retrieve", "pack", "first_sentence", "total"} == set(whole.timings_ms)


@pytest.mark.parametrize(
    "written", [prompts.NO_ANSWER["zh"], prompts.NO_ANSWER["zh"] + "[1]", "资料中没有答案[1]。"]
)
async def test_the_sentence_that_counts_as_no_answer_becomes_a_refusal(answer, written):
    whole = (await answer(ScriptedGenerator(written)))[-1]
    assert ("answer.refused", "sources_do_not_answer") == (whole.type, whole.refusal.reason)


async def test_a_refusal_is_told_in_the_words_of_the_service(answer):
    whole = (await answer(ScriptedGenerator(prompts.NO_ANSWER["zh"])))[-1]
    assert prompts.REFUSAL["zh"] == whole.text


@pytest.mark.parametrize("written", ["", "\n ", "[9]", "[1]"])
async def test_a_model_that_writes_no_words_gets_a_refusal(answer, written):
    assert "answer.refused" == (await answer(ScriptedGenerator(written)))[-1].type


@pytest.mark.parametrize("error", [AWAY, EngineTimedOut("silent")])
async def test_quotations_stand_in_for_an_engine_that_is_away(answer, error):
    events = await answer(ScriptedGenerator(error=error))
    assert "诊室血压的标准是140/90 mmHg[1]。" == events[-1].sentences[0].text


async def test_a_notice_says_that_the_answer_is_quoted(answer):
    assert ["degraded", "disclaimer"] == kinds_of(await answer(ScriptedGenerator(error=AWAY)))


async def test_an_engine_lost_before_its_first_whole_sentence_is_stood_in_for(answer):
    assert "answer.completed" == (await answer(ScriptedGenerator("诊室血", error=AWAY)))[-1].type


async def test_quotations_are_supported(answer):
    whole = (await answer(ScriptedGenerator(error=AWAY)))[-1]
    assert {"supported"} == {sentence.verdict for sentence in whole.sentences}


async def test_an_engine_away_and_nothing_to_quote_gives_a_refusal(answer):
    assert "answer.refused" == (await answer(ScriptedGenerator(error=AWAY), "牙疼吗？"))[-1].type


async def test_an_engine_lost_after_a_sentence_fails_the_answer(answer):
    events = await answer(ScriptedGenerator(COPIED, "应复", error=AWAY))
    assert ["sentence", "answer.failed"] == types_of(events)[-2:]


async def test_an_engine_that_refuses_the_request_fails_the_answer(answer):
    problem = (await answer(ScriptedGenerator(error=EngineFailed("status 400"))))[-1].problem
    assert (502, "status 400") == (problem.status, problem.detail)


async def test_the_same_question_gives_the_same_sentences(store):
    async with open_answerer(store, ScriptedGenerator(COPIED, "应复测。[2]")) as answerer:
        first, second = [(await ask(answerer, QUESTION))[-1] for _ in range(2)]
    assert (first.text, first.sentences) == (second.text, second.sentences)


async def test_closing_the_events_cancels_the_generation(store):
    generator = ScriptedGenerator(COPIED, "应复测。[2]", "完。")
    async with open_answerer(store, generator) as answerer:
        draft = await answerer.prepare(AnswerRequest(question=QUESTION))
        async with aclosing(answerer.stream(draft)) as events:
            async for event in events:
                if isinstance(event, SentenceEvent):
                    break
        assert 1 == generator.n_cancelled


@pytest.mark.parametrize(("expected", "constrained"), [(True, True), (False, False)])
async def test_the_grammar_is_sent_when_the_settings_say_so(answer, expected, constrained):
    generator = ScriptedGenerator(COPIED)
    await answer(generator, engine_grammar=constrained)
    assert expected == (generator.requests[0].grammar is not None)


@pytest.mark.parametrize(
    ("question", "fault"), [("", "is empty"), (" \n", "is empty"), ("痛" * 11, "has 11 characters")]
)
async def test_an_empty_or_long_question_is_invalid(answer, question, fault):
    with pytest.raises(InvalidQuestion, match=fault):
        await answer(ScriptedGenerator(), question, question_max_chars=10)


async def test_an_embedder_that_fails_is_an_error_of_the_knowledge(store):
    async with open_answerer(store, ScriptedGenerator(), embedder=FailingEmbedder()) as answerer:
        with pytest.raises(EmbeddingFailed):
            await ask(answerer, QUESTION)


async def test_an_emergency_is_answered_though_the_embedder_fails(store):
    async with open_answerer(store, ScriptedGenerator(), embedder=FailingEmbedder()) as answerer:
        assert "emergency" == kinds_of(await ask(answerer, EMERGENCY))[0]
