import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import sentence_spans
from tests.knowledge.factories import laws

MEDICAL = st.text(alphabet="ab1.。！？?!\n \"'”’)）」e.g血压", max_size=80)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@laws
@given(st.text(max_size=80) | MEDICAL)
def test_the_spans_tile_any_text(text: str):
    assert text == "".join(sentences(text))


@laws
@given(st.text(max_size=80) | MEDICAL)
def test_no_span_is_empty(text: str):
    assert all(start < end for start, end in sentence_spans(text))


@laws
@given(MEDICAL)
def test_a_line_break_never_lies_inside_a_sentence(text: str):
    assert all("\n" not in sentence.rstrip() for sentence in sentences(text))


def test_an_empty_text_has_no_sentences():
    assert [] == sentence_spans("")


def test_the_white_space_after_a_sentence_belongs_to_it():
    assert ["Rest.  ", "Drink."] == sentences("Rest.  Drink.")


def test_a_text_without_a_stop_is_one_sentence():
    assert ["Aspirin 100 mg daily"] == sentences("Aspirin 100 mg daily")


@pytest.mark.parametrize(
    "sentence",
    [
        "Take 2.5 mg twice a day.",
        "HbA1c below 6.5% is normal.",
        "Give 0.5 ml/kg.",
        "The dose is 2.5mg/d for COVID-19.",
        "See chapter v2.1 of the text.",
    ],
)
def test_a_decimal_point_ends_no_sentence(sentence: str):
    assert [sentence] == sentences(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Use an NSAID (e.g. ibuprofen) for a day.",
        "Dr. Smith saw Mrs. Jones.",
        "Compare aspirin vs. placebo in adults.",
        "Found by Smith et al. in children.",
        "See Fig. 3 for the dose.",
        "The U.S. label is stricter.",
        "Reported by J. Snow in London.",
    ],
)
def test_an_abbreviation_ends_no_sentence(sentence: str):
    assert [sentence] == sentences(sentence)


def test_a_word_that_ends_like_an_abbreviation_ends_its_sentence():
    assert ["This is normal. ", "Rest."] == sentences("This is normal. Rest.")


def test_a_chinese_stop_ends_a_sentence_without_white_space():
    assert ["血压≥140/90 mmHg。", "请复查！", "头痛吗？", "休息"] == sentences(
        "血压≥140/90 mmHg。请复查！头痛吗？休息"
    )


def test_a_chinese_closing_quote_belongs_to_the_sentence_it_closes():
    assert ["他说：“我头痛。”", "医生点头。"] == sentences("他说：“我头痛。”医生点头。")


@pytest.mark.parametrize("closing", ["）", "」", "』", "】", "’", '"'])
def test_a_closing_bracket_or_quote_belongs_to_the_sentence_it_closes(closing: str):
    assert [f"（头痛。{closing}", "休息。"] == sentences(f"（头痛。{closing}休息。")


def test_an_english_closing_quote_belongs_to_the_sentence_it_closes():
    assert ['He said "stop." ', "Then he left."] == sentences('He said "stop." Then he left.')


def test_repeated_marks_end_one_sentence():
    assert ["真的？！", "是。"] == sentences("真的？！是。")


def test_each_table_row_is_a_sentence():
    assert ["| a | b |\n", "|---|---|\n", "| 1 | 2 |"] == sentences("| a | b |\n|---|---|\n| 1 | 2 |")


def test_blank_lines_belong_to_the_sentence_above():
    assert ["- aspirin\n\n", "- ibuprofen"] == sentences("- aspirin\n\n- ibuprofen")
