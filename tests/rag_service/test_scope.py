import pytest

from knowledge.retrieval import Retrieved
from knowledge.understanding import understand
from rag_service import wording
from rag_service.answer_request import AnswerRequest
from rag_service.asked import read_request
from rag_service.scope import why_refused
from rag_service.settings import ServiceSettings
from tests.rag_service.factories import messages_of


def refusal_of(*texts, sufficiency=1.0, **fields):
    asked = read_request(AnswerRequest(messages=messages_of(*texts), **fields), ServiceSettings())
    retrieved = Retrieved([], [], [], understand(asked.searched), sufficiency)
    return why_refused(asked, retrieved, 0.5)


def reason_of(*texts, **fields):
    refusal = refusal_of(*texts, **fields)
    return refusal and refusal.reason


@pytest.mark.parametrize(
    "question",
    [
        "这个药能吃吗？",
        "那种药怎么吃？",
        "它安全吗？",
        "吃多少合适？",
        "Can I take it with food?",
        "How much should I take?",
        "Is this medicine safe?",
    ],
)
def test_a_question_that_names_nothing_is_asked_back(question):
    assert "needs_context" == reason_of(question)


@pytest.mark.parametrize(
    "question",
    [
        "布洛芬一天吃多少？",
        "二甲双胍这个药能吃吗？",
        "How much ibuprofen should I take?",
        "诊室血压的标准是多少？",
    ],
)
def test_a_question_that_names_what_it_is_about_is_answered(question):
    assert reason_of(question) is None


def test_a_question_that_leans_on_the_conversation_is_answered():
    assert reason_of("布洛芬是什么？", "一种止痛药。", "这个药能吃吗？") is None


def test_a_question_about_a_record_is_answered_though_it_names_nothing():
    assert reason_of("这个药能吃吗？", record="诊断：高血压。") is None


def test_what_is_asked_back_is_in_the_text_and_on_its_own():
    refusal = refusal_of("Is this medicine safe?")
    expected = ("Which medicine, condition or test do you mean?", "Who is it for (age, pregnancy, allergies, medicines taken now)?")  # fmt: skip
    assert (expected, " ".join(["To find the right text, please say:", *expected])) == (
        refusal.questions,
        refusal.text,
    )


def test_whom_it_is_for_is_asked_of_medicines_only():
    assert 1 == len(refusal_of("Is this disease dangerous?").questions)


def test_a_question_about_something_medical_without_evidence_has_not_enough_of_it():
    assert "not_enough_evidence" == reason_of("布洛芬一天吃多少？", sufficiency=0.4)


def test_a_question_about_nothing_medical_without_evidence_is_out_of_scope():
    assert "out_of_scope" == reason_of("明天会下雨吗？", sufficiency=0.4)


def test_just_enough_evidence_is_enough():
    assert reason_of("明天会下雨吗？", sufficiency=0.5) is None


@pytest.mark.parametrize(
    ("language", "question"), [("zh", "明天会下雨吗？"), ("en", "Will it rain tomorrow?")]
)
def test_a_refusal_is_told_in_the_language_of_the_answer(language, question):
    expected = wording.REFUSAL["out_of_scope"][language]
    assert expected == refusal_of(question, sufficiency=0.0, language=language).text
