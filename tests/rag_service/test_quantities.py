from decimal import Decimal

import pytest

from knowledge.folding import fold_text
from rag_service.quantities import find_quantities


def read(text):
    return [(q.form, tuple(float(value) for value in q.values), q.unit, q.comparator) for q in _found(text)]


def _found(text):
    return find_quantities(fold_text(text))


def agree(sentence, proof):
    (ours,), (theirs,) = _found(sentence), _found(proof)
    return ours.agrees_with(theirs)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([("single", (500.0,), "mg", "")], "500毫克"),
        ([("single", (1000.0,), "mg", "")], "1,000 mg"),
        ([("single", (36.5,), "°c", "")], "３６．５℃"),
        ([("pair", (140.0, 90.0), "mmhg", "")], "140/90 mmHg"),
        ([("range", (4.0, 6.0), "h", "")], "4～6小时"),
        ([("single", (50e6,), "mg", "<")], "低于50 kg"),
        ([("single", (144.0,), "month", ">")], "12岁及以上"),
        ([("frequency", (3.0,), "/d", "")], "一日三次"),
        ([("interval", (8.0,), "h", "")], "every 8 hours"),
        ([("single", (216.0,), "month", "")], "18-year-old"),
        ([], "一般"),
        ([], "vitamin B12"),
        ([], "one of them"),
    ],
)
def test_a_quantity_is_read_with_unit_form_and_comparator(expected, text):
    assert expected == read(text)


@pytest.mark.parametrize(
    ("sentence", "proof"),
    [
        ("2.5毫克", "2.5 mg"),
        ("0.5 g", "500 mg"),
        ("37℃", "37 °C"),
        ("5毫摩尔/升", "5 mmol/L"),
        ("每日2次", "twice a day"),
        ("一天两次", "twice daily"),
        ("每8小时一次", "every 8 hours"),
        ("3-6个月", "3～6个月"),
        ("4至6小时", "4 to 6 hours"),
        ("不超过4 g", "up to 4 g"),
        ("不要超过4 g", "不超过4 g"),
        ("Do not take more than 4 g", "不超过4 g"),
        ("每8小时服用一次", "每8小时1次"),
        ("18岁以上", "over 18 years"),
        ("2周", "14天"),
        ("two to three weeks", "2-3周"),
        ("140/90", "140/90 mmHg"),
    ],
)
def test_two_spellings_of_one_quantity_agree(sentence, proof):
    assert agree(sentence, proof)


@pytest.mark.parametrize(
    ("sentence", "proof"),
    [
        ("500 mg", "500 g"),
        ("5 mmol/L", "5 mg/dL"),
        ("每日2次", "每日3次"),
        ("每周2次", "每日2次"),
        ("每日3次", "every 8 hours"),
        ("4～8小时", "4～6小时"),
        ("20 mg～50%", "20%～50%"),
        ("超过4 g", "不超过4 g"),
        ("18岁以下", "18岁以上"),
        ("37℉", "37℃"),
    ],
)
def test_another_figure_unit_period_or_side_does_not_agree(sentence, proof):
    assert not agree(sentence, proof)


def test_the_words_of_a_quantity_stand_at_its_offsets():
    text = "每日2次, 每次0.5 g。"
    assert all(q.words == text[q.start : q.end].strip() for q in find_quantities(text))


def test_quantities_are_exact_decimals():
    (quantity,) = _found("0.1 mg")
    assert (Decimal("0.1"),) == quantity.values


@pytest.mark.parametrize("text", ["150150150150140/90 mmHg", "9" * 60 + " mg", "0." + "0" * 40 + "1 g"])
def test_a_figure_of_any_length_is_read(text):
    assert 1 <= len(find_quantities(text))
