import time
from itertools import accumulate, pairwise
from math import ceil
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.anchoring import anchored_runs
from ingest.chunking import chunk_document
from knowledge.passage import Passage
from tests.knowledge.factories import laws, make_document

BUDGET_TOKENS = 60
TITLE = "T"


def count_tokens(texts: list[str]) -> list[int]:
    """Count words, so that the tokens of parts add up to those of the whole."""
    return [len(text.split()) for text in texts]


ROOM_TOKENS = BUDGET_TOKENS - 1


def paragraph(seed: int) -> str:
    """Make a paragraph of one to four sentences, or a table; few seeds make the same."""
    if seed % 5 == 4:
        return f"| drug | dose |\n| {seed} | {seed % 97} mg |\n| {seed + 1} | {seed % 89} mg |\n\n"
    return f"Take {seed} mg of it with water. " * (1 + seed % 5) + "\n\n"


PARAGRAPH = st.integers(0, 2000).map(paragraph)
# Long enough for ten passages and more.
LONG = st.lists(PARAGRAPH, min_size=45, max_size=60)
SHORT = st.lists(PARAGRAPH, min_size=6, max_size=15)


class Edit(NamedTuple):
    """Replace `n_old` paragraphs from the place `at` by the new ones."""

    at: int
    n_old: int
    new: list[str]

    def apply(self, paragraphs: list[str]) -> list[str]:
        return [*paragraphs[: self.at], *self.new, *paragraphs[self.at + self.n_old :]]


@st.composite
def edits(draw: st.DrawFn, sections: st.SearchStrategy[list[str]] = SHORT) -> tuple[list[str], Edit]:
    """Draw a section and one edit: a paragraph replaced, put in or taken out."""
    paragraphs = draw(sections)
    n_old, n_new = draw(st.sampled_from([(1, 1), (0, 1), (1, 0)]))
    new = draw(st.lists(PARAGRAPH, min_size=n_new, max_size=n_new))
    return paragraphs, Edit(draw(st.integers(0, len(paragraphs) - 1)), n_old, new)


def cut(paragraphs: list[str], previous: list[Passage] | None = None) -> list[Passage]:
    document = make_document("".join(paragraphs), title=TITLE)
    return chunk_document(document, count_tokens, BUDGET_TOKENS, previous or [])


def fresh(old: list[Passage], new: list[Passage]) -> list[Passage]:
    """Give the passages that must be embedded."""
    known = {passage.embedded_text for passage in old}
    return [passage for passage in new if passage.embedded_text not in known]


def least(paragraphs: list[str], edit: Edit, old: list[Passage]) -> int:
    """Count the passages that hold what the edit touches, were they packed as full as they can be."""
    start = len("".join(paragraphs[: edit.at]))
    end = start + len("".join(paragraphs[edit.at : edit.at + edit.n_old]))
    touched = [
        p for p in old if p.start < max(end, start + 1) and p.end > start and (edit.n_old or p.start < start)
    ]
    before = "".join(paragraphs)[min([start, *(p.start for p in touched)]) : start]
    after = "".join(paragraphs)[end : max([end, *(p.end for p in touched)])]
    return ceil(count_tokens(["".join((before, *edit.new, after))])[0] / ROOM_TOKENS)


@laws
@given(edits(LONG))
def test_one_edit_embeds_at_most_half_as_many_passages_again_as_it_must(drawn: tuple[list[str], Edit]):
    paragraphs, edit = drawn
    old = cut(paragraphs)
    assert len(fresh(old, cut(edit.apply(paragraphs), old))) <= 1.5 * least(paragraphs, edit, old)


@laws
@given(st.lists(edits(), min_size=2, max_size=5))
def test_edit_upon_edit_the_passages_joined_are_the_text(drawn: list[tuple[list[str], Edit]]):
    paragraphs, passages = drawn[0][0], cut(drawn[0][0])
    for _, edit in drawn:
        paragraphs = edit.apply(paragraphs)
        passages = cut(paragraphs, passages)
    assert "".join(paragraphs) == "".join(passage.text for passage in passages)


@laws
@given(edits())
def test_with_anchors_no_passage_is_over_the_budget(drawn: tuple[list[str], Edit]):
    paragraphs, edit = drawn
    passages = cut(edit.apply(paragraphs), cut(paragraphs))
    assert all(passage.n_tokens <= ROOM_TOKENS for passage in passages)


