from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from knowledge.passage import ScoredPassage
from knowledge.sufficiency import estimate_sufficiency
from knowledge.understanding import understand
from tests.knowledge.factories import laws, make_passage


def hit(text: str, dense: float | None) -> ScoredPassage:
    return ScoredPassage(make_passage(text), 1.0, dense, None)


def test_nothing_found_is_not_enough():
    assert 0.0 == estimate_sufficiency(understand("高血压怎么诊断?"), [])


def test_a_passage_about_the_drug_asked_for_makes_an_answer_likelier():
    question = understand("司美格鲁肽一周打几次?")
    about, beside = hit("司美格鲁肽每周一次。", 0.3), hit("二甲双胍每日两次。", 0.3)
    assert estimate_sufficiency(question, [beside]) < estimate_sufficiency(question, [about])


def test_a_name_in_another_language_counts():
    question = understand("What is the dose of semaglutide?")
    chinese, other = hit("司美格鲁肽每周一次。", 0.3), hit("二甲双胍每日两次。", 0.3)
    assert estimate_sufficiency(question, [other]) < estimate_sufficiency(question, [chinese])


@laws
@given(st.lists(st.floats(-1, 1) | st.none(), max_size=8))
def test_it_is_a_probability(cosines: list[float | None]):
    hits = [hit("血压 140/90。", cosine) for cosine in cosines]
    assert 0 <= estimate_sufficiency(understand("血压多少算高?"), hits) <= 1


@laws
@given(st.floats(-1, 1), st.floats(0, 0.5))
def test_it_rises_with_the_best_cosine(cosine: float, more: float):
    question, near = understand("血压多少算高?"), hit("血压 140/90。", cosine)
    nearer = replace(near, dense=cosine + more)
    assert estimate_sufficiency(question, [near]) <= estimate_sufficiency(question, [near, nearer])
