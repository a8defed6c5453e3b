from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.sentence_stream import HANDLE
from rag_service.statements import find_statements
from tests.rag_service.factories import law, make_passage, make_passages, metformin, pressure

TABLE = "| 药品 | 剂量 | 用法 |\n| --- | :-: | --- |\n| 布洛芬 | 0.2 g | 口服 |\n| 阿司匹林 | 0.1 g | |\n"


def quotes_of(text, **changed):
    return [statement.quote for statement in find_statements([make_passage(text, **changed)])]


def texts_of(text, **changed):
    return [statement.text for statement in find_statements([make_passage(text, **changed)])]


def test_sentences_and_list_items_are_statements():
    expected = ["Rest helps.", "Drink water.", "Take 5 mg.", "See a doctor!"]
    assert expected == quotes_of("Rest helps. Drink water.\n- Take 5 mg.\n* See a doctor!\n")


def test_the_number_of_a_list_item_is_no_statement():
    assert ["Rest well.", "Drink water."] == quotes_of("1. Rest well.\n2. Drink water.\n")


@pytest.mark.parametrize(
    "text", ["# Dose\n", "Basics\n", "The dose is:\n", "用法：\n", "| a | b |\n", "|---|---|\n", " \n"]
)
def test_headings_header_rows_rules_and_lead_ins_are_none(text):
    assert [] == quotes_of(text)


def test_a_section_title_inside_a_sentence_is_no_heading():
    assert ["Basics are simple."] == quotes_of("Basics are simple.")


def test_the_rows_of_a_table_are_statements_as_they_stand():
    assert ["| 布洛芬 | 0.2 g | 口服 |", "| 阿司匹林 | 0.1 g | |"] == quotes_of(TABLE)


def test_a_table_row_is_shown_with_the_names_of_its_columns_and_without_empty_cells():
    assert ["药品：布洛芬；剂量：0.2 g；用法：口服。", "药品：阿司匹林；剂量：0.1 g。"] == texts_of(TABLE)


def test_an_english_table_row_is_shown_with_english_punctuation():
    assert ["Drug: Ibuprofen; Dose: 200 mg."] == texts_of(
        "| Drug | Dose |\n|---|---|\n| Ibuprofen | 200 mg |\n"
    )


def test_a_row_with_other_cells_than_its_header_is_shown_as_it_stands():
    assert ["| Ibuprofen | 200 mg |"] == texts_of("| Drug |\n|---|\n| Ibuprofen | 200 mg |\n")


def test_a_cell_under_an_unnamed_column_is_shown_alone():
    assert ["Ibuprofen; Dose: 200 mg."] == texts_of("| | Dose |\n|---|---|\n| Ibuprofen | 200 mg |\n")


def test_a_row_with_several_sentences_in_a_cell_is_one_statement():
    row = "| Ibuprofen | Take 200 mg. Then rest. |"
    assert [row] == quotes_of(f"| Drug | Use |\n|---|---|\n{row}\n")


def test_a_passage_that_begins_inside_a_table_has_the_header_in_its_context():
    context = "Pain > Drugs\n| Drug | Dose |"
    assert ["Drug: Ibuprofen; Dose: 200 mg."] == texts_of("| Ibuprofen | 200 mg |\n", context=context)


def test_a_second_table_has_a_header_of_its_own():
    text = f"{TABLE}\nSee also this.\n| 检查 | 时间 |\n|---|---|\n| 血常规 | 每月 |\n"
    assert "检查：血常规；时间：每月。" == texts_of(text)[-1]


def test_a_reference_number_of_the_source_is_left_out_of_what_is_shown():
    assert ["Rest helps."] == texts_of("Rest helps [3,4].")


def test_a_reference_number_of_the_source_stays_in_the_quote():
    assert ["Rest helps [3,4]."] == quotes_of("Rest helps [3,4].")


def test_statements_are_numbered_in_their_passage_and_passages_from_one():
    passages = make_passages("d", ["Rest. Drink.\n", "# Dose\nTake 5 mg.\n"])
    numbers = [(statement.marker, statement.number) for statement in find_statements(passages)]
    assert [(1, 1), (1, 2), (2, 1)] == numbers


def test_the_statements_of_the_samples_are_all_found():
    assert [2, 2, 2, 2] == [len(find_statements([passage])) for passage in (*pressure(), *metformin())]


PROSE = st.lists(
    st.sampled_from(["血压", "140/90", "。", ". ", "\n", "- ", "| a | b |\n", "|---|---|\n", "# Dose\n", "dose: \n", "[3]", "  ", "\u3000", "\u2028", "é", "🩺"]),
    min_size=1,
    max_size=15,
).map("".join)  # fmt: skip


@law
@given(PROSE)
def test_no_statement_is_empty_or_has_blanks_around_it(text):
    assert [] == [quote for quote in quotes_of(text) if not quote or quote != quote.strip()]


@law
@given(PROSE)
def test_statements_follow_each_other_without_overlap(text):
    spans = [(s.start, s.end) for s in find_statements([make_passage(text)])]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@law
@given(PROSE)
def test_nothing_that_is_shown_reads_as_a_marker(text):
    assert [] == [shown for shown in texts_of(text) if HANDLE.search(shown)]
