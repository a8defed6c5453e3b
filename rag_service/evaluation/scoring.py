"""Scores: the measures of many answers, with intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_service.evaluation import measures
from rag_service.evaluation.measures import Share
from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer

ALL = "all"

_N_RESAMPLES = 2000
_SEED = 20_000
_PERCENTILES = (2.5, 97.5)

Measure = Callable[[Question, RecordedAnswer], Share]

# Where there are several, the mean of them.
MEASURES: dict[str, tuple[Measure, ...]] = {
    "citation_validity": (measures.citation_validity,),
    "quote_integrity": (measures.quote_integrity,),
    "citation_coverage": (measures.citation_coverage,),
    "numeric_fidelity": (measures.numeric_fidelity,),
    "citation_recall": (measures.citation_recall,),
    "citation_precision": (measures.citation_precision,),
    "quote_recall": (measures.quote_recall,),
    "quote_precision": (measures.quote_precision,),
    "verifier_recall": (measures.verifier_recall,),
    "verifier_precision": (measures.verifier_precision,),
    "key_facts": (measures.key_facts,),
    "all_key_facts": (measures.all_key_facts,),
    "must_not": (measures.must_not,),
    "refusal_precision": (measures.refusal_precision,),
    "refusal_recall": (measures.refusal_recall,),
    "refusal_f1": (measures.refusal_f1,),
    "answering_f1": (measures.answering_f1,),
    # F1_RG of Trust-Score (Song et al. 2024, arXiv 2409.11242), with the label of the question in
    # place of whether the passages found happen to hold the answer.
    "grounded_refusal_f1": (measures.refusal_f1, measures.answering_f1),
    "answered": (measures.answered,),
    "failed": (measures.failed,),
    "degraded": (measures.degraded,),
    "sentences_per_answer": (measures.sentences_per_answer,),
    "quoted": (measures.quoted,),
    "withheld": (measures.withheld,),
}


@dataclass(frozen=True, slots=True)
class Score:
    """A measure of many answers: what is `right` out of what is `counted`.

    `value` is NaN where nothing is counted; `resampled`, float64 of shape (2000,), are the values
    of resamples of the questions, the same ones for all answers to the same questions.
    """

    right: float
    counted: float
    value: float
    resampled: NDArray[np.float64]

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval: the percentiles of the resamples in which something is counted."""
        values = self.resampled[~np.isnan(self.resampled)]
        if not values.size:
            return float("nan"), float("nan")
        low, high = np.percentile(values, _PERCENTILES)
        return float(low), float(high)

    def less(self, other: "Score") -> "Score":
        """Take the difference to another score, question by question."""
        return Score(
            self.right - other.right,
            self.counted - other.counted,
            self.value - other.value,
            self.resampled - other.resampled,
        )


Scores = Mapping[str, Score]
"""By measure."""


def score_by_kind(questions: Sequence[Question], answers: Mapping[str, RecordedAnswer]) -> dict[str, Scores]:
    """Score the answers to all questions, and to those of each type.

    Args:
        questions: What was asked.
        answers: By question id; one for each question.
    """
    groups = {ALL: list(questions)}
    for question in questions:
        groups.setdefault(question.kind, []).append(question)
    return {
        group: score([(question, answers[question.question_id]) for question in asked])
        for group, asked in groups.items()
    }


def score(pairs: Sequence[tuple[Question, RecordedAnswer]]) -> Scores:
    """Take every measure of some answers."""
    weights = _resamples(len(pairs))
    return {name: _score(parts, pairs, weights) for name, parts in MEASURES.items()}


def _score(
    parts: Sequence[Measure], pairs: Sequence[tuple[Question, RecordedAnswer]], weights: NDArray[np.float64]
) -> Score:
    shares = [np.array([part(*pair) for pair in pairs], dtype=np.float64).reshape(-1, 2) for part in parts]
    sums = [each.sum(axis=0) for each in shares]
    resampled = [_divide(weights @ each) for each in shares]
    value = np.mean([_divide(each[None, :]) for each in sums])
    right, counted = np.sum(sums, axis=0)
    return Score(float(right), float(counted), float(value), np.mean(resampled, axis=0))


def _divide(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide the first column by the second; NaN where that is 0."""
    quotients = np.full(len(sums), np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=quotients, where=sums[:, 1] > 0)
    return quotients


def _resamples(n: int) -> NDArray[np.float64]:
    """Draw how often each of n questions is in each resample; always the same for the same n."""
    random = np.random.default_rng(_SEED)
    drawn = random.integers(0, n, (_N_RESAMPLES, n)) if n else np.empty((_N_RESAMPLES, 0), dtype=np.int64)
    return np.stack([np.bincount(each, minlength=n) for each in drawn]).astype(np.float64)
