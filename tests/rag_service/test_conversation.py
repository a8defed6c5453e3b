import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.conversation import Turn, standalone_question, trim_history, with_facts
from rag_service.standing_facts import StandingFact, find_standing_facts
from tests.rag_service.factories import law


def history(*questions):
    return [turn for text in questions for turn in (Turn("user", text), Turn("assistant", "答复 [1]"))]


@pytest.mark.parametrize(
    ("asked", "question", "expected"),
    [
        (["布洛芬的用量是多少？"], "那孩子呢？", "布洛芬的用量是多少：那孩子呢？"),
        (["布洛芬的用量是多少？", "那孩子呢？"], "孕妇呢？", "布洛芬的用量是多少：孕妇呢？"),
        (["布洛芬的用量是多少？", "那孩子呢？"], "副作用有哪些？", "布洛芬 孩子：副作用有哪些？"),
        (["高血压怎么治疗？"], "多久复查一次？", "高血压：多久复查一次？"),
        (["高血压怎么治疗？", "多久复查一次？"], "要忌口吗", "高血压：要忌口吗"),
        (["二甲双胍是什么药"], "它有什么副作用？", "二甲双胍：它有什么副作用？"),
        (["二甲双胍是什么药"], "这个药饭前吃还是饭后吃？", "二甲双胍：这个药饭前吃还是饭后吃？"),
        (["我妈有痛风"], "她能喝啤酒吗？", "痛风：她能喝啤酒吗？"),
        (["糖尿病人的饮食"], "能吃西瓜吗", "糖尿病：能吃西瓜吗"),
        (["糖尿病能根治吗"], "会遗传吗？", "糖尿病：会遗传吗？"),
        (["阿莫西林一天吃几次？"], "那头孢克肟呢？", "一天吃几次：那头孢克肟呢？"),
        (["高血压怎么治疗？"], "为什么？", "高血压怎么治疗：为什么？"),
        (["What is the dose of ibuprofen?"], "And for children?", "What is the dose of ibuprofen: And for children?"),
        (["What is the dose of ibuprofen?"], "What about paracetamol?", "What is the dose of: What about paracetamol?"),
        (["What is metformin?"], "What are its side effects?", "metformin: What are its side effects?"),
        (["What is metformin?"], "Can I take it with ibuprofen?", "metformin: Can I take it with ibuprofen?"),
        (["I was told I have atrial fibrillation"], "Is that dangerous?", "atrial fibrillation: Is that dangerous?"),
        (["What are statins for?"], "Can I eat grapefruit?", "statins: Can I eat grapefruit?"),
        (["How is hypertension treated?"], "How often should I be checked?", "hypertension: How often should I be checked?"),
        (["How is hypertension treated?"], "What about the dose?", "hypertension: What about the dose?"),
        (["My father has gout"], "Can he drink beer?", "gout: Can he drink beer?"),
        (["Which antibiotics treat pneumonia?"], "How long do they have to be taken?", "antibiotics pneumonia: How long do they have to be taken?"),
        (["氨氯地平怎么吃"], "What about the side effects?", "氨氯地平: What about the side effects?"),
        (["高血压怎么治疗？"], "And in pregnancy?", "高血压怎么治疗: And in pregnancy?"),
        (["布洛芬怎么吃？", "那孩子呢？", "一天几次？"], "副作用有哪些？", "布洛芬 孩子：副作用有哪些？"),
        (["头痛是怎么回事"], "会不会是脑瘤", "头痛：会不会是脑瘤"),
        (["我怀孕了"], "能吃布洛芬吗", "我怀孕了：能吃布洛芬吗"),
        (["高血壓怎麼治療？"], "這個病會遺傳嗎？", "高血压：這個病會遺傳嗎？"),
        (["How much Vitamin D do I need?"], "Is that safe?", "Vitamin D: Is that safe?"),
        (["How is asthma treated?"], "孩子呢？", "How is asthma treated：孩子呢？"),
        (["How is asthma treated?"], "会复发吗？", "asthma：会复发吗？"),
        (["What is warfarin?", "谢谢"], "它和布洛芬能一起吃吗？", "warfarin：它和布洛芬能一起吃吗？"),
        (["你好", "高血压怎么治疗？", "糖尿病的症状"], "多久复查一次？", "糖尿病：多久复查一次？"),
    ],
)  # fmt: skip
def test_a_question_that_leans_on_an_earlier_one_is_given_its_subject(asked, question, expected):
    assert expected == standalone_question(history(*asked), question)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (["How is hypertension treated?", "What about the dose?"], "What is a normal body temperature?"),
        (["How is hypertension treated?"], "Is it safe to take ibuprofen in pregnancy?"),
        (["How is hypertension treated?"], "How long does it take to recover from flu?"),
        (["How is hypertension treated?"], "My kids have a cold, what can I give them?"),
        (["How is hypertension treated?"], "Does aspirin thin the blood and is it safe?"),
        (["How is hypertension treated?"], "What are the symptoms of appendicitis?"),
        (["How is hypertension treated?"], "Can I take ibuprofen for a headache?"),
        (["How is hypertension treated?"], "How much water should I drink?"),
        (["How is hypertension treated?"], "Thanks!"),
        (["How is hypertension treated?"], "What vaccines do children need?"),
        (["高血压怎么治疗？"], "正常体温是多少？"),
        (["高血压怎么治疗？"], "头痛怎么办？"),
        (["高血压怎么治疗？"], "那糖尿病有什么症状？"),
        (["高血压怎么治疗？"], "这几天咳嗽吃什么药"),
        (["高血压怎么治疗？"], "孕妇能打流感疫苗吗"),
        (["高血压怎么治疗？"], "谢谢医生"),
        (["高血压怎么治疗？"], "What is a normal body temperature?"),
        (["布洛芬的用量是多少？"], "儿童发烧怎么办？"),
        (["高血压怎么治疗？"], "可以介绍一下疫苗吗"),
        (["高血压怎么治疗？"], "那儿童发烧怎么办"),
        (["高血压怎么治疗？"], "我想知道流感疫苗多久打一次"),
        (["布洛芬的用量是多少？"], "阿莫西林和头孢能一起吃吗，它会过敏吗？"),
        ([], "多久复查一次？"),
        (["你好"], "多久复查一次？"),
    ],
)  # fmt: skip
def test_a_question_that_stands_by_itself_stays_as_it_is(asked, question):
    assert question == standalone_question(history(*asked), question)


