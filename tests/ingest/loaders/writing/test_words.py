import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.writing.words import fold, fold_lines, lower_words, raise_words, squeeze
from tests.knowledge.factories import laws


@laws
@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str):
    assert fold(text) == fold(fold(text))


@laws
@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_the_short_way_for_ascii_gives_what_the_long_way_gives(text: str):
    assert squeeze(text).strip() == fold(text)


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\u00a0", "\u3000", "\u2009", "\r\n "])
def test_any_white_space_is_one_blank(blank: str):
    assert "5 mg" == fold(f" 5{blank}{blank}mg ")


def test_a_line_break_between_han_characters_is_no_blank():
    assert "高血压患者" == fold("高血压\n  患者")


def test_a_line_break_between_han_and_latin_is_a_blank():
    assert "服用 aspirin" == fold("服用\naspirin")


@pytest.mark.parametrize("unseen", ["\u00ad", "\ufeff", "\x00", "\x07", "\uffff"])
def test_what_has_no_shape_is_dropped(unseen: str):
    assert "paracetamol" == fold(f"para{unseen}cetamol")


@pytest.mark.parametrize("written", ["5\u00ad10 mg", "5\u00ad\n10 mg"])
def test_a_soft_hyphen_between_digits_is_a_dash(written: str):
    assert "5-10 mg" == fold(written)


@pytest.mark.parametrize(("expected", "written"), [("5mg", "5\u00admg"), ("B12", "B\u00ad12")])
def test_a_soft_hyphen_beside_one_digit_is_dropped(expected: str, written: str):
    assert expected == fold(written)


def test_lines_are_folded_one_by_one():
    assert "a b\nc\n\nd" == fold_lines("  a   b \nc\n\n\n\n d ")


@pytest.mark.parametrize(
    ("before", "raised", "written"),
    [
        ("10", "9", "10^9"),
        ("10", "-3", "10^-3"),
        ("10", "−12", "10^−12"),
        ("mg/m", "2", "mg/m²"),
        ("h", "-1", "h⁻¹"),
        ("Ca", "2+", "Ca²⁺"),
        ("care", "12", "care¹²"),
        ("care.", "1,2", "care.¹,²"),
        ("5.2", "a", "5.2^a"),
        ("axis", "a", "axis^a"),
        ("(0.5)", "c", "(0.5)^c"),
        ("1", "st", "1st"),
        ("22", "nd", "22nd"),
        ("LIPITOR", "®", "LIPITOR®"),
        ("LIPITOR", "TM", "LIPITOR™"),
        ("60%", "*", "60%*"),
        ("CD19", "+", "CD19⁺"),
        ("", "125", "¹²⁵"),
        ("", "a", "a "),
    ],
)
def test_a_superscript_never_makes_another_number(before: str, raised: str, written: str):
    assert written == before + raise_words(raised, before)


@pytest.mark.parametrize(
    ("before", "lowered", "written"), [("CO", "2", "CO2"), ("T", "max", "Tmax"), ("5", "2", "5_2")]
)
def test_a_subscript_stands_as_it_is_unless_it_follows_a_digit(before: str, lowered: str, written: str):
    assert written == before + lower_words(lowered, before)
