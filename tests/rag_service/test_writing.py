import asyncio

import pytest

from rag_service.errors import EngineUnavailable
from rag_service.generation_fake import Script, ScriptedGenerator
from rag_service.protocol import Check
from rag_service.proving import prove
from rag_service.writing import Writer
from tests.rag_service.factories import metformin, pressure, settings_for
from tests.rag_service.test_draft import make_draft

PASSAGES = [*pressure(), *metformin()]
COPIED = "诊室血压的标准是140/90 mmHg。[1]"
RESTED = "测量前应安静休息5分钟。[2]"
LIE = "诊室血压的标准是150/90 mmHg。[1]"


def scripts(*answers):
    return ScriptedGenerator(scripts=[Script((answer,)) for answer in answers])


async def written(generator, n_candidates=1, **changed):
    draft = make_draft()
    draft.n_candidates = n_candidates
    return [sentence async for sentence in Writer(generator, settings_for(changed)).write(draft)]


async def request_of(**changed):
    generator = ScriptedGenerator(COPIED)
    await written(generator, **changed)
    return generator.requests[0]


async def confirmed(sentence, yes, entailment="engine"):
    generator = ScriptedGenerator()
    generator.yes = yes
    writer = Writer(generator, settings_for({"entailment": entailment}))
    proved = await writer.confirm(make_draft(), prove(sentence, PASSAGES))
    return proved.verification, generator.asked


async def test_each_sentence_is_given_whole_with_its_handles():
    assert [COPIED, RESTED] == await written(ScriptedGenerator(*f"{COPIED}\n{RESTED}"))


@pytest.mark.parametrize(
    ("expected", "last"),
    [
        ([COPIED], "测量前应"),
        ([COPIED, "测量前应休息。"], "测量前应休息。"),
        ([COPIED, "测量前应休息[2]"], "测量前应休息[2]"),
        ([COPIED, "测量前应休息[2.1]"], "测量前应休息[2.1]"),
        ([COPIED, "（测量前应休息。）"], "（测量前应休息。）"),
    ],
)
async def test_a_sentence_that_stops_in_the_middle_is_dropped(expected, last):
    assert expected == await written(ScriptedGenerator(COPIED, "\n", last))


async def test_a_sentence_cut_by_the_limit_of_tokens_is_dropped():
    assert [COPIED] == await written(ScriptedGenerator(COPIED, "\n", RESTED, finish_reason="length"))


async def test_an_answer_that_repeats_a_sentence_over_and_over_is_stopped():
    generator = ScriptedGenerator(*[f"{COPIED}\n"] * 1000)
    assert (3, 1) == (len(await written(generator)), generator.n_cancelled)


async def test_an_error_is_passed_on_after_what_was_written():
    writer = Writer(ScriptedGenerator(COPIED, "\n应", error=EngineUnavailable("lost")), settings_for({}))
    sentences = writer.write(make_draft())
    assert COPIED == await anext(sentences)
    with pytest.raises(EngineUnavailable):
        await anext(sentences)


async def test_the_usage_is_added_up_over_all_candidates():
    draft = make_draft()
    draft.n_candidates = 3
    async for _ in Writer(scripts(COPIED), settings_for({})).write(draft):
        pass
    assert (3, 3) == (draft.usage.prompt_tokens, draft.usage.completion_tokens)


async def test_one_candidate_is_one_request():
    generator = scripts(COPIED)
    await written(generator)
    assert [0] == [request.seed for request in generator.requests]


async def test_several_candidates_differ_by_their_seed():
    generator = scripts(COPIED)
    await written(generator, n_candidates=3)
    assert [0, 1, 2] == [request.seed for request in generator.requests]


@pytest.mark.parametrize("answers", [(COPIED, LIE), (LIE, COPIED)])
async def test_the_best_verified_of_two_is_given(answers):
    assert [COPIED] == await written(scripts(*answers), n_candidates=2)


