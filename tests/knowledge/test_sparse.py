import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sparse import TermWeights, terms, weigh_passage, weigh_query
from tests.knowledge.factories import laws


def weight_of(term: str, weights: TermWeights) -> float:
    """Find the weight of a term by the index that a query of the term alone has."""
    index = weigh_query(term).indices[0]
    return float(weights.values[weights.indices == index][0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("140/90", ["140/90"]),
        ("140/90 mmHg", ["140/90mmhg", "140/90"]),
        ("140 / 90", ["140/90"]),
        ("2.5mg", ["2.5mg", "2.5"]),
        ("2.5 mg", ["2.5mg", "2.5"]),
        ("2.5mg/d", ["2.5mg/d", "2.5"]),
        ("7.0 mmol/L", ["7.0mmol/l", "7.0"]),
        ("6.5%", ["6.5%", "6.5"]),
        ("38.5℃", ["38.5°c", "38.5"]),
        ("1,000", ["1,000"]),
        ("5 days", ["5", "day"]),
    ],
)
def test_a_number_keeps_its_ratio_and_unit(text: str, expected: list[str]):
    assert expected == terms(text)


@pytest.mark.parametrize("micro", ["\u00b5", "\u03bc"])
def test_a_number_keeps_a_unit_with_either_micro_sign(micro: str):
    assert ["5\u03bcg", "5"] == terms(f"5 {micro}g")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HbA1c", ["hba1c"]),
        ("COVID-19", ["covid-19", "covid", "19"]),
        ("IL-6", ["il-6", "il", "6"]),
        ("β-blockers", ["β-blockers", "β", "blocker"]),
        ("SpO₂", ["spo2"]),
    ],
)
def test_a_medical_name_stays_whole(text: str, expected: list[str]):
    assert expected == terms(text)


def test_a_greek_letter_before_chinese_is_a_term_of_its_own():
    assert ["β", *terms("受体阻滞剂")] == terms("β-受体阻滞剂")


def test_chinese_gives_single_characters_and_pairs():
    assert ["阻", "滞", "剂", "阻滞", "滞剂"] == terms("阻滞剂")


def test_chinese_pairs_do_not_cross_a_comma():
    assert ["头", "痛"] == terms("头，痛")


@pytest.mark.parametrize(
    ("full_width", "half_width"),
    [
        ("１４０／９０", "140/90"),
        ("２．５ｍｇ", "2.5mg"),
        ("ＨｂＡ１ｃ", "HbA1c"),
        ("５％", "5%"),
        ("５㎎", "5mg"),
    ],
)
def test_full_width_and_compatibility_forms_are_folded(full_width: str, half_width: str):
    assert terms(half_width) == terms(full_width)


def test_english_words_are_stemmed():
    assert terms("headache") == terms("Headaches")


def test_function_words_are_left_out():
    assert terms("fever") == terms("what is the fever")


@pytest.mark.parametrize("word", ["no", "not", "without"])
def test_words_of_negation_are_kept(word: str):
    assert [word] == terms(word)


def test_repeats_are_kept():
    assert 2 == terms("fever and fever").count("fever")


def test_a_query_weighs_each_term_once():
    assert [1.0] == weigh_query("fever fever").values.tolist()


def test_a_query_without_terms_has_no_weights():
    assert 0 == len(weigh_query("？！ …").indices)


def test_the_weights_are_single_precision_and_the_indices_32_bits():
    weights = weigh_passage("fever")
    assert (np.dtype(np.uint32), np.dtype(np.float32)) == (weights.indices.dtype, weights.values.dtype)


def test_a_repeated_term_weighs_more():
    passage = weigh_passage("fever fever cough")
    assert weight_of("cough", passage) < weight_of("fever", passage)


def test_a_term_weighs_less_in_a_longer_passage():
    long_passage = weigh_passage("fever " + " ".join(f"word{i}" for i in range(500)))
    assert weight_of("fever", long_passage) < weight_of("fever", weigh_passage("fever"))


@laws
@given(st.text(max_size=60))
def test_a_passage_answers_the_query_made_of_its_own_text(text: str):
    assert weigh_query(text).indices.tolist() == weigh_passage(text).indices.tolist()


@laws
@given(st.text(max_size=60))
def test_the_indices_ascend_without_repeats(text: str):
    indices = weigh_passage(text).indices.tolist()
    assert sorted(set(indices)) == indices


@laws
@given(st.lists(st.sampled_from(["fever", "140/90", "血压", "2.5mg/d", "HbA1c"]), max_size=40))
def test_a_weight_is_above_zero_and_bounded_by_saturation(words: list[str]):
    assert all(0 < value < 2.2 for value in weigh_passage(" ".join(words)).values)
