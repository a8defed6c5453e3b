from dataclasses import replace
from datetime import date

import pytest

from rag_service.conflicts import find_conflicts
from tests.rag_service.factories import make_passages


def edition(name, texts=("text",), **imprint):
    return [replace(p, imprint=replace(p.imprint, **imprint)) for p in make_passages(name, texts)]


OLD = edition("old", reviewed_on=date(2015, 3, 1), status="superseded")
NEW = edition("new", published_on=date(2024, 1, 2), supersedes="old")


def test_an_old_and_a_new_edition_are_named_with_their_dates_the_new_one_first():
    expected = ["The texts differ here; mind their sources and dates: New (2024-01-02); Old (2015-03-01)"]
    assert expected == find_conflicts([*OLD, *NEW], "en")


def test_a_conflict_is_told_in_the_language_of_the_answer():
    assert find_conflicts([*OLD, *NEW], "zh")[0].startswith("资料说法不一致")


def test_the_date_of_review_goes_before_that_of_publication():
    reviewed = edition("new", published_on=date(2024, 1, 2), reviewed_on=date(2025, 6, 7), supersedes="old")
    assert "New (2025-06-07)" in find_conflicts([*OLD, *reviewed], "en")[0]


def test_an_edition_without_a_date_is_named_alone():
    undated = edition("new", supersedes="old")
    assert find_conflicts([*OLD, *undated], "en")[0].endswith("dates: New; Old (2015-03-01)")


def test_a_pair_with_many_passages_is_named_once():
    new = edition("new", ["one", "two"], supersedes="old")
    assert 1 == len(find_conflicts([*OLD, *new, *OLD], "en"))


@pytest.mark.parametrize(
    "passages", [[], OLD, NEW, make_passages("a", ["text"]) + make_passages("b", ["text"])]
)
def test_texts_that_do_not_replace_each_other_are_no_conflict(passages):
    assert [] == find_conflicts(passages, "en")


def test_every_pair_is_named():
    passages = [*OLD, *NEW, *edition("older"), *edition("newest", supersedes="older")]
    assert 2 == len(find_conflicts(passages, "en"))