@pytest.mark.parametrize(
    ("expected", "answers"),
    [
        ([COPIED, RESTED], (COPIED, f"{COPIED}\n{RESTED}")),
        ([COPIED], (f"{COPIED}\n{LIE}", COPIED)),
        ([COPIED], ("资料中没有答案。", COPIED)),
        ([COPIED], ("", COPIED)),
    ],
)
async def test_many_proved_sentences_and_then_few_unproved_ones_are_better(expected, answers):
    assert expected == await written(scripts(*answers), n_candidates=2)


async def test_the_name_of_its_section_is_no_part_of_what_is_verified():
    labelled = "possible_causes: Metformin lowers sugar. [3]"
    assert [labelled] == await written(scripts(f"{COPIED}\n{LIE}", labelled), n_candidates=2)


async def test_of_equal_candidates_the_first_is_given():
    assert [COPIED] == await written(scripts(COPIED, RESTED), n_candidates=2)


async def test_a_candidate_that_fails_leaves_the_others():
    generator = ScriptedGenerator(scripts=[Script(error=EngineUnavailable("busy")), Script((COPIED,))])
    assert [COPIED] == await written(generator, n_candidates=2)


async def test_candidates_that_all_fail_are_an_error():
    with pytest.raises(EngineUnavailable):
        await written(ScriptedGenerator(error=EngineUnavailable("away")), n_candidates=2)


async def test_leaving_cancels_every_candidate():
    generator = ScriptedGenerator(*[COPIED] * 50, delay_s=0.05)
    writing = asyncio.create_task(written(generator, n_candidates=3))
    await asyncio.sleep(0.02)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert 3 == generator.n_cancelled


@pytest.mark.parametrize(
    ("expected", "handles"),
    [('handle ::= "[1]" | "[2]"', "passage"), ('handle ::= "[1.1]" | "[1.2]"', "sentence")],
)
async def test_the_grammar_offers_the_handles_of_the_settings(expected, handles):
    assert expected in (await request_of(engine_handles=handles)).grammar


async def test_without_a_grammar_the_answer_is_free():
    assert (await request_of(engine_grammar=False)).grammar is None


@pytest.mark.parametrize(
    ("expected", "yes"),
    [("supported", 0.9), ("supported", 0.5), ("partly_supported", 0.1), ("supported", None)],
)
async def test_the_engine_can_take_a_proof_away(expected, yes):
    assert expected == (await confirmed(COPIED, yes))[0].verdict


@pytest.mark.parametrize(("expected", "yes"), [("supported", 0.9), ("partly_supported", 0.1)])
async def test_the_engine_can_complete_a_partial_proof(expected, yes):
    assert expected == (await confirmed("Metformin lowers sugar levels. [3]", yes))[0].verdict


async def test_what_a_check_has_refuted_is_not_asked_of_the_engine():
    verification, asked = await confirmed(LIE, 1.0)
    assert ("unsupported", []) == (verification.verdict, asked)


async def test_the_engine_is_asked_only_where_the_settings_want_it():
    assert [] == (await confirmed(COPIED, 0.1, entailment="none"))[1]


async def test_the_engine_is_asked_of_the_sentence_without_its_markers():
    _, (prompt,) = await confirmed(COPIED, 0.9)
    assert "\n\n陈述：诊室血压的标准是140/90 mmHg。\n" in prompt.user


@pytest.mark.parametrize(("passed", "yes"), [(True, 0.9), (False, 0.1)])
async def test_what_the_engine_said_is_one_of_the_checks(passed, yes):
    checks = (await confirmed(COPIED, yes))[0].checks
    assert [Check(kind="entailment", passed=passed)] == [c for c in checks if c.kind == "entailment"]


async def test_an_engine_that_says_neither_leaves_no_check():
    assert "entailment" not in {check.kind for check in (await confirmed(COPIED, None))[0].checks}
