import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.offsets import Edit, MarkedText
from tests.knowledge.factories import laws


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(alphabet="ab血\n ", max_size=40))
    edges = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    return text, [Edit(start, end, draw(st.text(alphabet="xyz", max_size=4))) for start, end in spans]


def apply_one_by_one(text: str, edits: list[Edit]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@laws
@given(edited_texts())
def test_all_edits_at_once_make_what_they_make_one_by_one(case: tuple[str, list[Edit]]):
    text, edits = case
    assert apply_one_by_one(text, edits) == MarkedText(text).edited(edits).text


@laws
@given(edited_texts())
def test_every_kept_character_is_found_where_its_mark_went(case: tuple[str, list[Edit]]):
    text, edits = case
    kept = [i for i in range(len(text)) if not any(edit.start <= i < edit.end for edit in edits)]
    after = MarkedText(text, tuple(kept)).edited(edits)
    assert [text[i] for i in kept] == [after.text[mark] for mark in after.marks]


@laws
@given(edited_texts())
def test_marks_in_order_stay_in_order_from_end_to_end(case: tuple[str, list[Edit]]):
    text, edits = case
    after = MarkedText(text, tuple(range(len(text) + 1))).edited(edits)
    assert all(left <= right for left, right in pairwise((0, *after.marks, len(after.text))))


@laws
@given(edited_texts())
def test_the_last_mark_stays_at_the_end(case: tuple[str, list[Edit]]):
    text, edits = case
    after = MarkedText(text, (len(text),)).edited(edits)
    assert (len(after.text),) == after.marks


def test_a_mark_inside_a_replaced_stretch_goes_to_the_end_of_the_replacement():
    assert MarkedText("axyd", (3,)) == MarkedText("abcd", (2,)).edited([Edit(1, 3, "xy")])


def test_a_mark_before_a_replaced_stretch_stays_before_it():
    assert MarkedText("axyd", (1,)) == MarkedText("abcd", (1,)).edited([Edit(1, 3, "xy")])


def test_a_mark_behind_a_deleted_stretch_stays_before_its_character():
    assert MarkedText("ad", (1,)) == MarkedText("abcd", (3,)).edited([Edit(1, 3)])


def test_without_a_change_the_marked_text_is_given_back():
    marked = MarkedText("abc", (1,))
    assert marked is marked.edited([Edit(0, 1, "a"), Edit(2, 2, "")])


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 2), Edit(1, 3)],
        [Edit(2, 3), Edit(0, 1)],
        [Edit(2, 1, "x")],
        [Edit(2, 9)],
    ],
    ids=["overlapping", "out of order", "backwards", "beyond the text"],
)
def test_edits_that_do_not_fit_are_refused(edits: list[Edit]):
    with pytest.raises(ValueError, match="overlap, are out of order or leave the text of 4 characters"):
        MarkedText("abcd").edited(edits)


def test_every_match_of_a_pattern_is_rewritten():
    assert MarkedText("a-b-c", (5,)) == MarkedText("a--b---c", (8,)).rewritten(re.compile("-+"), "-")


def test_a_match_is_rewritten_by_what_is_made_of_it():
    doubled = MarkedText("a1b2").rewritten(re.compile(r"\d"), lambda match: match.group() * 2)
    assert MarkedText("a11b22") == doubled
