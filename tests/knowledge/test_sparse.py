import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sparse import TermWeights, weigh_passage, weigh_query
from tests.knowledge.factories import laws


def weight_of(term: str, weights: TermWeights) -> float:
    """Find the weight of a term by the index that a query of the term alone has."""
    index = weigh_query(term).indices[0]
    return float(weights.values[weights.indices == index][0])


def test_a_query_weighs_each_term_once():
    assert [1.0] == weigh_query("fever fever").values.tolist()


def test_a_query_without_terms_has_no_weights():
    assert 0 == len(weigh_query("？！ …").indices)


def test_the_weights_are_single_precision_and_the_indices_32_bits():
    weights = weigh_passage("fever")
    assert (np.dtype(np.uint32), np.dtype(np.float32)) == (weights.indices.dtype, weights.values.dtype)


def test_a_repeated_term_weighs_more():
    passage = weigh_passage("fever fever cough")
    assert weight_of("cough", passage) < weight_of("fever", passage)


def test_a_term_weighs_less_in_a_longer_passage():
    long_passage = weigh_passage("fever " + " ".join(f"word{i}" for i in range(500)))
    assert weight_of("fever", long_passage) < weight_of("fever", weigh_passage("fever"))


@laws
@given(st.text(max_size=60))
def test_a_passage_answers_the_query_made_of_its_own_text(text: str):
    assert weigh_query(text).indices.tolist() == weigh_passage(text).indices.tolist()


@laws
@given(st.text(max_size=60))
def test_the_indices_ascend_without_repeats(text: str):
    indices = weigh_passage(text).indices.tolist()
    assert sorted(set(indices)) == indices


@laws
@given(st.lists(st.sampled_from(["fever", "140/90", "血压", "2.5mg/d", "HbA1c"]), max_size=40))
def test_a_weight_is_above_zero_and_bounded_by_saturation(words: list[str]):
    assert all(0 < value < 3 for value in weigh_passage(" ".join(words)).values)
