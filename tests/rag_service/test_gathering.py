import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from rag_service.answer_request import AnswerRequest, Filters
from rag_service.asked import read_request
from rag_service.conversation import Turn
from rag_service.errors import KnowledgeAway
from rag_service.gathering import Gatherer
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.prompts import Brief, write_passage
from tests.rag_service.factories import (
    GENERATION,
    make_passages,
    messages_of,
    metformin,
    pressure,
    publish,
    settings_for,
)

QUESTION = "诊室血压的标准是多少？"
DRUGS = ("布洛芬", "二甲双胍", "华法林", "阿莫西林", "氨氯地平")
ASPECTS = ("剂量是多少", "副作用有哪些", "禁忌是什么", "与酒精同用")
# A long conversation about one drug, and one that goes from drug to drug and back.
TALKS = {
    "one drug": [f"{DRUGS[0]}的{aspect}？" for aspect in ASPECTS] * 4,
    "two drugs": [f"{drug}的{aspect}？" for drug in DRUGS[:2] for aspect in ASPECTS] * 2,
    "with facts": ["我怀孕3个月了，布洛芬的剂量是多少？", "布洛芬的副作用有哪些？", "我今年30岁，布洛芬的禁忌是什么？", "布洛芬与酒精同用？"],
}  # fmt: skip


def drugs():
    return [
        passage
        for drug in DRUGS
        for passage in make_passages(
            drug,
            [f"{drug}的{aspect}：服{drug}请看{drug}说明书第{n}页。" for n, aspect in enumerate(ASPECTS)],
            "zh",
            drug,
        )
    ]


@pytest.fixture(scope="module")
def drug_store(tmp_path_factory):
    return asyncio.run(publish(tmp_path_factory.mktemp("drugs"), drugs()))


@asynccontextmanager
async def gatherer_on(store, generator=None, **changed):
    library = Library(store, HashingEmbedder())
    try:
        yield Gatherer(library, generator or ScriptedGenerator(), settings_for(changed))
    finally:
        await library.close()


async def gather(store, *texts, generator=None, limit=8, fields=None, **changed):
    asked = read_request(AnswerRequest(messages=messages_of(*texts), **(fields or {})), settings_for({}))
    filters = (fields or {}).get("filters", Filters())
    async with gatherer_on(store, generator, **changed) as gatherer:
        return await gatherer.gather(asked, limit, filters.admitting())


def reasons_of(gathered):
    return [each.reason for each in gathered.packing.trace]


async def test_the_passages_found_are_packed_best_first(store):
    assert pressure() == (await gather(store, QUESTION)).packing.passages[:2]


async def test_the_generation_that_was_searched_is_told(store):
    assert GENERATION == (await gather(store, QUESTION)).generation


async def test_no_more_passages_are_packed_than_asked_for(store):
    assert 1 == len((await gather(store, QUESTION, limit=1)).packing.passages)


async def test_the_relevant_markers_are_those_of_this_question(store):
    gathered = await gather(store, QUESTION, "140/90 mmHg。", "When must metformin not be used?")
    relevant = [gathered.packing.passages[marker - 1].document_id for marker in gathered.relevant]
    assert ["nih/metformin", True] == [relevant[0], gathered.relevant[0] > 1]


async def test_the_statements_that_may_be_quoted_are_of_packed_passages(store):
    gathered = await gather(store, QUESTION)
    assert {p.passage_id for p in gathered.packing.passages} >= {
        c.statement.passage.passage_id for c in gathered.candidates
    }


async def test_every_passage_considered_stands_in_the_trace_exactly_once(store):
    trace = [each.passage_id for each in (await gather(store, QUESTION, limit=2)).packing.trace]
    assert sorted(p.passage_id for p in (*pressure(), *metformin())) == sorted(trace)


@pytest.mark.parametrize("record", ["", "诊断：高血压。"])
async def test_what_was_found_and_not_enough_stands_in_the_trace(store, record):
    gathered = await gather(store, QUESTION, fields={"record": record}, least_sufficiency=1.0)
    references = {p.passage_id for p in (*pressure(), *metformin())}
    traced = [each.passage_id for each in gathered.packing.trace if each.passage_id in references]
    assert sorted(references) == sorted(traced)


async def test_evidence_that_is_not_enough_is_refused(store):
    gathered = await gather(store, QUESTION, least_sufficiency=1.0)
    assert ("not_enough_evidence", []) == (gathered.refused.reason, gathered.packing.passages)


