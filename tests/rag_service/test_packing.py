from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evidence import LeftOut
from knowledge.passage import ScoredPassage
from rag_service.packing import Packing, add_left_out, estimate_tokens, line_up, pack
from tests.rag_service.factories import law, make_passage, make_passages

SIZES = st.lists(st.integers(1, 2000), max_size=20)
BUDGETS = st.integers(0, 8000)


def passages_of(n):
    return make_passages("d", [f"{rank} " for rank in range(n)])


def packed_ranks(costs, budget_tokens):
    return [passage.ordinal for passage in pack(passages_of(len(costs)), costs, budget_tokens).passages]


def hits_of(passages):
    return [ScoredPassage(passage, 1 - rank / 100, None, None) for rank, passage in enumerate(passages)]


def lined_up(earlier, new, limit):
    passages = passages_of(10)
    chosen = line_up([passages[i] for i in earlier], hits_of([passages[i] for i in new]), limit)
    return [passage.ordinal for passage in chosen]


def test_passages_that_fit_are_packed_in_order():
    assert [0, 1, 2] == packed_ranks([100, 50, 10], 1000)


def test_a_passage_that_does_not_fit_is_left_out_for_a_later_one_that_does():
    assert [0, 2] == packed_ranks([100, 500, 10], 300)


def test_the_best_passage_is_packed_even_when_it_is_over_the_budget():
    assert [0] == packed_ranks([5000], 256)


def test_nothing_is_packed_beside_a_best_passage_over_the_budget():
    assert [0] == packed_ranks([5000, 1], 256)


def test_no_candidates_give_no_passages():
    assert Packing() == pack([], [], 1000)


def test_a_packed_passage_is_never_cut():
    (passage,) = passages_of(1)
    assert [passage] == pack([passage], [5000], 256).passages


def test_a_passage_needs_a_cost():
    with pytest.raises(ValueError, match="shorter than"):
        pack(passages_of(2), [1], 256)


def test_the_trace_says_which_marker_a_passage_got_and_why_another_got_none():
    trace = pack(passages_of(3), [100, 500, 10], 300).trace
    expected = [("packed", 1, 100), ("over_budget", None, 500), ("packed", 2, 10)]
    assert expected == [(each.reason, each.marker, each.n_tokens) for each in trace]


def test_the_tokens_of_a_packing_are_those_of_what_is_packed():
    assert 110 == pack(passages_of(3), [100, 500, 10], 300).n_tokens


def test_what_was_found_and_not_chosen_is_added_to_the_trace():
    packing = pack(passages_of(1), [1], 10)
    add_left_out(packing, [LeftOut("other", "repeats", "this")])
    assert ["packed", "repeats"] == [each.reason for each in packing.trace]


def test_what_stands_in_the_trace_is_not_added_again():
    (passage,) = passages_of(1)
    packing = pack([passage], [1], 10)
    add_left_out(packing, [LeftOut(passage.passage_id, "weak")])
    assert ["packed"] == [each.reason for each in packing.trace]


def test_a_passage_is_estimated_to_take_more_than_the_embedder_counts():
    assert 210 == estimate_tokens(make_passage("text", n_tokens=100))


def test_passages_of_earlier_questions_stand_first_in_their_old_order():
    assert [2, 0, 1, 3] == lined_up(earlier=[2, 0], new=[1, 0, 3], limit=8)


def test_new_passages_stand_best_first():
    assert [3, 1, 2] == lined_up(earlier=[], new=[3, 1, 2], limit=8)


def test_a_conversation_with_three_times_the_limit_of_passages_keeps_them():
    assert [0, 1, 2, 3, 4, 5] == lined_up(earlier=[0, 1, 2, 3], new=[4, 5], limit=2)


def test_a_conversation_with_more_than_three_times_the_limit_of_passages_starts_afresh():
    assert [5, 6] == lined_up(earlier=[0, 1, 2, 3, 4], new=[5, 6], limit=2)


def test_a_later_question_adds_half_the_limit_of_passages():
    assert [0, 1, 2, 3, 4] == lined_up(earlier=[0], new=[1, 2, 3, 4, 5, 6], limit=8)


def test_a_later_question_adds_the_passages_that_it_cannot_do_without():
    assert [0, 1, 2, 3] == lined_up(earlier=[0], new=[1, 2, 3, 4], limit=4)


@law
@given(SIZES, BUDGETS)
def test_the_budget_holds_the_tokens_of_every_pack_of_more_than_one(costs, budget_tokens):
    packing = pack(passages_of(len(costs)), costs, budget_tokens)
    assert len(packing.passages) <= 1 or packing.n_tokens <= budget_tokens


@law
@given(SIZES, BUDGETS)
def test_packed_passages_keep_their_order(costs, budget_tokens):
    ranks = packed_ranks(costs, budget_tokens)
    assert sorted(ranks) == ranks


@law
@given(SIZES, BUDGETS)
def test_every_candidate_stands_in_the_trace_exactly_once(costs, budget_tokens):
    candidates = passages_of(len(costs))
    trace = pack(candidates, costs, budget_tokens).trace
    assert [candidate.passage_id for candidate in candidates] == [each.passage_id for each in trace]


@law
@given(SIZES, BUDGETS)
def test_the_markers_of_the_trace_number_the_packed_passages(costs, budget_tokens):
    packing = pack(passages_of(len(costs)), costs, budget_tokens)
    numbered = {each.marker: each.passage_id for each in packing.trace if each.marker is not None}
    assert dict(enumerate((p.passage_id for p in packing.passages), start=1)) == numbered


@law
@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True), st.integers(1, 10))
def test_passages_are_lined_up_once_each_and_behind_what_stood_before(earlier, new, limit):
    order = lined_up(earlier, new, limit)
    n_new = min(len(set(new) - set(earlier)), max(3, ceil(limit / 2)))
    is_kept = bool(earlier) and len(earlier) + n_new <= 3 * limit
    assert (earlier if is_kept else new) == order[: len(earlier if is_kept else new)]
    assert len(set(order)) == len(order)
