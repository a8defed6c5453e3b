"""Fusion of a dense and a sparse leg by normalised score.

Rank fusion (RRF), the common default, lost to it on every development set, by most across
languages (docs/decisions/0002-fusion.md).
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)

# The dense leg's share.
DENSE_WEIGHT = 0.7


def fuse(
    dense: Mapping[Id, float], sparse: Mapping[Id, float], dense_weight: float = DENSE_WEIGHT
) -> dict[Id, float]:
    """Fuse the raw scores of two legs, passage id to score.

    The dense scores of a question lie in a narrow band and are stretched to [0, 1] between the
    worst and the best candidate; the sparse ones have a true zero and are divided by the best. A
    passage that one leg did not return counts 0 there.

    Returns:
        Fused score in [0, 1] of every candidate, best first, ties in the order of the legs.
    """
    fused: dict[Id, float] = {}
    if dense:
        low, high = min(dense.values()), max(dense.values())
        for passage_id, score in dense.items():
            share = (score - low) / (high - low) if high > low else 1.0
            fused[passage_id] = dense_weight * share
    top = max(sparse.values(), default=0.0)
    for passage_id, score in sparse.items():
        if top > 0:
            fused[passage_id] = fused.get(passage_id, 0.0) + (1 - dense_weight) * (score / top)
    return dict(sorted(fused.items(), key=lambda pair: -pair[1]))
