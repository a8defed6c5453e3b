from decimal import Decimal

import pytest

from rag_service.evaluation.numbers import markers, numbers, without_markers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("135/85 mmHg", ["135", "85"]),
        ("每日１０．５毫克", ["10.5"]),
        ("1,500 to 12,345,678 IU", ["1500", "12345678"]),
        ("5,10", ["5", "10"]),
        ("2.0 or 2", ["2"]),
        ("5–10mg", ["5", "10"]),
        ("三次，每次2片", ["2"]),
        ("HbA1c and B12", []),
        ("It is high [1][12].", []),
        ("1. Rest\n2、测量\n(3) again\n- 4) last", []),
        ("1.5 mg", ["1.5"]),
    ],
)
def test_the_numbers_of_a_text_are_read(text, expected):
    assert frozenset(map(Decimal, expected)) == numbers(text)


def test_markers_are_listed_in_their_order():
    assert [2, 1, 12] == markers("It is [2][1]. So [12].")


def test_a_text_loses_its_markers_with_the_blank_before_them():
    assert "It is. So." == without_markers("It is [2][1]. So [12].")
