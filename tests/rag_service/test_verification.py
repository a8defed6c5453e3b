import pytest

from rag_service.citations import cite
from rag_service.verification import numbers, verify
from tests.rag_service.factories import make_passage, metformin, pressure


def verdict_of(sentence, passages):
    return verify(cite(sentence, passages), passages)


def test_a_sentence_copied_from_its_passage_is_supported():
    assert "supported" == verdict_of("诊室血压的标准是140/90 mmHg。[1]", pressure())


def test_a_close_paraphrase_is_supported():
    assert "supported" == verdict_of("The usual dose of metformin is 500 mg twice a day. [1]", metformin())


def test_a_loose_paraphrase_is_partly_supported():
    passages = [make_passage("Metformin lowers blood glucose in diabetes.")]
    assert "partly_supported" == verdict_of("Metformin lowers sugar levels. [1]", passages)


def test_a_sentence_about_something_else_is_unsupported():
    assert "unsupported" == verdict_of("Penicillin treats pneumonia in adults. [1]", metformin())


def test_a_sentence_that_cites_nothing_is_unsupported():
    assert "unsupported" == verdict_of("诊室血压的标准是140/90 mmHg。", pressure())


def test_a_number_that_no_cited_passage_has_makes_a_copied_sentence_unsupported():
    assert "unsupported" == verdict_of("诊室血压的标准是150/90 mmHg。[1]", pressure())


def test_a_number_of_a_passage_that_is_not_cited_does_not_count():
    assert "unsupported" == verdict_of("The usual starting dose is 500 mg twice a day. [2]", metformin())


def test_two_cited_passages_count_together():
    sentence = "Metformin starts at 500 mg twice a day and not below an eGFR of 30 mL/min. [1][2]"
    assert "supported" == verdict_of(sentence, metformin())


def test_a_marker_is_not_taken_for_a_number_of_the_sentence():
    assert "supported" == verdict_of("It seldom causes hypoglycaemia. [2]", metformin())


def test_the_headings_of_a_passage_count_as_its_words():
    passages = [make_passage("Starts at 500 mg.", context="Metformin > Dose")]
    assert "supported" == verdict_of("The metformin dose starts at 500 mg. [1]", passages)


def test_a_sentence_without_a_single_term_is_unsupported():
    assert "unsupported" == verdict_of("……。[1]", pressure())


def test_a_decimal_comma_is_not_read_as_a_number_ten_times_as_large():
    assert "unsupported" == verdict_of("Take 2,5 mg daily. [1]", [make_passage("Take 25 mg daily.")])


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"140", "90"}, "140/90 mmHg"),
        ({"36.5"}, "36.5℃"),
        ({"36.5"}, "３６．５℃"),
        ({"1000"}, "1,000 mg"),
        ({"1234567.5"}, "1,234,567.5"),
        ({"2", "5"}, "2,5 mg"),
        ({"5"}, "at most 5."),
        ({"36", "37"}, "36～37"),
        (set(), "七天"),
    ],
)
def test_numbers_are_found_with_widths_folded_and_thousands_joined(expected, text):
    assert expected == numbers(text)