@laws
@given(edits())
def test_anchors_never_break_a_table_row(drawn: tuple[list[str], Edit]):
    paragraphs, edit = drawn
    text = "".join(edit.apply(paragraphs))
    starts = [passage.start for passage in cut(edit.apply(paragraphs), cut(paragraphs))]
    assert not any(text[text.rfind("\n", 0, start) + 1 : start].startswith("|") for start in starts)


@laws
@given(SHORT)
def test_the_same_text_is_cut_in_the_same_places(paragraphs: list[str]):
    assert cut(paragraphs) == cut(paragraphs, cut(paragraphs))


@laws
@given(SHORT, SHORT)
def test_passages_of_a_quite_different_text_do_no_harm(paragraphs: list[str], others: list[str]):
    assert "".join(paragraphs) == "".join(p.text for p in cut(paragraphs, cut(others)))


def test_a_deleted_passage_embeds_nothing():
    old = cut([f"Take {n} mg of this drug with a glass of water. " for n in range(60)])
    text = "".join(passage.text for passage in old if passage.ordinal != 3)
    assert [] == fresh(old, cut([text], old))


def test_a_passage_that_outgrew_the_room_is_cut_anew():
    old = cut([f"Take {n} mg of this drug with a glass of water. " for n in range(60)])
    title = "A title that has become so long that little room is left for the text"
    document = make_document("".join(passage.text for passage in old), title=title)
    room = BUDGET_TOKENS - count_tokens([title])[0]
    assert all(p.n_tokens <= room for p in chunk_document(document, count_tokens, BUDGET_TOKENS, old))


def test_a_few_words_between_anchors_join_the_passage_before_them():
    old = cut([f"Take {n} mg of this drug with a glass of water. " for n in range(60)])
    texts = [passage.text for passage in old]
    texts[2] += "Rest. "
    assert texts == [passage.text for passage in cut(texts, old)]


def tiled(*stretches: str) -> tuple[str, list[tuple[int, int]]]:
    """Join stretches; give the text and their offsets."""
    ends = list(accumulate(map(len, stretches)))
    return "".join(stretches), list(pairwise([0, *ends]))


@pytest.mark.parametrize(
    ("stretches", "previous", "runs"),
    [
        (("One. ", "Two. ", "Six. "), ["One. Two. ", "Six. "], [(0, 2), (2, 3)]),
        (("One. ", "new. ", "Six. "), ["One. ", "Two. ", "Six. "], [(0, 1), (2, 3)]),
        (("new. ", "Two. ", "Six. "), ["One. ", "Two. Six. "], [(1, 3)]),
        (("One. ", "Two. ", "new. "), ["One. Two. ", "Six. "], [(0, 2)]),
        (("Two. ", "One. "), ["One. ", "Two. "], [(1, 2)]),
        (("One. ", "Two. "), [], []),
        ((), ["One. "], []),
        (("One. Two. ",), ["One. "], []),
        (("One. ", "Two. "), ["", "Two. "], [(1, 2)]),
    ],
    ids=["all", "middle", "first", "last", "swapped", "none before", "no text", "inside a stretch", "empty"],
)
def test_what_still_stands_is_found(
    stretches: tuple[str, ...], previous: list[str], runs: list[tuple[int, int]]
):
    text, spans = tiled(*stretches)
    assert runs == anchored_runs(text, spans, previous)


def test_a_text_that_stands_twice_does_not_hide_what_lies_between():
    text, spans = tiled("new. ", "Two. ", "Six. ", "One. ")
    assert [(1, 2), (2, 3), (3, 4)] == anchored_runs(text, spans, ["One. ", "Two. ", "Six. ", "One. "])


@pytest.mark.parametrize("opening", ["", "Note. "], ids=["", "of sentences that are all alike"])
def test_a_long_text_that_has_nothing_of_its_last_revision_takes_no_longer(opening: str):
    old = [f"{opening}Old sentence number {n}. " for n in range(20_000)]
    text, spans = tiled(*(f"{opening}New sentence number {n}. " for n in range(20_000)))
    before_s = time.process_time()
    assert [] == anchored_runs(text, spans, old)
    # To look for each passage in all of the text takes ten times as long.
    assert time.process_time() - before_s < 3
