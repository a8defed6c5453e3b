import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.citations import (
    cite,
    cite_statement,
    place_markers,
    quote_passage,
    quote_span,
    without_markers,
)
from rag_service.statements import find_statements
from tests.rag_service.factories import law, make_passage, metformin, pressure

FIRST, SECOND = pressure()


def markers_of(sentence):
    return [citation.marker for citation in cite(sentence, [FIRST, SECOND]).citations]


def test_a_marker_becomes_a_citation_of_the_passage_it_numbers():
    (citation,) = cite("测量前应安静休息5分钟。[2]", [FIRST, SECOND]).citations
    assert (SECOND.passage_id, SECOND.document_id) == (citation.passage_id, citation.document_id)


def test_an_unknown_marker_is_removed_from_the_text():
    assert "血压偏高[1]。" == cite("血压偏高。[1][9]", [FIRST, SECOND]).text


def test_a_three_digit_number_copied_from_a_passage_is_an_unknown_marker():
    assert "血压偏高[1]。" == cite("血压偏高[123]。[1]", [FIRST, SECOND]).text


def test_unknown_markers_are_counted():
    assert 2 == cite("血压偏高。[0][1][3]", [FIRST, SECOND]).n_unknown_markers


def test_markers_keep_the_order_in_which_they_were_written():
    assert [2, 1] == markers_of("血压偏高。[2][1]")


def test_a_repeated_marker_counts_once():
    assert [1] == markers_of("血压[1]偏高。[1]")


def test_at_most_three_passages_are_cited():
    passages = [make_passage(f"Fact {number}.") for number in range(5)]
    assert "It is so [5][4][3]." == cite("It is so. [5][4][3][2][1]", passages).text


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ("血压偏高[1]。", "血压偏高。[1]"),
        ("血压偏高[1]。", "血压偏高[1]。"),
        ("血压偏高[1]", "血压偏高[1]"),
        ("血压偏高[1]！", "血压偏高！[1]"),
        ("It is high [1].", "It is high. [1]"),
        ("It is high [1][2].", "It is high. [1] [2]"),
        ("Is it high [1]?", "Is it high? [1]"),
        ("It is high [1]", "It is high [1]"),
        ("130/80 is high [1].", "130/80 [1] is high."),
    ],
)
def test_markers_are_gathered_before_the_closing_punctuation(expected, sentence):
    assert expected == cite(sentence, [FIRST, SECOND]).text


def test_a_handle_of_a_statement_cites_that_statement():
    (citation,) = cite("血压偏高。[1.2]", [FIRST, SECOND]).citations
    assert (1, "诊室血压的标准是140/90 mmHg。") == (citation.marker, citation.quote)


def test_a_handle_of_a_statement_is_shown_as_the_marker_of_its_passage():
    assert "血压偏高[1]。" == cite("血压偏高。[1.2]", [FIRST, SECOND]).text


def test_two_statements_of_a_passage_are_cited_once():
    assert [1] == markers_of("血压偏高。[1.2][1.1]")


def test_a_handle_of_a_statement_that_is_not_there_cites_the_best_one_of_its_passage():
    (citation,) = cite("诊室血压的标准是140/90 mmHg。[1.9]", [FIRST, SECOND]).citations
    assert "诊室血压的标准是140/90 mmHg。" == citation.quote


@pytest.mark.parametrize("handle", ["[7.1]", "[0.1]"])
def test_a_handle_of_a_passage_that_is_not_there_is_unknown(handle):
    cited = cite(f"血压偏高。{handle}", [FIRST, SECOND])
    assert ("血压偏高。", 1) == (cited.text, cited.n_unknown_markers)


def test_a_statement_is_shown_with_its_marker_and_quotes_itself():
    statement = find_statements([FIRST, SECOND])[1]
    cited = cite_statement(statement)
    assert ("诊室血压的标准是140/90 mmHg[1]。", statement.quote) == (cited.text, cited.citations[0].quote)


