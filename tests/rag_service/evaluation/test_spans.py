import pytest

from rag_service.evaluation.spans import (
    Stretch,
    find_quote,
    is_verbatim,
    same_words,
    share_covered,
    stretches,
)
from tests.rag_service.evaluation.factories import cite, source

FIRST = source("High is 140. ")
SECOND = source("Low is 90.", marker=2, start=FIRST.end)
OTHER = source("Low is 90.", marker=3, document_id="other")


def test_sources_that_touch_make_one_stretch():
    assert [Stretch(0, "High is 140. Low is 90.")] == stretches([SECOND, OTHER, FIRST], "doc")


def test_sources_that_overlap_make_one_stretch():
    assert [Stretch(0, "High is 140.")] == stretches([source("High is"), source("is 140.", start=5)], "doc")


def test_sources_with_a_gap_between_make_two_stretches():
    apart = source("Low is 90.", start=20)
    assert [Stretch(0, FIRST.text), Stretch(20, "Low is 90.")] == stretches([FIRST, apart], "doc")


def test_a_quote_at_its_offsets_is_verbatim():
    assert is_verbatim(cite(SECOND, "is 90"), [FIRST, SECOND])


def test_a_quote_that_goes_on_into_the_next_source_is_verbatim():
    assert is_verbatim(cite(FIRST, "140. Low", start=8, end=16), [FIRST, SECOND])


def test_a_quote_that_goes_on_beyond_all_sources_is_compared_where_they_hold_it():
    assert is_verbatim(cite(FIRST, "140. Low", start=8, end=16), [FIRST])


@pytest.mark.parametrize(
    "changed",
    [
        {"quote": "is 91"},
        {"start": 0, "end": 5},
        {"end": 99},
        {"quote": "", "end": 17},
        {"document_id": "other"},
        {"passage_id": "p9"},
    ],
)
def test_a_quote_that_is_not_at_its_offsets_is_not_verbatim(changed):
    assert not is_verbatim(cite(SECOND, "is 90").model_copy(update=changed), [FIRST, SECOND])


def test_a_quote_is_found_through_other_blanks_and_marks():
    assert [[5, 8, 9]] == find_quote("| Ab c |", [Stretch(5, "A\n Bc")])


def test_a_quote_is_found_at_each_of_its_places():
    assert [[0, 1], [13, 14]] == find_quote("ab", [Stretch(0, "ab"), Stretch(10, "xx ab")])


def test_blanks_alone_are_found_nowhere():
    assert [] == find_quote(" | ", [Stretch(0, "a | b")])


def test_the_offsets_in_any_span_are_covered():
    assert 0.75 == share_covered([0, 1, 2, 9], [(0, 2), (9, 10)])


def test_words_are_the_same_after_folding():
    assert same_words("用药 注意（一）", "用药注意(一)")
