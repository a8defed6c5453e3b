from hypothesis import given
from hypothesis import strategies as st

from knowledge.passage import ScoredPassage
from rag_service.packing import pack
from tests.rag_service.factories import law, make_passage


def hits_of(*sizes):
    return [
        ScoredPassage(make_passage(f"{rank}", start=rank, n_tokens=n_tokens), 1 - rank / 100, None, None)
        for rank, n_tokens in enumerate(sizes)
    ]


def packed_texts(sizes, budget_tokens):
    return [passage.text for passage in pack(hits_of(*sizes), budget_tokens)]


def test_passages_that_fit_are_packed_in_order_of_score():
    assert ["0", "1", "2"] == packed_texts([100, 50, 10], 1000)


def test_a_passage_that_does_not_fit_is_left_out_for_a_later_one_that_does():
    assert ["0", "2"] == packed_texts([100, 500, 10], 300)


def test_the_best_passage_is_packed_even_when_it_is_over_the_budget():
    assert ["0"] == packed_texts([5000], 256)


def test_nothing_is_packed_beside_a_best_passage_over_the_budget():
    assert ["0"] == packed_texts([5000, 1], 256)


def test_no_hits_give_no_passages():
    assert [] == pack([], 1000)


def test_a_packed_passage_is_never_cut():
    assert hits_of(5000)[0].passage == pack(hits_of(5000), 256)[0]


@law
@given(st.lists(st.integers(0, 2000), max_size=20), st.integers(256, 8000))
def test_the_budget_holds_the_tokens_of_every_pack_of_more_than_one(sizes, budget_tokens):
    # 1.5: what the engine's tokenizer may count more than the embedder's; 40: headings and number.
    packed = pack(hits_of(*sizes), budget_tokens)
    assert len(packed) <= 1 or sum(p.n_tokens * 1.5 + 40 for p in packed) <= budget_tokens


@law
@given(st.lists(st.integers(0, 2000), max_size=20), st.integers(256, 8000))
def test_packed_passages_keep_their_order(sizes, budget_tokens):
    ranks = [passage.start for passage in pack(hits_of(*sizes), budget_tokens)]
    assert sorted(ranks) == ranks


@law
@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20), st.integers(256, 8000))
def test_a_larger_budget_still_packs_the_best_passage(sizes, budget_tokens):
    assert 0 == pack(hits_of(*sizes), budget_tokens)[0].start
