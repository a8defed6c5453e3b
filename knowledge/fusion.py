"""Fusion of a dense and a sparse leg by normalised score.

Rank fusion (RRF), the common default, lost to it on every development set, by most across
languages (docs/decisions/0002-fusion.md).
"""

from collections.abc import Container, Hashable, Mapping
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)

# The dense leg's share.
DENSE_WEIGHT = 0.5
# How much of its dense share stands in for the sparse one of a passage in another language.
STAND_IN = 0.85
# A spread below single precision's noise is none.
_LEAST_SPREAD = 1e-6


def fuse(
    dense: Mapping[Id, float],
    sparse: Mapping[Id, float],
    foreign: Container[Id] = frozenset(),
    dense_weight: float = DENSE_WEIGHT,
) -> dict[Id, float]:
    """Fuse the raw scores of two legs, passage id to score.

    The dense scores of a question lie in a narrow band and are stretched to [0, 1] between the
    worst and the best candidate; the sparse ones have a true zero and are divided by the best. A
    passage that one leg did not return counts 0 there.

    Of a passage in another language than the question's the sparse leg can say nothing, which is
    not the same as nothing in common: there a share of what the dense leg says stands in.

    Args:
        dense: Scores of the dense leg.
        sparse: Scores of the sparse leg, none below 0.
        foreign: The passages in another language than the question's.
        dense_weight: The dense leg's share, 0 to 1.

    Returns:
        Fused score in [0, 1] of every candidate, best first, ties in the order of the legs.
    """
    shares = _stretched(dense)
    top = max(sparse.values(), default=0.0)
    matched = {passage_id: score / top for passage_id, score in sparse.items() if top > 0}
    fused: dict[Id, float] = {}
    for passage_id in (*shares, *matched):
        share, match = shares.get(passage_id, 0.0), matched.get(passage_id, 0.0)
        if passage_id in foreign:
            match = max(match, STAND_IN * share)
        fused[passage_id] = dense_weight * share + (1 - dense_weight) * match
    return dict(sorted(fused.items(), key=lambda pair: -pair[1]))


def _stretched(dense: Mapping[Id, float]) -> dict[Id, float]:
    if not dense:
        return {}
    low, high = min(dense.values()), max(dense.values())
    if high - low < _LEAST_SPREAD:
        return dict.fromkeys(dense, 1.0)
    return {passage_id: (score - low) / (high - low) for passage_id, score in dense.items()}
