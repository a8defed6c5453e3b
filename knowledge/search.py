"""Hybrid search: a dense and a sparse leg in one engine call, fused by normalised score."""

from dataclasses import dataclass, field

from knowledge.microbatch import QueryEmbedder
from knowledge.passage import ScoredPassage
from knowledge.sparse import weigh_query
from knowledge.store import GenerationReader, Legs, SearchFilter

# The dense leg's share. Chosen on four development sets, zh and en (docs/decisions/0002-fusion.md).
_DENSE_WEIGHT = 0.7
# Candidates of each leg. The normalised scores need a spread of candidates, and 50 cost no more
# time than 10 in the engine.
_N_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A question for the index: its text, how many passages are wanted, which are admitted."""

    text: str
    limit: int = 8
    only: SearchFilter = field(default_factory=SearchFilter)


async def search(
    reader: GenerationReader, embedder: QueryEmbedder, query: SearchQuery
) -> list[ScoredPassage]:
    """Find the passages that best match a question.

    Returns:
        At most `query.limit` passages, best first; empty when nothing shares a term or meaning.

    Raises:
        EmbeddingFailed: The question could not be embedded.
    """
    dense = await embedder.embed(query.text)
    n_candidates = max(_N_CANDIDATES, query.limit)
    legs = await reader.search(dense, weigh_query(query.text), n_candidates, query.only)
    scores = fuse(legs)
    best = sorted(scores, key=lambda i: (-scores[i], i))[: query.limit]
    passages = await reader.passages(best)
    return [
        ScoredPassage(p, scores[p.passage_id], legs.dense.get(p.passage_id), legs.sparse.get(p.passage_id))
        for p in passages
    ]


def fuse(legs: Legs, dense_weight: float = _DENSE_WEIGHT) -> dict[str, float]:
    """Fuse two legs by normalised score.

    The dense scores of a question lie in a narrow band and are stretched to [0, 1] between the
    worst and the best candidate; the sparse ones have a true zero and are divided by the best. A
    passage that one leg did not return counts 0 there.

    Returns:
        Fused score in [0, 1] of every candidate.
    """
    fused: dict[str, float] = {}
    if legs.dense:
        low, high = min(legs.dense.values()), max(legs.dense.values())
        for passage_id, score in legs.dense.items():
            share = (score - low) / (high - low) if high > low else 1.0
            fused[passage_id] = dense_weight * share
    top = max(legs.sparse.values(), default=0.0)
    for passage_id, score in legs.sparse.items():
        if top > 0:
            fused[passage_id] = fused.get(passage_id, 0.0) + (1 - dense_weight) * score / top
    return fused
