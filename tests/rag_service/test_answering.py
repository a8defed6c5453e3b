from contextlib import aclosing

import pytest

from rag_service import prompts, wording
from rag_service.answer_request import AnswerRequest
from rag_service.errors import InvalidQuestion
from rag_service.events import SentenceEvent
from rag_service.generation_fake import ScriptedGenerator
from rag_service.screening import load_policy
from tests.rag_service.factories import (
    GENERATION,
    METFORMIN,
    METFORMIN_TEXTS,
    PRESSURE,
    PRESSURE_TEXTS,
    ask,
    kinds_of,
    open_answerer,
    types_of,
)

QUESTION = "诊室血压的标准是多少？"
COPIED = "诊室血压的标准是140/90 mmHg。[1]"


async def test_an_answer_is_started_sourced_written_disclaimed_and_completed(answer):
    events = await answer(ScriptedGenerator(COPIED, "测量前应安静休息5分钟。[2]"), quotations=0)
    expected = ["answer.started", "sources", "sentence", "sentence", "notice", "answer.completed"]
    assert expected == types_of(events)


async def test_what_the_model_wrote_is_followed_by_quotations_of_what_it_has_not_said(answer):
    whole = (await answer(ScriptedGenerator(COPIED)))[-1]
    expected = [
        ("written", "诊室血压的标准是140/90 mmHg[1]。"),
        ("quoted", "家庭自测血压的高血压诊断标准是135/85 mmHg[1]。"),
    ]
    assert expected == [(sentence.origin, sentence.text) for sentence in whole.sentences]


async def test_no_more_is_quoted_than_the_settings_say(answer):
    whole = (await answer(ScriptedGenerator(""), quotations=1))[-1]
    assert ["quoted"] == [sentence.origin for sentence in whole.sentences]


async def test_the_sentences_are_numbered_from_zero(answer):
    whole = (await answer(ScriptedGenerator(COPIED)))[-1]
    assert [0, 1] == [sentence.index for sentence in whole.sentences]


async def test_the_extractive_answerer_quotes_and_asks_no_model(answer):
    generator = ScriptedGenerator(COPIED)
    whole = (await answer(generator, answerer="extractive"))[-1]
    assert ([], {"quoted"}) == (generator.requests, {sentence.origin for sentence in whole.sentences})


async def test_the_extractive_answerer_is_not_degraded(answer):
    assert ["disclaimer"] == kinds_of(await answer(ScriptedGenerator(), answerer="extractive"))


async def test_the_start_names_the_model_the_generation_and_the_versions(answer):
    started = (await answer(ScriptedGenerator(COPIED)))[0]
    assert ("qwen2.5-7b", GENERATION, load_policy().version, prompts.VERSION) == (
        started.model,
        started.generation,
        started.policy_version,
        started.prompt_version,
    )


async def test_the_disclaimer_is_in_the_language_of_the_question(answer):
    events = await answer(ScriptedGenerator("It is 500 mg. [1]"), "What is the dose?")
    assert wording.DISCLAIMER["en"] == events[-2].text


async def test_quotations_alone_are_not_labelled_as_generated(answer):
    events = await answer(ScriptedGenerator(), answerer="extractive")
    assert wording.DISCLAIMER_QUOTED["zh"] == events[-2].text


async def test_the_language_asked_for_goes_before_that_of_the_question(answer):
    events = await answer(ScriptedGenerator("It is high. [1]"), fields={"language": "en"})
    assert "en" == events[0].language


async def test_the_texts_of_the_sentences_joined_are_the_text_of_a_chinese_answer(answer):
    whole = (await answer(ScriptedGenerator("血压偏高。[1]应复测。[2]"), quotations=0))[-1]
    assert "血压偏高[1]。应复测[2]。" == whole.text


async def test_the_sentences_of_an_english_answer_are_joined_with_blanks(answer):
    written = ScriptedGenerator("It is high. [1] Rest. [2]")
    whole = (await answer(written, "What is the dose?", quotations=0))[-1]
    assert "It is high [1]. Rest [2]." == whole.text


async def test_a_supported_sentence_says_so(answer):
    whole = (await answer(ScriptedGenerator(COPIED), quotations=0))[-1]
    assert ["supported"] == [sentence.verdict for sentence in whole.sentences]


async def test_a_sentence_with_a_number_from_nowhere_is_not_shown(answer):
    whole = (await answer(ScriptedGenerator(COPIED.replace("140", "150"))))[-1]
    assert "150" not in whole.text


