import re
from dataclasses import dataclass
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunking import chunk_document
from knowledge.document import Document, Section
from knowledge.passage import Passage
from tests.knowledge.factories import laws, make_document, make_imprint

TABLE = "| 药名 | 剂量 |\n|---|---|\n" + "".join(f"| drug {n}. Really? | {n}.5 mg/d |\n" for n in range(12))
LINES = [
    "Fever is treated. ",
    "血压140/90mmHg。",
    "- 阿司匹林\n",
    "| a. b | c |\n",
    "\n",
    "word ",
    "長" * 40,
    "x" * 90,
]


def count_tokens(texts: list[str]) -> list[int]:
    """Count a token for every Han character and every four others begun."""
    return [ceil(sum(1.0 if char >= "\u3400" else 0.25 for char in text)) for text in texts]


def chunk(text: str, budget_tokens: int = 40, path: tuple[str, ...] = ()) -> list[Passage]:
    return chunk_document(make_document(text, path, title="T"), count_tokens, budget_tokens)


def texts(passages: list[Passage]) -> list[str]:
    return [passage.text for passage in passages]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a document of several sections of prose, lists and tables."""
    parts = draw(st.lists(st.lists(st.sampled_from(LINES), min_size=1, max_size=12).map("".join), max_size=4))
    sections: list[Section] = []
    for part in parts:
        start = sections[-1].end if sections else 0
        sections.append(Section((f"H{len(sections)}",), start, start + len(part)))
    return Document(imprint=make_imprint(title="T"), text="".join(parts), sections=tuple(sections))


BUDGETS = st.integers(6, 60)


@laws
@given(documents(), BUDGETS)
def test_the_passages_joined_are_the_text(document: Document, budget_tokens: int):
    assert document.text == "".join(texts(chunk_document(document, count_tokens, budget_tokens)))


@laws
@given(documents(), BUDGETS)
def test_a_passage_is_the_text_between_its_offsets(document: Document, budget_tokens: int):
    passages = chunk_document(document, count_tokens, budget_tokens)
    assert [document.text[passage.start : passage.end] for passage in passages] == texts(passages)


@laws
@given(documents(), BUDGETS)
def test_no_passage_is_over_the_budget(document: Document, budget_tokens: int):
    passages = chunk_document(document, count_tokens, budget_tokens)
    assert all(passage.n_tokens <= budget_tokens for passage in passages)


@laws
@given(documents(), BUDGETS)
def test_no_passage_crosses_a_section(document: Document, budget_tokens: int):
    edges = {section.start for section in document.sections}
    passages = chunk_document(document, count_tokens, budget_tokens)
    assert not any(edges & set(range(passage.start + 1, passage.end)) for passage in passages)


@laws
@given(documents(), BUDGETS)
def test_the_ordinals_count_from_0(document: Document, budget_tokens: int):
    passages = chunk_document(document, count_tokens, budget_tokens)
    assert list(range(len(passages))) == [passage.ordinal for passage in passages]


@laws
@given(documents(), BUDGETS)
def test_a_passage_counts_the_tokens_of_its_text(document: Document, budget_tokens: int):
    passages = chunk_document(document, count_tokens, budget_tokens)
    assert count_tokens(texts(passages)) == [passage.n_tokens for passage in passages]


@laws
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120), BUDGETS)
def test_any_text_is_cut_without_loss(text: str, budget_tokens: int):
    assert text == "".join(texts(chunk(text, budget_tokens)))


def test_a_section_that_fits_is_one_passage():
    assert ["Fever. Cough. Rest."] == texts(chunk("Fever. Cough. Rest."))


def test_an_empty_document_has_no_passages():
    assert [] == chunk("")


def test_a_passage_carries_the_imprint_of_its_document():
    assert make_imprint(title="T") == chunk("Fever.")[0].imprint


def test_the_context_is_the_title_and_the_headings():
    assert "T > 治疗 > 药物" == chunk("Fever.", path=("治疗", "药物"))[0].context


def test_a_short_context_and_its_text_fit_the_budget_together():
    passages = chunk("Take one tablet a day with water. " * 30, 40, path=("Dose",))
    assert all(count_tokens([passage.embedded_text])[0] <= 40 for passage in passages)


def test_a_long_section_is_cut_into_parts_of_about_equal_length():
    sizes = [passage.n_tokens for passage in chunk("Take one tablet a day with water. " * 24, 100)]
    assert [68, 68, 68] == sizes


def test_a_long_section_leaves_no_stub_at_its_end():
    sizes = [passage.n_tokens for passage in chunk("Take one tablet a day with water. " * 31, 100)]
    assert sizes[-1] >= max(sizes) / 2


def test_a_section_is_cut_between_sentences():
    cut = texts(chunk("Take 2.5 mg of it twice a day with water. " * 12, 40))
    assert all(text.startswith("Take 2.5 mg") and text.endswith("with water. ") for text in cut)


def test_a_list_is_cut_between_its_items():
    cut = texts(chunk("".join(f"- 药物 {n}: 2.5 mg 每日一次\n" for n in range(20)), 40))
    assert all(text.startswith("- ") and text.endswith("\n") for text in cut)


@pytest.mark.parametrize("budget_tokens", [20, 30, 45, 70])
def test_a_table_is_never_cut_inside_a_row(budget_tokens: int):
    cut = texts(chunk(TABLE, budget_tokens))
    assert all(text.startswith("|") and text.endswith("|\n") for text in cut)


def test_a_passage_that_begins_inside_a_table_repeats_the_header_row():
    first, *others = chunk(TABLE, 45)
    assert ["T", *["T\n| 药名 | 剂量 |"] * len(others)] == [first.context, *(p.context for p in others)]


def test_a_second_table_has_its_own_header_row():
    rows = "".join(f"| row {n} with some words | cell |\n" for n in range(6))
    passages = chunk(f"| one | a |\n{rows}\n| two | b |\n{rows}", 30)
    assert "T\n| two | b |" == passages[-1].context


def test_prose_below_a_table_has_no_header_row():
    assert "T" == chunk(TABLE + "\nTake one tablet a day with water.\n" * 8, 45)[-1].context


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Fever.", "prose"),
        ("- a\n- b\n", "list"),
        ("1. a\n2. b\n", "list"),
        ("（1）甲\n（2）乙\n", "list"),
        (TABLE[:60], "table"),
    ],
)
def test_a_passage_knows_its_kind(text: str, kind: str):
    assert kind == chunk(text)[0].kind


def test_a_passage_of_several_kinds_is_of_the_longest():
    assert "list" == chunk("以下：\n- 阿司匹林每日一次\n- 布洛芬每日三次\n")[0].kind


def test_a_sentence_longer_than_the_budget_is_cut_between_words():
    cut = texts(chunk("paracetamol " * 60, 40))
    assert all(set(text.split()) == {"paracetamol"} for text in cut)


def test_an_over_long_sentence_of_two_scripts_is_cut_to_the_budget():
    passages = chunk("latin words go on and on " * 16 + "高血压患者应当每天测量血压并且记录" * 8, 60)
    assert all(passage.n_tokens <= 60 for passage in passages)


def test_a_word_longer_than_the_budget_is_cut_between_characters():
    assert ("x" * 400, True) == ("".join(texts(chunk("x" * 400, 40))), len(chunk("x" * 400, 40)) > 1)


MEASURES = ["2.5 mg", "140/90 mmHg", "10–20 毫克", "38.5 °C", "7.0%", "1,500 IU/d", "2026-01-31", "≥ 90 次"]


@laws
@given(
    st.lists(st.sampled_from([*MEASURES, "and", "with water", "每日服用"]), min_size=20, max_size=60), BUDGETS
)
def test_a_figure_is_not_parted_from_its_unit(words: list[str], budget_tokens: int):
    whole = {measure.strip("≥ ") for measure in MEASURES}
    text = " ".join(words)
    inside = {m.start() + i for w in whole for m in re.finditer(re.escape(w), text) for i in range(1, len(w))}
    assert set() == inside & {passage.start for passage in chunk(text, budget_tokens + 10)}


def test_a_figure_longer_than_the_budget_is_cut_all_the_same():
    assert ("1" * 400, True) == ("".join(texts(chunk("1" * 400, 40))), len(chunk("1" * 400, 40)) > 1)


def test_a_passage_id_changes_with_the_revision():
    assert chunk("Fever.")[0].passage_id != chunk("Cough.")[0].passage_id


def test_the_same_document_gives_the_same_passages():
    assert chunk(TABLE) == chunk(TABLE)


@dataclass
class CountingCounter:
    """Counts how many texts it was asked about."""

    n_texts: int = 0

    def __call__(self, batch: list[str]) -> list[int]:
        self.n_texts += len(batch)
        return count_tokens(batch)


def test_the_tokens_of_each_sentence_are_counted_once():
    counter = CountingCounter()
    chunk_document(make_document("Fever. " * 100, title="T"), counter, 1000)
    # A hundred sentences, the context and the one passage.
    assert 102 == counter.n_texts
