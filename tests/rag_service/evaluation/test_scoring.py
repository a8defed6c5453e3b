import math

import numpy as np

from rag_service.evaluation.scoring import ALL, MEASURES, score, score_by_kind
from tests.rag_service.evaluation.factories import (
    REFUSED,
    answer,
    cite,
    citing,
    question,
    sentence,
    source,
    unanswerable,
)

HIGH = source("High is 140.")
OTHER = source("Rest.", marker=2, document_id="other")
MANY = answer(*(sentence("x", cite(OTHER)) for _ in range(3)), sources=[OTHER])


def test_each_citation_has_the_same_weight():
    assert 0.25 == score([(question(), citing(HIGH)), (question(), MANY)])["citation_precision"].value


def test_each_question_has_the_same_weight():
    assert 0.5 == score([(question(), citing(HIGH)), (question(), MANY)])["citation_recall"].value


def test_what_is_right_and_counted_is_added_up():
    taken = score([(question(), citing(HIGH)), (question(), MANY)])["citation_precision"]
    assert (1, 4) == (taken.right, taken.counted)


def test_where_nothing_is_counted_there_is_no_value():
    taken = score([(question(), citing(HIGH))])["refusal_f1"]
    assert all(math.isnan(number) for number in (taken.value, *taken.interval))


def test_grounded_refusal_is_the_mean_of_refusing_and_answering():
    pairs = [(unanswerable(), REFUSED), (unanswerable(), citing(HIGH)), (question(), citing(HIGH))]
    taken = score(pairs)
    assert (taken["refusal_f1"].value + taken["answering_f1"].value) / 2 == taken["grounded_refusal_f1"].value


def test_refusing_and_answering_have_the_f1_of_the_textbook():
    pairs = [(unanswerable(), REFUSED), (unanswerable(), citing(HIGH)), (question(), REFUSED)]
    assert 0.5 == score(pairs)["refusal_f1"].value


def test_equal_answers_have_an_interval_of_no_width():
    assert (1, 1) == score([(question(), citing(HIGH))] * 5)["citation_recall"].interval


def test_an_interval_holds_the_value():
    taken = score([(question(), each) for each in [citing(HIGH), MANY] * 10])["citation_recall"]
    low, high = taken.interval
    assert 0 < low < taken.value < high < 1


def test_the_same_answers_have_the_same_interval():
    pairs = [(question(), each) for each in [citing(HIGH), MANY] * 10]
    assert score(pairs)["citation_recall"].interval == score(pairs)["citation_recall"].interval


def test_a_difference_is_taken_question_by_question():
    first = score([(question(), each) for each in [citing(HIGH), MANY] * 10])["citation_recall"]
    assert (0, (0, 0)) == (first.less(first).value, first.less(first).interval)


def test_resamples_in_which_nothing_is_counted_are_left_out_of_the_interval():
    taken = score([(question(), REFUSED), (unanswerable(), REFUSED), (question(), citing(HIGH))])
    refused = taken["refusal_precision"]
    assert (True, False) == (np.isnan(refused.resampled).any(), any(map(math.isnan, refused.interval)))


def test_questions_are_scored_together_and_by_type():
    asked = [question(), unanswerable(question_id="q2")]
    scores = score_by_kind(asked, {"q1": citing(HIGH), "q2": REFUSED})
    assert {ALL: 2, "single": 1, "unanswerable": 1} == {
        kind: each["answered"].counted for kind, each in scores.items()
    }


def test_every_measure_is_taken():
    assert MEASURES.keys() == score([(question(), REFUSED)]).keys()
