"""A ranking of documents, made of the passages that a search found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from knowledge.generation import Manifest
from knowledge.passage import ScoredPassage

# Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank
# Learning Methods", 2009.
_RRF_K = 60


def rank_documents(hits: Iterable[ScoredPassage], copies: Mapping[str, Sequence[str]]) -> list[str]:
    """Rank documents by their best passage; the copies of one stand right behind it.

    A copy has no passages of its own, and who finds the original has found what the copy says.
    """
    found = dict.fromkeys(hit.passage.document_id for hit in hits)
    return [each for document_id in found for each in (document_id, *copies.get(document_id, ()))]


def list_copies(manifest: Manifest) -> dict[str, list[str]]:
    """Name the documents that were linked to each original instead of being indexed."""
    copies: dict[str, list[str]] = {}
    for document_id, record in manifest.links.items():
        copies.setdefault(record.duplicate_of or "", []).append(document_id)
    return copies


def fuse_ranks(*legs: Sequence[ScoredPassage]) -> list[ScoredPassage]:
    """Fuse legs by reciprocal rank (RRF, k = 60), best first, ties in the order of the legs."""
    scores: dict[str, float] = {}
    hits: dict[str, ScoredPassage] = {}
    for leg in legs:
        for rank, hit in enumerate(leg, start=1):
            hits.setdefault(hit.passage.passage_id, hit)
            scores[hit.passage.passage_id] = scores.get(hit.passage.passage_id, 0) + 1 / (_RRF_K + rank)
    fused = [replace(hit, score=scores[passage_id]) for passage_id, hit in hits.items()]
    return sorted(fused, key=lambda hit: -hit.score)
