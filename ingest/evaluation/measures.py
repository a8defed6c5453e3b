"""Measures of a run: nDCG@10, Recall and MRR@10 as trec_eval has them, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.evaluation.beir import Qrels
from ingest.evaluation.errors import EvaluationFailed

Run = Mapping[str, Sequence[str]]
"""Query id to the ids of the documents found, best first."""

Values = NDArray[np.float64]
"""What is averaged, a value a query; or of shape (n, m), a value for each pair of two kinds of query."""

_N_RESAMPLES = 2000
_SEED = 20_000
_PERCENTILES = (2.5, 97.5)
# By measure: its name at pytrec_eval, and after how many documents a run is cut before it is taken.
_MEASURES = {
    "nDCG@10": ("ndcg_cut_10", None),
    "Recall@10": ("recall_10", None),
    "Recall@50": ("recall_50", None),
    "Recall@100": ("recall_100", None),
    "MRR@10": ("recip_rank", 10),
}
_ASKED_FOR = {"ndcg_cut.10", "recall.10,50,100", "recip_rank"}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, and the 95 % interval that it lies in."""

    mean: float
    low: float
    high: float


def measure_run(qrels: Qrels, run: Run, query_ids: Sequence[str], least_grade: int = 1) -> dict[str, Values]:
    """Measure a run, query by query.

    nDCG takes the grade as gain; for Recall and MRR a document counts from `least_grade` on. A query
    that the run lacks has 0.

    Returns:
        By measure, float64 of shape (len(query_ids),).

    Raises:
        EvaluationFailed: The extra `eval` is not installed.
    """
    try:
        from pytrec_eval import RelevanceEvaluator
    except ImportError as error:
        raise EvaluationFailed(
            f"the measures want pytrec_eval ({error}): pip install 'medcite[eval]'"
        ) from error
    evaluator = RelevanceEvaluator(
        {query_id: dict(qrels[query_id]) for query_id in query_ids}, _ASKED_FOR, relevance_level=least_grade
    )
    by_depth = {
        depth: evaluator.evaluate(
            {query_id: _scored(run.get(query_id, ())[:depth]) for query_id in query_ids}
        )
        for depth in {depth for _, depth in _MEASURES.values()}
    }
    return {
        measure: np.array([by_depth[depth].get(query_id, {}).get(name, 0.0) for query_id in query_ids])
        for measure, (name, depth) in _MEASURES.items()
    }


def estimate(values: Values) -> Estimate:
    """Take the mean and its bootstrap interval: percentiles over resampled queries, always the same ones.

    With two kinds of query each is resampled by itself. The difference of two runs over the same
    queries is `estimate(second - first)`.
    """
    random = np.random.default_rng(_SEED)
    means = [
        float(values[np.ix_(*(random.integers(0, n, n) for n in values.shape))].mean())
        for _ in range(_N_RESAMPLES)
    ]
    low, high = np.percentile(means, _PERCENTILES)
    return Estimate(float(values.mean()), float(low), float(high))


def compare_pairs(positives: Values, negatives: Values) -> Values:
    """Compare each score of one kind with each of another; the mean of it is the ROC-AUC.

    Returns:
        Float64 of shape (n_positives, n_negatives): 1 where the positive is higher, 0.5 for equals.
    """
    gaps = positives[:, None] - negatives[None, :]
    return np.where(gaps == 0, 0.5, (gaps > 0).astype(np.float64))


def _scored(document_ids: Sequence[str]) -> dict[str, float]:
    """Give descending scores: trec_eval orders by score, equal ones by name."""
    return {document_id: float(-rank) for rank, document_id in enumerate(document_ids)}