async def test_a_sentence_that_is_not_shown_leaves_its_failed_checks(answer):
    whole = (await answer(ScriptedGenerator(COPIED.replace("140", "150"))))[-1]
    failed = [(c.kind, c.words) for withheld in whole.withheld for c in withheld.checks if not c.passed]
    assert [("quantity", ("150/90 mmhg",))] == failed


@pytest.mark.parametrize(
    ("expected", "policy"), [([], "withhold"), ([], "withhold_facts"), (["unsupported"], "flag")]
)
async def test_the_policy_decides_what_becomes_of_an_unproved_figure(answer, expected, policy):
    written = ScriptedGenerator(COPIED.replace("140", "150"))
    whole = (await answer(written, quotations=0, unproved=policy))[-1]
    assert expected == [sentence.verdict for sentence in whole.sentences]


async def test_an_answer_of_nothing_but_withheld_sentences_is_refused(answer):
    whole = (await answer(ScriptedGenerator(COPIED.replace("140", "150")), quotations=0))[-1]
    assert ("answer.refused", "not_enough_evidence") == (whole.type, whole.refusal.reason)


async def test_a_sentence_that_its_own_citation_does_not_bear_out_is_given_to_the_one_that_does(answer):
    whole = (await answer(ScriptedGenerator(COPIED.replace("[1]", "[2]")), quotations=0))[-1]
    (sentence,) = whole.sentences
    assert (True, [1]) == (sentence.reattributed, [citation.marker for citation in sentence.citations])


async def test_a_sentence_said_twice_is_shown_once(answer):
    whole = (await answer(ScriptedGenerator(COPIED, COPIED), quotations=0))[-1]
    assert 1 == len(whole.sentences)


async def test_unknown_markers_are_removed_from_the_text(answer):
    whole = (await answer(ScriptedGenerator("血压偏高。[1][9]应复测。[7]"), quotations=0))[-1]
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
    assert {"screen", "gather", "first_sentence", "compare", "total"} == set(whole.timings_ms)


@pytest.mark.parametrize(
    "written", [prompts.NO_ANSWER["zh"], prompts.NO_ANSWER["zh"] + "[1]", "资料中没有答案[1]。"]
)
async def test_the_sentence_that_counts_as_no_answer_becomes_a_refusal(answer, written):
    whole = (await answer(ScriptedGenerator(written)))[-1]
    assert ("answer.refused", "sources_do_not_answer") == (whole.type, whole.refusal.reason)


async def test_a_refusal_is_told_in_the_words_of_the_service(answer):
    whole = (await answer(ScriptedGenerator(prompts.NO_ANSWER["zh"])))[-1]
    assert wording.REFUSAL["sources_do_not_answer"]["zh"] == whole.text


async def test_nothing_is_quoted_below_a_refusal(answer):
    assert () == (await answer(ScriptedGenerator(prompts.NO_ANSWER["zh"])))[-1].sentences


async def test_a_model_that_finds_no_answer_in_good_evidence_is_not_believed(answer):
    whole = (await answer(ScriptedGenerator(prompts.NO_ANSWER["zh"]), believed_sufficiency=0.0))[-1]
    assert ("answer.completed", wording.CLOSEST["zh"], {"quoted"}) == (
        whole.type,
        whole.notices[0].text,
        {sentence.origin for sentence in whole.sentences},
    )


async def test_a_model_that_is_not_believed_and_nothing_to_quote_give_a_refusal(answer):
    written = ScriptedGenerator(prompts.NO_ANSWER["zh"])
    assert "answer.refused" == (await answer(written, believed_sufficiency=0.0, quotations=0))[-1].type


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


async def test_an_empty_question_is_invalid(answer):
    with pytest.raises(InvalidQuestion, match="is empty"):
        await answer(ScriptedGenerator(), " \n")


async def test_a_structured_answer_has_each_sentence_in_its_section(answer):
    written = ScriptedGenerator(f"suggested_tests: {COPIED}\n", "self_care: 测量前应安静休息5分钟。[2]\n")
    whole = (await answer(written, fields={"format": "structured"}, quotations=0))[-1]
    found = {name: [s.text for s in sentences] for name, sentences in whole.structured.items() if sentences}
    expected = {
        "suggested_tests": ["诊室血压的标准是140/90 mmHg[1]。"],
        "self_care": ["测量前应安静休息5分钟[2]。"],
    }
    assert expected == found


async def test_an_answer_has_no_sections_unless_they_are_asked_for(answer):
    assert (await answer(ScriptedGenerator(COPIED)))[-1].structured is None
