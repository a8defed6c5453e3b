from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunking import chunk_document
from ingest.short_sections import merge_short_sections
from knowledge.document import Document, Section
from tests.knowledge.factories import laws, make_imprint

BUDGET = 100
LONG = "Take one tablet a day with water. " * 4


def count_tokens(texts: list[str]) -> list[int]:
    """Count a token for every four characters begun."""
    return [ceil(len(text) / 4) for text in texts]


def make(*parts: tuple[tuple[str, ...], str]) -> Document:
    """Make a document of sections, each of its last heading and a text."""
    text, sections = "", []
    for path, body in parts:
        start = len(text)
        text += f"{path[-1]}\n\n{body}\n\n" if path else body
        sections.append(Section(path, start, len(text)))
    return Document(imprint=make_imprint(title="T"), text=text, sections=tuple(sections))


def paths(document: Document) -> list[tuple[str, ...]]:
    return [section.path for section in merge_short_sections(document, count_tokens, BUDGET)]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a document of short and long sections, one to three headings deep."""
    path = st.lists(st.sampled_from(["4 Dose", "4.1 Food", "附则"]), max_size=3).map(tuple)
    return make(*draw(st.lists(st.tuples(path, st.sampled_from(["None.", "无。", LONG])), max_size=8)))


@laws
@given(documents())
def test_merged_sections_tile_the_text(document: Document):
    merged = merge_short_sections(document, count_tokens, BUDGET)
    assert document.text == "".join(document.text[section.start : section.end] for section in merged)


@laws
@given(documents())
def test_passages_of_merged_sections_joined_are_the_text(document: Document):
    passages = chunk_document(document, count_tokens, BUDGET)
    assert document.text == "".join(passage.text for passage in passages)


@laws
@given(documents())
def test_no_heading_is_lost(document: Document):
    passages = chunk_document(document, count_tokens, BUDGET)
    for section in document.sections:
        held = [p for p in passages if p.start < section.end and section.start < p.end]
        assert all(
            set(section.path) <= set("\n".join((p.text, p.context)).replace(" > ", "\n").split("\n"))
            for p in held[:1]
        )


def test_short_siblings_are_one_section_under_their_parent():
    assert [("4 Dose",)] == paths(make((("4 Dose", "4.1 Food"), "None."), (("4 Dose", "4.2 Age"), "None.")))


def test_short_siblings_at_the_top_are_one_section():
    assert [()] == paths(make((("Purpose",), "Antihistamine."), (("Uses",), "Cough.")))


def test_a_short_parent_is_merged_with_its_short_child():
    assert [("4 Dose",)] == paths(make((("4 Dose",), "See below."), (("4 Dose", "4.1 Food"), "None.")))


@pytest.mark.parametrize("order", [1, -1])
def test_a_long_section_keeps_its_heading(order: int):
    parts = [(("4 Dose", "4.1 Food"), "None."), (("4 Dose", "4.2 Age"), LONG)][::order]
    assert [path for path, _ in parts] == paths(make(*parts))


def test_sections_of_different_parents_are_not_merged():
    parts = [(("4 Dose", "4.1 Food"), "None."), (("5 Risks", "5.1 Falls"), "None.")]
    assert [path for path, _ in parts] == paths(make(*parts))


def test_a_merged_section_stays_below_a_quarter_of_the_budget():
    document = make(*((("4 Dose", f"4.{n} Food"), "None known.") for n in range(9)))
    merged = merge_short_sections(document, count_tokens, BUDGET)
    assert max(count_tokens([document.text[s.start : s.end] for s in merged])) <= BUDGET / 4


def test_a_section_whose_heading_is_not_in_its_text_is_not_merged():
    sections = (Section(("Question",), 0, 4), Section(("Answer",), 4, 8))
    document = Document(imprint=make_imprint(title="T"), text="Why?So.\n", sections=sections)
    assert sections == merge_short_sections(document, count_tokens, BUDGET)
