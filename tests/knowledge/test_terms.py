import pytest

from knowledge.terms import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("140/90", ["140/90"]),
        ("140/90 mmHg", ["140/90mmhg", "140/90"]),
        ("140 / 90", ["140/90"]),
        ("2.5mg", ["2.5mg", "2.5"]),
        ("2.5 mg", ["2.5mg", "2.5"]),
        ("2.5mg/d", ["2.5mg/d", "2.5mg", "2.5"]),
        ("2.5毫克/天", ["2.5mg/d", "2.5mg", "2.5"]),
        ("<30", ["<30", "30"]),
        (">= 6.5 %", ["≥6.5", "6.5%", "6.5"]),
        ("10-20 mg", ["10", "20mg", "20"]),
        ("7.0 mmol/L", ["7.0mmol/l", "7.0mmol", "7.0"]),
        ("6.5%", ["6.5%", "6.5"]),
        ("38.5℃", ["38.5°c", "38.5"]),
        ("1,000", ["1000"]),
        ("1,5", ["1,5"]),
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
        ("eGFR<30", ["egfr", "<30", "30"]),
        ("Sjögren’s", ["sjogren's", "sjogren"]),
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


def test_traditional_characters_are_found_by_simplified_ones():
    assert terms("糖尿病视网膜病变") == terms("糖尿病視網膜病變")
