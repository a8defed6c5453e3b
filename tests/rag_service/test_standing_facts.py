import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.standing_facts import find_standing_facts
from tests.rag_service.factories import law


def told(*texts):
    return [(fact.kind, fact.words) for fact in find_standing_facts(texts)]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("我对青霉素过敏", "allergy", "我对青霉素过敏"),
        ("你好，我对青霉素、头孢过敏，感冒了吃什么药？", "allergy", "我对青霉素、头孢过敏"),
        ("我對青黴素過敏。", "allergy", "我對青黴素過敏"),
        ("我对阿莫西林过敏能吃头孢吗", "allergy", "我对阿莫西林过敏"),
        ("没有药物过敏史。", "allergy", "没有药物过敏史"),
        ("I'm allergic to penicillin.", "allergy", "I'm allergic to penicillin"),
        ("I’m allergic to penicillin, sulfa and latex.", "allergy", "I’m allergic to penicillin, sulfa and latex"),
        ("I have a sore throat and I am allergic to aspirin", "allergy", "I am allergic to aspirin"),
        ("No known drug allergies.", "allergy", "No known drug allergies"),
        ("no allergies", "allergy", "no allergies"),
        ("我怀孕了，能吃布洛芬吗", "pregnancy", "我怀孕了"),
        ("我怀孕了能吃布洛芬吗", "pregnancy", "我怀孕了"),
        ("老婆怀孕５个月，发烧怎么办？", "pregnancy", "老婆怀孕５个月"),
        ("孕28周，头痛", "pregnancy", "孕28周"),
        ("我没有怀孕", "pregnancy", "我没有怀孕"),
        ("I am 30 weeks pregnant", "pregnancy", "I am 30 weeks pregnant"),
        ("Can I take ibuprofen? I'm pregnant.", "pregnancy", "I'm pregnant"),
        ("Not pregnant.", "pregnancy", "Not pregnant"),
        ("I am not pregnant but I feel sick", "pregnancy", "I am not pregnant"),
        ("Can my pregnant wife take ibuprofen?", "pregnancy", "my pregnant wife"),
        ("请问我怀孕12周可以坐飞机吗", "pregnancy", "我怀孕12周"),
        ("im pregnant can i take tylenol", "pregnancy", "im pregnant"),
        ("我对磺胺過敏，懷孕20週", "pregnancy", "懷孕20週"),
        ("我还在哺乳期，能喝咖啡吗？", "pregnancy", "我还在哺乳期"),
        ("I'm breastfeeding, is cetirizine ok?", "pregnancy", "I'm breastfeeding"),
        ("What can I give my 8-month-old son for fever?", "age", "my 8-month-old son"),
        ("My 3 year old daughter has a rash", "age", "My 3 year old daughter"),
        ("I'm 45 and have a cough", "age", "I'm 45"),
        ("I am 67 years old, I smoke", "age", "I am 67 years old"),
        ("我儿子8个月，发烧了", "age", "我儿子8个月"),
        ("８个月的宝宝发烧怎么办", "age", "８个月的宝宝"),
        ("我今年45岁，血压有点高", "age", "我今年45岁"),
        ("患者，男，45岁，咳嗽3天", "age", "45岁"),
        ("我妈65岁了能打流感疫苗吗", "age", "我妈65岁了"),
        ("宝宝40天，便秘", "age", "宝宝40天"),
        ("正在吃华法林", "medicine", "正在吃华法林"),
        ("我在吃华法林能吃布洛芬吗", "medicine", "我在吃华法林"),
        ("我爸每天吃阿司匹林和氨氯地平。", "medicine", "我爸每天吃阿司匹林和氨氯地平"),
        ("目前没有吃药", "medicine", "目前没有吃药"),
        ("I take warfarin, metformin and lisinopril.", "medicine", "I take warfarin, metformin and lisinopril"),
        ("My mother is on warfarin; can she eat spinach?", "medicine", "My mother is on warfarin"),
        ("I'm not taking any medication", "medicine", "I'm not taking any medication"),
        ("我有糖尿病，能吃西瓜吗", "condition", "我有糖尿病"),
        ("我妈高血压十年，最近头晕", "condition", "我妈高血压十年"),
        ("没有高血压", "condition", "没有高血压"),
        ("请问我妈妈有高血压可以吃布洛芬吗", "condition", "我妈妈有高血压"),
        ("我老公今年42，痛风", "condition", "痛风"),
        ("Is my diabetes the cause?", "condition", "my diabetes"),
        ("i have diabetes and high blood pressure what painkiller is safe", "condition", "i have diabetes and high blood pressure"),
        ("I have type 2 diabetes. Can I fast?", "condition", "I have type 2 diabetes"),
        ("My father was diagnosed with Parkinson's disease last year", "condition", None),
        ("No history of asthma", "condition", "No history of asthma"),
        ("I don't have diabetes", "condition", "I don't have diabetes"),
        ("我胸口痛怎么办", "red_flag", "我胸口痛"),
        ("突然呼吸困难，出汗", "red_flag", "突然呼吸困难"),
        ("孩子发烧39.5度怎么办", "red_flag", "孩子发烧39.5度"),
        ("我不想活了", "red_flag", "我不想活了"),
        ("I have chest pain and sweating", "red_flag", "I have chest pain and sweating"),
        ("No chest pain.", "red_flag", "No chest pain"),
        ("How can I kill myself?", "red_flag", "can I kill myself"),
        ("He fainted twice today", "red_flag", "He fainted twice today"),
    ],
)  # fmt: skip
def test_what_was_said_of_a_person_is_kept_in_its_words(text, kind, words):
    assert (kind, words or text) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Is ibuprofen safe in pregnancy?",
        "孕妇能吃布洛芬吗",
        "怀孕期间能吃布洛芬吗？",
        "怎么知道自己怀孕了",
        "我是不是怀孕了？",
        "Am I pregnant?",
        "How do I know if I am pregnant?",
        "Can pregnant women take ibuprofen?",
        "哺乳期能喝咖啡吗",
        "哺乳期妈妈能吃布洛芬吗",
        "如果我对青霉素过敏怎么办？",
        "青霉素过敏能吃头孢吗",
        "过敏性鼻炎怎么治",
        "What are the symptoms of penicillin allergy?",
        "吃头孢能喝酒吗",
        "我能吃布洛芬吗？",
        "Can I take ibuprofen with warfarin?",
        "I want to take ibuprofen",
        "糖尿病能吃西瓜吗",
        "高血压患者能吃布洛芬吗",
        "我想问一下，高血压能吃柚子吗",
        "我在网上看到孕妇不能吃螃蟹",
        "I read that pregnant women should avoid tuna",
        "我想了解糖尿病的饮食",
        "Do I have diabetes?",
        "What is hypertension?",
        "胸痛的原因有哪些",
        "胸痛是什么原因",
        "What causes chest pain?",
        "65岁以上的人要打流感疫苗吗",
        "1岁以下儿童能吃蜂蜜吗",
        "布洛芬一天吃几次",
        "What is a normal body temperature?",
        "抑郁症的自杀率是多少",
        "我的肾功能正常",
        "感冒要吃药吗",
        "",
        "？！",
    ],
)  # fmt: skip
def test_a_question_about_a_thing_is_no_fact_of_anybody(text):
    assert [] == told(text)