def test_an_answer_is_nothing_to_lean_on():
    turns = [Turn("assistant", "高血压应当定期复查。")]
    assert "多久复查一次？" == standalone_question(turns, "多久复查一次？")


def test_a_long_letter_lends_the_sentence_that_asks():
    letter = "我家楼下新开了一家店。" * 20 + "蹦床应该注意什么？" + "我们很喜欢。" * 20
    assert "蹦床应该注意什么：那孩子呢？" == standalone_question(history(letter), "那孩子呢？")


@law
@given(st.lists(st.text(max_size=60), max_size=4), st.text(max_size=60))
def test_the_question_itself_is_never_changed(asked, question):
    assert standalone_question(history(*asked), question).endswith(question)


def test_a_follow_up_is_made_in_a_moment():
    turns = history(*["高血压怎么治疗？", "那孩子呢？", "What about the dose?", "多久复查一次？"] * 3)
    standalone_question(turns, "副作用有哪些？")
    started_at = time.perf_counter()
    standalone_question(turns, "副作用有哪些？")
    assert time.perf_counter() - started_at < 0.1


def test_facts_stand_behind_a_chinese_question():
    facts = find_standing_facts(["我怀孕了", "我对青霉素过敏"])
    assert "能吃布洛芬吗（我怀孕了；我对青霉素过敏）" == with_facts("能吃布洛芬吗", facts)


def test_facts_stand_behind_an_english_question():
    facts = [StandingFact("medicine", "I take warfarin")]
    assert "Is aspirin safe? (I take warfarin)" == with_facts("Is aspirin safe?", facts)


def test_a_red_flag_does_not_bear_on_the_search():
    assert "能吃布洛芬吗" == with_facts("能吃布洛芬吗", [StandingFact("red_flag", "我胸痛")])


def test_a_fact_that_the_question_says_is_not_repeated():
    facts = [StandingFact("pregnancy", "我怀孕了")]
    assert "我怀孕了，能吃布洛芬吗" == with_facts("我怀孕了，能吃布洛芬吗", facts)


def test_words_of_two_facts_are_said_once():
    facts = [StandingFact("age", "我妈60岁高血压"), StandingFact("condition", "我妈60岁高血压")]
    assert "能吃盐吗（我妈60岁高血压）" == with_facts("能吃盐吗", facts)


PAIRS = history("一", "二", "三")


@pytest.mark.parametrize(
    ("budget_tokens", "kept"), [(-1, 0), (0, 0), (29, 0), (30, 2), (59, 2), (60, 4), (90, 6), (1000, 6)]
)
def test_the_newest_pairs_that_fit_are_kept(budget_tokens, kept):
    assert tuple(PAIRS[6 - kept :]) == trim_history(PAIRS, [10, 20] * 3, budget_tokens)


def test_no_older_pair_is_kept_past_one_that_does_not_fit():
    assert tuple(PAIRS[4:]) == trim_history(PAIRS, [1, 1, 50, 50, 1, 1], 10)


def test_a_question_without_an_answer_is_left_out():
    assert tuple(PAIRS) == trim_history([*PAIRS, Turn("user", "四")], [1] * 7, 100)


def test_an_answer_without_a_question_is_left_out():
    assert tuple(PAIRS[2:]) == trim_history(PAIRS[1:], [1] * 5, 100)


def test_a_cost_too_few_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        trim_history(PAIRS, [1], 100)


TURNS = st.builds(Turn, st.sampled_from(["user", "assistant"]), st.text(max_size=5))


@law
@given(st.lists(st.tuples(TURNS, st.integers(0, 50)), max_size=12), st.integers(-5, 200))
def test_what_is_kept_never_costs_more_than_the_budget(priced, budget_tokens):
    turns = [Turn(turn.role, str(position)) for position, (turn, _) in enumerate(priced)]
    kept = trim_history(turns, [cost for _, cost in priced], budget_tokens)
    assert sum(priced[int(turn.text)][1] for turn in kept) <= max(0, budget_tokens)
