import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sparse import TermWeights, weigh_query
from knowledge.terms import terms
from knowledge.understanding import understand, weigh_words
from tests.knowledge.factories import laws


def weight_of(term: str, weights: TermWeights) -> float:
    found = weights.values[weights.indices == weigh_query(term).indices[0]]
    return float(found[0]) if len(found) else 0.0


def test_courtesies_are_taken_out():
    assert "what causes gout?" == understand("Hello, what causes gout? Thank you very much!").text


def test_chinese_courtesies_are_taken_out():
    assert "痛风不能吃什么?" == understand("医生您好,请问痛风不能吃什么?谢谢!").text


def test_a_courtesy_alone_is_kept():
    assert "Hello" == understand("Hello").text


def test_the_story_weighs_less_than_the_question():
    weights = understand("My daughter plays tennis. Can gout be inherited?").weights
    assert (0.5, 1.0) == (weight_of("tennis", weights), weight_of("inherited", weights))


def test_a_question_without_a_question_mark_weighs_in_full():
    assert 1.0 == weight_of("gout", understand("gout diet").weights)


def test_other_names_are_searched_for_at_a_low_weight():
    weights = understand("Is paracetamol safe?").weights
    assert pytest.approx(0.2) == weight_of("acetaminophen", weights)


def test_names_in_the_other_language_are_searched_for():
    assert weight_of("metformin", understand("二甲双胍什么时候停用?").weights) > 0


def test_a_brand_is_embedded_with_the_common_name():
    assert "泰诺林一天最多吃几片? (对乙酰氨基酚)" == understand("泰诺林一天最多吃几片?").text


def test_a_common_name_is_not_repeated():
    assert "对乙酰氨基酚一天最多吃几片?" == understand("对乙酰氨基酚一天最多吃几片?").text


@pytest.mark.parametrize("negation", ["not", "no", "without"])
def test_negations_are_kept(negation: str):
    assert 1.0 == weight_of(negation, understand(f"What if I am {negation} better?").weights)


def test_numbers_are_kept_whole():
    assert 1.0 == weight_of("140/90", understand("Is 140/90 mmHg high?").weights)


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "？！…", "\x00\x01", "\ud800"])
def test_what_has_no_words_is_not_embedded(text: str):
    assert "" == understand(text).text


@pytest.mark.parametrize(
    ("text", "language"),
    [("高血压 hypertension 怎么治", "zh"), ("What is 高血压 in English medical writing?", "en")],
)
def test_a_mixed_question_has_the_language_of_most_of_it(text: str, language: str):
    assert language == understand(text).language


def test_a_pasted_record_is_read_up_to_a_limit():
    assert len(understand("血压 140/90。" * 5_000).text) <= 4_000


def test_readable_terms_weigh_as_those_of_the_search():
    words = weigh_words("My daughter plays tennis. Is paracetamol safe?")
    found = [words[term] for name in ("tennis", "paracetamol", "acetaminophen") for term in terms(name)]
    assert [0.5, 1.0, 0.2] == found


def test_readable_terms_of_a_courtesy_are_left_out():
    assert "thank" not in weigh_words("What causes gout? Thank you!")


@laws
@given(st.text(max_size=300))
def test_the_readable_terms_of_any_text_have_one_of_three_weights(text: str):
    assert {0.2, 0.5, 1.0} >= set(weigh_words(text).values())


@laws
@given(st.text(max_size=300))
def test_any_text_is_understood(text: str):
    understood = understand(text)
    assert understood.weights.indices.shape == understood.weights.values.shape
    assert np.isin(understood.weights.values, np.array([0.2, 0.5, 1], dtype=np.float32)).all()
    understood.text.encode()
