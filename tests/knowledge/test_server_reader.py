from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import models

from knowledge.server_reader import leg_scores
from tests.knowledge.factories import laws

POINTS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([0.1, 0.5, 0.9])), unique_by=lambda point: point[0]
)


@laws
@given(POINTS, st.randoms())
def test_the_order_of_a_leg_does_not_depend_on_how_the_server_orders_equal_scores(points, random):
    leg = [models.ScoredPoint(id=name, version=0, score=score) for name, score in points]
    expected = list(leg_scores(leg).items())
    random.shuffle(leg)
    assert expected == list(leg_scores(leg).items())


@laws
@given(POINTS)
def test_the_best_of_a_leg_come_first(points):
    scores = list(
        leg_scores(models.ScoredPoint(id=name, version=0, score=score) for name, score in points).values()
    )
    assert sorted(scores, reverse=True) == scores