def test_handles_of_both_kinds_are_taken_out_of_a_text():
    assert "血压偏高。" == without_markers("血压 [1]偏高 [2.4]。[99]")


def test_a_sentence_without_markers_cites_nothing():
    assert () == cite("血压偏高。", [FIRST, SECOND]).citations


def test_a_text_of_nothing_but_a_full_stop_gets_its_markers_behind_it():
    assert "。[1]" == place_markers("。", [1])


def test_the_sentence_that_shares_most_terms_is_quoted():
    quote = quote_passage("诊室血压达到140/90 mmHg", 1, FIRST).quote
    assert "诊室血压的标准是140/90 mmHg。" == quote


def test_a_short_sentence_that_says_just_this_is_preferred_to_a_long_one():
    passage = make_passage(
        "Aspirin and many other drugs in use today may thin blood. Aspirin may thin blood. "
    )
    assert "Aspirin may thin blood." == quote_passage("Aspirin may thin blood.", 1, passage).quote


def test_a_heading_is_never_quoted():
    passage = make_passage("# Starting dose of metformin\nThe dose is 500 mg. ")
    assert "The dose is 500 mg." == quote_passage("Starting dose of metformin", 1, passage).quote


def test_the_rule_under_a_table_header_is_never_quoted():
    passage = make_passage("| Drug | Dose |\n| --- | --- |\n| Metformin | 500 mg |\n")
    assert "| Metformin | 500 mg |" == quote_passage("Metformin 500 mg", 1, passage).quote


def test_a_passage_that_shares_no_term_is_quoted_whole():
    passage = make_passage("Rest helps. Drink water.\n")
    assert "Rest helps. Drink water." == quote_passage("血压", 1, passage).quote


def test_the_bullet_of_a_list_item_is_left_out_of_the_quote():
    assert "测量前应安静休息5分钟，并排空膀胱。" == quote_passage("安静休息", 2, SECOND).quote


def test_a_citation_carries_the_first_page_of_its_passage():
    assert 7 == quote_passage("血压", 1, replace(FIRST, page_first=7, page_last=9)).page


def test_a_span_that_is_quoted_word_for_word_is_exact():
    assert quote_span(FIRST, 1, 0, len(FIRST.text)).exact


PROSE = st.lists(
    st.sampled_from(["血压", "140/90", "。", ". ", "\n", "- ", "* ", "| a | b |\n", "# Dose\n", "dose", "  ", "\u3000", "\u2028", "\x1f", "é", "🩺"]),
    min_size=1,
    max_size=12,
).map("".join)  # fmt: skip


@law
@given(PROSE, PROSE, st.integers(0, 1000))
def test_a_quote_is_the_document_text_at_its_offsets(text, sentence, start):
    citation = quote_passage(sentence, 1, make_passage(text, start=start))
    assert citation.quote == text[citation.start - start : citation.end - start]


@law
@given(
    st.lists(st.sampled_from(["It is so", "[1]", "[2]", "[7]", "[0]", "。", ". ", "?"]), max_size=8).map(
        "".join
    )
)
def test_the_markers_of_the_text_are_the_markers_of_the_citations(sentence):
    cited = cite(sentence, metformin())
    assert [str(citation.marker) for citation in cited.citations] == re.findall(r"\[(\d+)\]", cited.text)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("资料 2，血压偏高。", "血压偏高[2]。"),
        ("根据资料2中指出，血压偏高。[1]", "血压偏高[1][2]。"),
        ("According to passage 2, it is high.", "It is high [2]."),
        ("Passage 2 states that it is high. [2]", "It is high [2]."),
    ],
)
def test_a_passage_named_in_words_is_cited_and_not_shown(sentence, text):
    assert text == cite(sentence, pressure()).text


@pytest.mark.parametrize("sentence", ["资料显示血压偏高。", "The passage states that it is high."])
def test_words_that_name_no_number_stay(sentence):
    assert sentence == cite(sentence, pressure()).text
