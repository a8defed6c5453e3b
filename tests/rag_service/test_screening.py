import re

import pytest

from rag_service.errors import PolicyBroken
from rag_service.screening import Policy, Rule, load_policy, screen_question

POLICY = load_policy()
NOTICES = POLICY.notices


def screen(question, language="en"):
    return screen_question(question, language, POLICY)


@pytest.mark.parametrize(
    "question",
    [
        "I have chest pain and my left arm hurts",
        "Chest pressure and I CAN'T BREATHE",
        "sudden slurred speech, what now?",
        "My son is allergic and his throat is closing",
        "He is choking and turning blue",
        "She is not breathing",
        "he drank bleach",
        "I took too many pills",
        "The wound won't stop bleeding",
        "heat stroke and he passed out",
    ],
)
def test_an_emergency_told_in_english_gives_the_notice(question):
    assert NOTICES["en"] == screen(question)


@pytest.mark.parametrize(
    "question",
    [
        "我胸口痛还出冷汗怎么办",
        "爸爸突然嘴歪说话不清",
        "吃了花生以后喉咙肿，呼吸困难",
        "孩子噎住了，脸发紫",
        "奶奶叫不醒了",
        "误服百草枯怎么办",
        "伤口血流不止",
        "中暑后昏迷",
    ],
)
def test_an_emergency_told_in_chinese_gives_the_notice(question):
    assert NOTICES["zh"] == screen(question, "zh")


@pytest.mark.parametrize(
    "question",
    [
        "家里自测血压多少算高？",
        "糖尿病可以吃水果吗",
        "什么是心跳骤停后没有呼吸",
        "什么是热射病，会昏迷吗",
        "What is the dose of metformin?",
        "How do I treat a mild headache?",
        "chest pain",
        "What is the difference between heat stroke and fainting?",
    ],
)
def test_a_question_that_is_no_emergency_gives_no_notice(question):
    assert screen(question) is None


def test_the_notice_is_in_the_language_of_the_answer():
    assert NOTICES["zh"] == screen("She is not breathing", "zh")


def test_full_width_letters_are_read_like_others():
    assert NOTICES["en"] == screen("Ｓhe is ｎｏｔ　ｂｒｅａｔｈｉｎｇ")


def test_the_curly_apostrophe_of_a_phone_is_read_like_the_straight_one():
    assert NOTICES["en"] == screen("chest pain and I can’t breathe")


def test_a_rule_fires_only_when_every_group_matches():
    rule = Rule("r", "s", (re.compile("chest"), re.compile("sweat")), None)
    assert not rule.matches("chest pain")


def test_an_exemption_keeps_a_rule_from_firing():
    rule = Rule("r", "s", (re.compile("pulse"),), re.compile("what is"))
    assert not rule.matches("what is a pulse")


def test_no_rules_give_no_notice():
    assert screen_question("not breathing", "en", Policy("v", (), {"zh": "z", "en": "e"})) is None


@pytest.mark.parametrize("rule", POLICY.rules, ids=lambda rule: rule.rule_id)
def test_every_rule_of_the_shipped_policy_names_a_dated_guideline(rule):
    assert re.search(r"(?:19|20)\d\d", rule.source)


def test_the_rules_of_the_shipped_policy_have_different_ids():
    ids = [rule.rule_id for rule in POLICY.rules]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "TypeError"),
        (b"- a list\n", "TypeError"),
        (b"version: [1\n", "ParserError"),
        (b"version: 1\nrules: []\n", "KeyError"),
        (b"version: 1\nrules: []\nnotices: {zh: z}\n", "KeyError"),
        (b"version: 1\nrules: [{id: a}]\nnotices: {zh: z, en: e}\n", "KeyError"),
        (b"version: 1\nrules: [[a]]\nnotices: {zh: z, en: e}\n", "AttributeError"),
        (b"version: 1\nrules: [{id: a, source: s, all: [['(']]}]\nnotices: {zh: z, en: e}\n", "error"),
        ("version: 胸痛\n".encode("gb18030"), "UnicodeDecodeError"),
    ],
)
def test_a_policy_file_that_cannot_be_used_is_named_with_its_fault(content, fault, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)
    with pytest.raises(PolicyBroken, match=rf"policy.yaml cannot be used: {fault}"):
        load_policy(path)


def test_a_missing_policy_file_is_named(tmp_path):
    with pytest.raises(PolicyBroken, match=r"absent.yaml cannot be used: FileNotFoundError"):
        load_policy(tmp_path / "absent.yaml")