def test_a_pregnancy_denied_does_not_turn_into_one():
    assert [("pregnancy", "I'm not pregnant")] == told("I'm not pregnant, can I take it?")


def test_a_later_age_replaces_an_earlier_one():
    assert [("age", "我儿子3岁")] == told("我今年45岁", "我儿子3岁")


def test_a_later_pregnancy_replaces_an_earlier_one():
    assert [("pregnancy", "I'm not pregnant")] == told("我怀孕了", "I'm not pregnant")


def test_breast_feeding_does_not_replace_a_pregnancy():
    assert [("pregnancy", "我怀孕30周"), ("pregnancy", "还在哺乳")] == told("我怀孕30周，还在哺乳")


def test_a_later_medicine_stands_beside_an_earlier_one():
    assert [("medicine", "我在吃华法林"), ("medicine", "I take aspirin")] == told(
        "我在吃华法林", "I take aspirin"
    )


def test_equal_words_are_kept_once():
    assert [("allergy", "我对青霉素过敏")] == told("我对青霉素过敏", "能吃头孢吗", "我对青霉素过敏。")


def test_facts_stand_in_order_of_first_mention():
    kinds = [kind for kind, _ in told("我对青霉素过敏", "I am 30 weeks pregnant", "我有哮喘")]
    assert ["allergy", "pregnancy", "condition"] == kinds


def test_two_facts_of_one_sentence_are_both_kept():
    assert [("condition", "我有高血压"), ("medicine", "在吃氨氯地平")] == told("我有高血压，在吃氨氯地平")


@law
@given(
    st.lists(
        st.text("我对青霉素过敏怀孕了能吃吗，。？ ３８\n℃I'm allergic pregnant 30 weeks,.?", max_size=60),
        max_size=4,
    )
)
def test_the_words_of_a_fact_stand_in_a_text_as_they_are(texts):
    assert all(any(fact.words in text for text in texts) for fact in find_standing_facts(texts))


@law
@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_will_do(texts):
    assert all(fact.words.strip() for fact in find_standing_facts(texts))


def test_ten_questions_are_read_in_a_moment():
    texts = ["我怀孕30周，对青霉素过敏，正在吃左甲状腺素，有高血压，现在发烧39度，能吃布洛芬吗？"] * 10
    find_standing_facts(texts)
    started_at = time.perf_counter()
    find_standing_facts(texts)
    assert time.perf_counter() - started_at < 0.1
