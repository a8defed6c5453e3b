import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.fusion import STAND_IN, fuse
from tests.knowledge.factories import laws

IDS = st.sampled_from("abcdef")
DENSE = st.dictionaries(IDS, st.floats(-1, 1, width=16))
SPARSE = st.dictionaries(IDS, st.floats(0, 100, width=32))


@laws
@given(DENSE, SPARSE, st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1(dense: dict[str, float], sparse: dict[str, float], weight: float):
    assert all(0 <= score <= 1 for score in fuse(dense, sparse, {"a", "b"}, weight).values())


@laws
@given(DENSE, SPARSE)
def test_the_best_come_first(dense: dict[str, float], sparse: dict[str, float]):
    scores = list(fuse(dense, sparse).values())
    assert sorted(scores, reverse=True) == scores


@laws
@given(DENSE, SPARSE)
def test_every_dense_candidate_has_a_fused_score(dense: dict[str, float], sparse: dict[str, float]):
    assert dense.keys() <= fuse(dense, sparse).keys()


@laws
@given(DENSE)
def test_a_dense_leg_alone_keeps_its_order(dense: dict[str, float]):
    fused = fuse(dense, {})
    assert sorted(fused.values()) == [fused[i] for i in sorted(dense, key=lambda i: dense[i])]


def test_no_candidates_fuse_to_nothing():
    assert {} == fuse({}, {})


def test_the_best_of_both_legs_scores_1():
    assert 1.0 == fuse({"a": 0.9, "b": 0.8}, {"a": 7.0})["a"]


def test_the_dense_scores_are_stretched_between_worst_and_best():
    fused = fuse({"a": 0.9, "b": 0.85, "c": 0.8}, {}, dense_weight=1.0)
    assert {"a": 1.0, "b": pytest.approx(0.5), "c": 0.0} == fused


def test_the_sparse_scores_are_divided_by_the_best():
    assert {"a": 1.0, "b": 0.25} == fuse({}, {"a": 8.0, "b": 2.0}, dense_weight=0.0)


def test_a_passage_that_one_leg_missed_counts_0_there():
    fused = fuse({"a": 0.9, "b": 0.8}, {"c": 7.0}, dense_weight=0.75)
    assert {"a": 0.75, "c": 0.25, "b": 0.0} == fused


def test_a_single_dense_candidate_has_the_whole_share():
    assert {"a": 0.75} == fuse({"a": 0.3}, {}, dense_weight=0.75)


def test_what_the_dense_leg_says_stands_in_for_the_words_of_another_language():
    fused = fuse({"a": 0.9, "b": 0.8}, {"b": 7.0}, foreign={"a"}, dense_weight=0.5)
    assert {"a": 0.5 + 0.5 * STAND_IN, "b": 0.5} == fused


def test_words_that_another_language_shares_count_where_they_say_more():
    assert 1.0 == fuse({"a": 0.9, "b": 0.8}, {"a": 7.0}, foreign={"a"})["a"]


def test_dense_scores_that_differ_by_noise_are_equal():
    assert {"a": 0.75, "b": 0.75} == fuse({"a": 0.5, "b": 0.5 + 1e-8}, {}, dense_weight=0.75)


def test_sparse_scores_of_zero_divide_nothing():
    assert {} == fuse({}, {"a": 0.0})


def test_ties_stay_in_the_order_of_the_legs():
    assert ["b", "a", "c"] == list(fuse({"b": 0.5, "a": 0.5, "c": 0.5}, {}))