async def test_a_small_budget_leaves_passages_out(store):
    assert "over_budget" in reasons_of(await gather(store, QUESTION, context_tokens=256, generator=Costly()))


async def test_the_tokens_packed_are_within_the_budget(store):
    packing = (await gather(store, QUESTION, context_tokens=256, generator=Costly())).packing
    assert packing.n_tokens <= 256


async def test_without_a_tokenizer_tokens_are_estimated(store):
    generator = ScriptedGenerator()
    generator.tokenizes = False
    packing = (await gather(store, QUESTION, generator=generator)).packing
    assert [round(p.n_tokens * 1.5) + 60 for p in packing.passages] == [
        each.n_tokens for each in packing.trace if each.reason == "packed"
    ]


async def test_the_context_of_a_small_engine_bounds_the_passages(drug_store):
    generator = ScriptedGenerator()
    generator.length = 500
    few = await gather(drug_store, "布洛芬的剂量是多少？", generator=generator, answer_tokens=100)
    many = await gather(drug_store, "布洛芬的剂量是多少？")
    assert 0 < len(few.packing.passages) < len(many.packing.passages)


async def test_passages_of_earlier_questions_leave_room_for_those_of_this_one(drug_store):
    talk = ["布洛芬的剂量是多少？", "请遵医嘱。", "华法林的禁忌是什么？"]
    gathered = await gather(drug_store, *talk, limit=3, context_tokens=600, generator=Costly())
    best = gathered.packing.passages[gathered.relevant[0] - 1]
    assert ("华法林", 3) == (best.document_id, len(gathered.relevant))


async def test_filters_hold_for_what_is_found(store):
    gathered = await gather(store, QUESTION, fields={"filters": Filters(languages=("en",))})
    assert {"en"} == {passage.imprint.language for passage in gathered.packing.passages}


async def test_a_retracted_text_is_never_packed(tmp_path):
    retracted = [replace(p, imprint=replace(p.imprint, status="retracted")) for p in pressure()]
    gathered = await gather(await publish(tmp_path, retracted + metformin()), QUESTION)
    assert {"nih/metformin"} == {passage.document_id for passage in gathered.packing.passages}


async def test_an_old_edition_with_other_figures_stands_behind_the_new_one(tmp_path):
    old = make_passages("old", ["诊室血压的标准是160/95 mmHg，这是旧版。"], "zh")
    new = make_passages("new", ["诊室血压的标准是140/90 mmHg。"], "zh")
    new = [
        replace(p, imprint=replace(p.imprint, supersedes="old", reviewed_on=date(2024, 1, 1))) for p in new
    ]
    gathered = await gather(await publish(tmp_path, old + new), QUESTION)
    assert ["new", "old"] == [passage.document_id for passage in gathered.packing.passages]


async def test_the_newest_turns_that_fit_are_the_history(store):
    turns = ["布洛芬怎么吃？" * 9, "每次0.2 g。" * 9, "头痛呢？", "可以。", QUESTION]
    gathered = await gather(store, *turns, history_tokens=20)
    assert (Turn("user", "头痛呢？"), Turn("assistant", "可以。")) == gathered.history


async def test_without_an_index_nothing_is_gathered(tmp_path):
    with pytest.raises(KnowledgeAway):
        await gather(EdgeStore(tmp_path), QUESTION)


@pytest.mark.parametrize("talk", TALKS)
async def test_passages_of_a_turn_come_again_at_the_same_place(drug_store, talk):
    written = [await blocks_after(drug_store, TALKS[talk][: n + 1]) for n in range(len(TALKS[talk]))]
    again = sum(shared(first, second) for first, second in pairwise(written))
    assert again >= 0.8 * sum(map(len, written[:-1]))


async def blocks_after(store, questions):
    """Write the passages part of the prompt of the last of these questions."""
    texts = [text for question in questions for text in (question, "请遵医嘱。")][:-1]
    packing = (await gather(store, *texts, limit=4)).packing
    brief = Brief("", "zh", (), GENERATION)
    return "".join(write_passage(p, marker, brief) for marker, p in enumerate(packing.passages, start=1))


def shared(first, second):
    """Count the characters up to the first that differs."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(second)))


class Costly(ScriptedGenerator):
    """Counts two hundred tokens a text."""

    async def count_tokens(self, texts):
        return [200] * len(texts)
