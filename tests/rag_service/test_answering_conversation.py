from rag_service.conversation import Turn
from rag_service.generation_fake import Script, ScriptedGenerator
from tests.rag_service.factories import ask, messages_of, open_answerer

COPIED = "诊室血压的标准是140/90 mmHg。[1]"
LIE = "诊室血压的标准是150/90 mmHg。[1]"
QUESTION = "诊室血压的标准是多少？"


async def converse(answer, *texts, generator=None, **settings):
    generator = generator or ScriptedGenerator(COPIED)
    events = await answer(generator, "", fields={"messages": messages_of(*texts)}, **settings)
    return events, generator.requests[-1].prompt


async def test_the_conversation_is_put_before_the_model(answer):
    _, prompt = await converse(answer, "血压是什么？", "血流对血管的压力。", QUESTION)
    assert "此前的对话：\n问: 血压是什么？\n答: 血流对血管的压力。\n\n" in prompt.user


async def test_the_model_is_asked_the_last_question_as_the_user_wrote_it(answer):
    _, prompt = await converse(answer, "二甲双胍是什么？", "一种降糖药。", "它什么时候不能用？")
    assert prompt.user.endswith("\n问题：它什么时候不能用？")


async def test_what_a_question_leans_on_is_searched_for(answer):
    events, _ = await converse(answer, "What is metformin?", "A drug.", "When must it not be used?")
    assert "nih/metformin" in {source.document_id for source in events[1].sources}


async def test_what_the_user_said_of_the_person_survives_the_trimming_of_the_history(answer):
    turns = ["我怀孕3个月了。", "好的。" * 40, "血压是什么？", "血流对血管的压力。", QUESTION]
    _, prompt = await converse(answer, *turns, history_tokens=20)
    assert (False, True) == ("好的。" in prompt.user, "\n\n提问者说过：我怀孕3个月了\n\n" in prompt.user)


async def test_without_room_for_a_history_none_is_put_before_the_model(answer):
    _, prompt = await converse(answer, "血压是什么？", "血流对血管的压力。", QUESTION, history_tokens=0)
    assert "此前的对话" not in prompt.user


async def test_a_language_switched_midway_is_the_language_of_the_answer(answer):
    turns = ["二甲双胍是什么？", "一种降糖药。", "When must it not be used?"]
    events, prompt = await converse(answer, *turns)
    assert ("en", True) == (events[0].language, prompt.system.startswith("You look things up"))


async def test_an_emergency_of_the_last_turn_is_told(answer):
    events, _ = await converse(
        answer, "血压是什么？", "血流对血管的压力。", "我胸口痛还出冷汗，血压标准是多少？"
    )
    assert "emergency" == events[1].kind


async def test_two_turns_share_the_front_of_their_prompt(store):
    generator = ScriptedGenerator(COPIED)
    texts = [QUESTION, "140/90 mmHg。", "诊室血压的标准高吗？"]
    async with open_answerer(store, generator) as answerer:
        for end in (1, 3):
            await ask(answerer, "", messages=messages_of(*texts[:end]))
    first, second = (request.prompt for request in generator.requests)
    passages = first.user.partition("最相关的资料")[0]
    assert (first.system, passages) == (second.system, second.user[: len(passages)])


async def test_the_markers_of_earlier_passages_stay_theirs(store):
    texts = [QUESTION, "140/90 mmHg。", "When must metformin not be used?"]
    async with open_answerer(store, ScriptedGenerator(COPIED)) as answerer:
        first, second = [
            (await ask(answerer, "", messages=messages_of(*texts[:end])))[1].sources for end in (1, 3)
        ]
    assert [s.passage_id for s in first] == [s.passage_id for s in second[: len(first)]]


async def test_a_reset_history_has_no_facts(answer):
    _, prompt = await converse(answer, "我怀孕3个月了，血压的标准是多少？")
    assert "提问者说过" not in prompt.user


def candidates(*answers):
    return ScriptedGenerator(scripts=[Script((answer,)) for answer in answers])


async def test_the_better_verified_of_two_answers_is_given(answer):
    generator = candidates(LIE, COPIED)
    whole = (await answer(generator, fields={"candidates": 2}, quotations=0))[-1]
    assert ("诊室血压的标准是140/90 mmHg[1]。", ()) == (whole.text, whole.withheld)


async def test_a_stream_has_one_candidate(answer):
    generator = candidates(LIE, COPIED)
    await answer(generator, fields={"candidates": 2, "stream": True})
    assert 1 == len(generator.requests)


async def test_a_sentence_that_the_engine_takes_for_unproved_is_partly_supported(answer):
    generator = ScriptedGenerator(COPIED)
    generator.yes = 0.1
    whole = (await answer(generator, entailment="engine", quotations=0))[-1]
    assert ["partly_supported"] == [sentence.verdict for sentence in whole.sentences]


async def test_a_quotation_needs_no_word_of_the_engine(answer):
    generator = ScriptedGenerator("")
    generator.yes = 0.1
    whole = (await answer(generator, entailment="engine"))[-1]
    assert ({"supported"}, []) == ({sentence.verdict for sentence in whole.sentences}, generator.asked)


def test_turns_are_told_by_their_side():
    roles = [Turn(message.role, message.content).role for message in messages_of("a", "b", "c")]
    assert ["user", "assistant", "user"] == roles
