"""A record of 60,000 characters through the whole answerer, with room for a tenth of it."""

import pytest

from rag_service.generation_fake import ScriptedGenerator

QUESTION = "患者对什么药物过敏？"
NEEDLE = "过敏史：患者对头孢曲松过敏，曾出现过敏性休克。"
DAY = "2024-03-{:02} 病程记录：\n患者一般情况可，生命体征平稳，饮食睡眠良好，继续目前治疗方案，注意观察病情变化，第{}次查房记录。\n\n"
WRITTEN = "患者对头孢曲松过敏，曾出现过敏性休克。"


def long_record(n_chars=60_000):
    days = [DAY.format(n % 28 + 1, n) for n in range(n_chars // 50)]
    text = "".join(days)
    middle = len("".join(days[: len(days) // 3]))
    record = f"{text[:middle]}{NEEDLE}\n\n{text[middle:]}"
    return record[:n_chars].strip()


class Citing(ScriptedGenerator):
    """Cites the passage of its prompt that has the needle."""

    async def stream(self, request):
        """Write the sentence and the number that stands in front of the needle."""
        head = request.prompt.user.partition(NEEDLE)[0].rpartition("\n[")[2]
        marker = head.partition("]")[0]
        async for delta in ScriptedGenerator(f"{WRITTEN}[{marker}]").stream(request):
            yield delta
        self.requests.append(request)


@pytest.fixture(params=["sent", "pasted"])
async def asked(request, answer):
    """The whole answer and the generator, for a record sent beside the question or pasted before it."""
    generator, record = Citing(), long_record()
    fields = {"record": record} if request.param == "sent" else {}
    question = QUESTION if request.param == "sent" else f"{record}\n\n{QUESTION}"
    events = await answer(generator, question, fields=fields, context_tokens=6000, quotations=0)
    return events[-1], generator


async def test_the_part_with_the_needle_is_packed(asked):
    assert 1 == sum(NEEDLE in source.text for source in asked[0].sources)


async def test_the_parts_of_the_record_are_sources_of_that_kind(asked):
    assert {"record"} == {source.kind for source in asked[0].sources if source.document_id == "record"}


async def test_a_sentence_cites_the_record(asked):
    (sentence,) = asked[0].sentences
    assert ("supported", "record", False) == (
        sentence.verdict,
        sentence.citations[0].document_id,
        sentence.reattributed,
    )


async def test_the_quote_stands_in_the_record_at_its_offsets(asked):
    (citation,) = asked[0].sentences[0].citations
    assert citation.quote == long_record()[citation.start : citation.end]


async def test_the_question_is_told_from_the_record(asked):
    assert asked[1].requests[0].prompt.user.endswith(f"\n问题：{QUESTION}")


async def test_the_passages_stay_within_the_budget(asked):
    assert sum(each.n_tokens for each in asked[0].packing if each.reason == "packed") <= 6000


async def test_every_part_of_the_record_stands_in_the_trace_once(asked):
    ids = [each.passage_id for each in asked[0].packing]
    assert (True, len(ids)) == (len(ids) > 40, len(set(ids)))


async def test_every_source_stands_in_the_trace_with_its_marker(asked):
    packed = {each.marker: each.passage_id for each in asked[0].packing if each.marker is not None}
    assert {source.marker: source.passage_id for source in asked[0].sources} == packed


async def test_reference_texts_stand_before_the_record(asked):
    kinds = [source.kind for source in asked[0].sources]
    assert sorted(kinds, reverse=True) == kinds


async def test_a_record_is_answered_from_though_no_reference_text_is_enough(answer):
    events = await answer(Citing(), QUESTION, fields={"record": NEEDLE}, least_sufficiency=1.0, quotations=0)
    assert ["record"] == [source.kind for source in events[-1].sources]


async def test_a_record_is_quoted_while_the_engine_is_away(answer):
    events = await answer(ScriptedGenerator(), QUESTION, fields={"record": NEEDLE}, answerer="extractive")
    assert "头孢曲松过敏" in events[-1].text
