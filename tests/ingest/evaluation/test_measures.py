import sys
from math import log2

import numpy as np
import pytest

from ingest.evaluation.errors import EvaluationFailed
from ingest.evaluation.measures import Estimate, compare_pairs, estimate, measure_run

QRELS = {"q1": {"a": 3, "b": 1, "c": 0}, "q2": {"d": 1}}
MANY = [f"x{n}" for n in range(10)]


def measure(measure_name: str, *found: str, least_grade: int = 1) -> float:
    return float(measure_run(QRELS, {"q1": found}, ["q1"], least_grade)[measure_name][0])


def test_ndcg_takes_the_grade_as_gain():
    expected = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert expected == pytest.approx(measure("nDCG@10", "b", "a"))


def test_documents_count_in_the_order_of_the_run_whatever_their_names():
    assert [1, 0.5] == [measure("MRR@10", "a", "c"), measure("MRR@10", "c", "a")]


def test_recall_counts_as_many_documents_as_it_is_named_for():
    found = (*MANY, "a")
    assert [0, 0.5] == [measure("Recall@10", *found), measure("Recall@50", *found)]


def test_a_first_right_document_after_ten_has_no_reciprocal_rank():
    assert 0 == measure("MRR@10", *MANY, "a")


def test_a_document_below_the_least_grade_is_not_right():
    assert [0, 1] == [measure(m, "b", *MANY, "a", least_grade=2) for m in ("Recall@10", "Recall@50")]


def test_a_query_that_found_nothing_has_0():
    values = measure_run(QRELS, {"q1": ["a"], "q2": []}, ["q1", "q2"])
    assert [1, 0] == values["MRR@10"].tolist()


def test_a_query_that_the_run_lacks_has_0():
    assert [1, 0] == measure_run(QRELS, {"q1": ["a"]}, ["q1", "q2"])["MRR@10"].tolist()


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pytrec_eval", None)
    with pytest.raises(EvaluationFailed, match=r"pip install 'medcite\[eval\]'"):
        measure_run(QRELS, {}, ["q1"])


def test_equal_values_have_an_interval_of_no_width():
    assert Estimate(0.5, 0.5, 0.5) == estimate(np.full(20, 0.5))


def test_an_interval_is_as_wide_as_the_error_of_the_mean_has_it():
    values = np.random.default_rng(1).normal(size=400)
    found = estimate(values)
    assert 2 * 1.96 * values.std() / 20 == pytest.approx(found.high - found.low, rel=0.1)


def test_an_interval_is_the_same_each_time():
    values = np.arange(10.0)
    assert estimate(values) == estimate(values)


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order():
    pairs = compare_pairs(np.array([0.9, 0.5]), np.array([0.5, 0.1]))
    assert (1 + 1 + 0.5 + 1) / 4 == estimate(pairs).mean


def test_pairs_have_an_interval_around_their_mean():
    random = np.random.default_rng(1)
    found = estimate(compare_pairs(random.normal(1, 1, 60), random.normal(0, 1, 30)))
    assert found.low < found.mean < found.high
