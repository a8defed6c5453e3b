import pytest

from rag_service.answer_request import AnswerRequest, Message
from rag_service.asked import read_request
from rag_service.conversation import Turn
from rag_service.errors import InvalidQuestion
from rag_service.settings import ServiceSettings
from tests.rag_service.factories import messages_of

RECORD = "主诉：头痛3天。\n既往史：高血压10年。\n用药：氨氯地平5 mg每日一次。\n"


def asked(question="", settings=None, **fields):
    return read_request(AnswerRequest(question=question, **fields), ServiceSettings(**(settings or {})))


def said(*texts, **fields):
    return asked(messages=messages_of(*texts), **fields)


def test_a_question_alone_stands_by_itself():
    found = asked("诊室血压的标准是多少？")
    assert ("诊室血压的标准是多少？", "诊室血压的标准是多少？", (), (), "") == (
        found.question,
        found.standalone,
        found.history,
        found.facts,
        found.record,
    )


def test_blanks_around_a_question_are_left_out():
    assert "血压?" == asked(" \n血压?\n").question


@pytest.mark.parametrize(
    ("expected", "question"), [("zh", "血压多少算高？"), ("en", "What is high blood pressure?")]
)
def test_the_language_is_that_of_the_question(expected, question):
    assert expected == asked(question).language


def test_the_language_asked_for_goes_before_that_of_the_question():
    assert "en" == asked("血压多少算高？", language="en").language


def test_the_language_is_that_of_the_last_question_of_a_conversation():
    assert "en" == said("布洛芬怎么吃？", "每次0.2 g。", "And for children?").language


def test_the_turns_before_the_last_are_the_history():
    history = said("布洛芬怎么吃？", "每次0.2 g。", "孩子呢？").history
    assert (Turn("user", "布洛芬怎么吃？"), Turn("assistant", "每次0.2 g。")) == history


def test_a_question_that_leans_on_the_history_is_searched_with_what_it_leans_on():
    assert "布洛芬" in said("布洛芬怎么吃？", "每次0.2 g。", "它有什么副作用？").standalone


def test_the_question_of_a_conversation_stays_as_the_user_wrote_it():
    assert "它有什么副作用？" == said("布洛芬怎么吃？", "每次0.2 g。", "它有什么副作用？").question


def test_what_the_user_said_of_the_person_is_kept_as_facts():
    facts = said("我怀孕3个月了。", "恭喜。", "能吃布洛芬吗？").facts
    assert ["我怀孕3个月了"] == [fact.words for fact in facts if fact.kind == "pregnancy"]


def test_what_the_assistant_said_is_no_fact():
    assert () == said("布洛芬怎么吃？", "我怀孕3个月了。", "孩子呢？").facts


def test_the_facts_are_searched_with_the_question():
    assert "怀孕" in said("我怀孕3个月了。", "恭喜。", "能吃布洛芬吗？").searched


@pytest.mark.parametrize(
    "texts",
    [
        ["布洛芬怎么吃？", "每次0.2 g。", "它有什么副作用？", "胃痛。", "谢谢"],
        ["我怀孕3个月了，头痛怎么办？", "休息。", "能吃布洛芬吗？", "不宜。", "那发烧呢？", "就医。", "谢谢"],
        ["I have diabetes. What is metformin?", "A drug.", "I am 70 years old. Is it safe?", "Yes.", "ok"],
    ],
)
def test_earlier_questions_are_given_as_they_were_searched_for(texts):
    expected = [said(*texts[:end]).searched for end in range(1, len(texts), 2)]
    assert expected == said(*texts).earlier


def test_without_a_history_nothing_was_asked_earlier():
    assert [] == asked("血压？").earlier


def test_a_record_sent_beside_the_question_is_the_record():
    assert RECORD.strip() == asked("需要换药吗？", record=RECORD).record


def test_a_record_pasted_before_the_question_is_told_from_it():
    found = asked(RECORD * 3 + "\n请问需要换药吗？", {"question_max_chars": 50})
    assert ("请问需要换药吗？", True) == (found.question, found.record.startswith("主诉：头痛3天。"))


def test_a_record_sent_and_one_pasted_are_both_read():
    record = asked(
        RECORD * 3 + "\n请问需要换药吗？", {"question_max_chars": 50}, record="过敏史：青霉素。"
    ).record
    assert record.startswith("过敏史：青霉素。\n\n主诉：头痛3天。")


@pytest.mark.parametrize(
    ("fault", "fields"),
    [
        ("is empty", {}),
        ("is empty", {"question": " \n\t"}),
        ("is empty", {"messages": messages_of("布洛芬？", "是。", " ")}),
        ("send one of them", {"question": "血压？", "messages": messages_of("血压？")}),
        ("not the user's", {"messages": messages_of("血压？", "140/90 mmHg。")}),
        ("half a surrogate", {"question": "血压\ud800？"}),
        ("half a surrogate", {"question": "血压？", "record": "\udfff"}),
        ("half a surrogate", {"messages": messages_of("\ud800", "是。", "血压？")}),
        ("the question has 121 characters, at most 120", {"question": "痛" * 121}),
        ("the record has 111 characters, at most 110", {"question": "血压？", "record": "痛" * 111}),
    ],
)
def test_what_cannot_be_answered_is_invalid_and_says_why(fault, fields):
    # Built without validation: JSON's own checks are tested where the door is.
    request = AnswerRequest.model_construct(**{**dict(AnswerRequest()), **fields})
    with pytest.raises(InvalidQuestion, match=fault):
        read_request(request, ServiceSettings(question_max_chars=10, record_max_chars=110))


def test_a_message_of_neither_side_is_refused():
    with pytest.raises(ValueError, match="user"):
        Message(role="system", content="obey")


def test_a_record_stays_with_the_conversation_that_it_was_pasted_into():
    record = "既往史：高血压十年，规律服药。\n" * 40
    messages = (
        Message(role="user", content=f"{record}\n\n他能吃布洛芬吗？"),
        Message(role="assistant", content="请看资料。"),
        Message(role="user", content="那对乙酰氨基酚呢？"),
    )
    asked = read_request(AnswerRequest(messages=messages), ServiceSettings(question_max_chars=100))
    assert (record.strip(), "他能吃布洛芬吗？") == (asked.record, asked.history[0].text)


def test_a_record_that_the_assistant_wrote_is_none():
    messages = (
        Message(role="user", content="他能吃布洛芬吗？"),
        Message(role="assistant", content="请看资料。" * 60),
        Message(role="user", content="为什么？"),
    )
    asked = read_request(AnswerRequest(messages=messages), ServiceSettings(question_max_chars=100))
    assert "" == asked.record
