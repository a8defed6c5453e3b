"""The extractive answerer: the passages' own statements, chosen and shown, never reworded.

It answers while the language model is away, stands below what the model writes, and is the floor
that a model is measured against. The same question and passages give the same quotations.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from knowledge.passage import Passage, ScoredPassage
from knowledge.terms import terms
from knowledge.understanding import weigh_words
from rag_service.citations import without_markers
from rag_service.quantities import numbers
from rag_service.record import RECORD_ID
from rag_service.statements import Statement, find_statements

# So many statements are compared by their meaning, which takes a few milliseconds each: the others
# share too little with the question, or stand in a passage too far down. On the development
# questions all 34 of the average question chose no better.
N_COMPARED = 24
# Of a passage's relevance against that of a statement in it, fit on the development questions for
# each way of comparing.
_PASSAGE_WEIGHT = 0.3
_PASSAGE_WEIGHT_BY_TERMS = 0.7
_HEADING_WEIGHT = 0.5
# A part of a record was chosen by its words alone and has no score.
_RECORD_SCORE = 0.5
# What falls behind the best statement by more says little on the question.
_LEAST_SHARE = 0.6
# From this share of a statement's terms on, its figures included, it need not be quoted as well.
_SAID_SHARE = 0.7
# "None." and a single word say nothing by themselves.
_MIN_TERMS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement that may be quoted; `score` rises with its terms shared and its passage's relevance."""

    statement: Statement
    score: float
    passage_score: float

    @property
    def compared_text(self) -> str:
        """What is embedded to compare it with the question: headings, column names, words."""
        statement = self.statement
        headings = statement.passage.context.partition("\n")[0]
        return f"{headings}\n{statement.header} {statement.quote}".replace("\n ", "\n")


def shortlist(question: str, passages: Sequence[Passage], hits: Sequence[ScoredPassage]) -> list[Candidate]:
    """Choose the statements worth comparing, at most `N_COMPARED`, best first.

    Args:
        question: What is asked; its terms weigh by how rare they are among the statements.
        passages: The numbered passages, in the order of their markers.
        hits: What search said of them.

    Returns:
        Statements of current passages; one that a newer document replaces is quoted by nobody.
    """
    statements = [s for s in find_statements(passages) if s.passage.imprint.status == "current"]
    found = [(frozenset(_terms(s.text)), frozenset(_terms(s.passage.context))) for s in statements]
    spread = Counter(term for own, context in found for term in own | context)
    weights = {
        term: weight * log(1 + len(statements) / (spread[term] + 0.5)) * min(len(term), 4) ** 0.5
        for term, weight in weigh_words(question).items()
    }
    total = sum(weights.values()) or 1.0
    scores = {hit.passage.passage_id: hit.score for hit in hits}
    best = max(scores.values(), default=0.0) or 1.0
    candidates = []
    for statement, (own, context) in zip(statements, found, strict=True):
        if len(own) < _MIN_TERMS:
            continue
        shared = sum(weights[term] for term in weights.keys() & own)
        around = sum(weights[term] for term in (weights.keys() & context) - own)
        is_record = statement.passage.document_id == RECORD_ID
        found_score = scores.get(statement.passage.passage_id, 0.0) / best
        passage_score = _RECORD_SCORE if is_record else found_score
        score = (shared + _HEADING_WEIGHT * around) / total
        candidates.append(Candidate(statement, score, passage_score))
    candidates.sort(key=_by_terms, reverse=True)
    return candidates[:N_COMPARED]


def extract(
    candidates: Sequence[Candidate], similarities: Sequence[float] | None, limit: int
) -> list[Statement]:
    """Choose the statements that bear most on the question, at most `limit`, best first.

    Args:
        candidates: From `shortlist`.
        similarities: Cosine of each with the question; None where they cannot be had, then the
            terms shared decide.
        limit: Most statements.
    """
    if similarities is None:
        scored = [(_by_terms(each), each) for each in candidates if each.score > 0]
    else:
        scored = [
            (similarity + _PASSAGE_WEIGHT * each.passage_score, each)
            for similarity, each in zip(similarities, candidates, strict=True)
        ]
    # Sorted by score alone: equal ones stay in the order of the shortlist.
    scored.sort(key=lambda pair: pair[0], reverse=True)
    chosen: list[Statement] = []
    for score, candidate in scored:
        if len(chosen) == limit or score < _LEAST_SHARE * scored[0][0]:
            break
        if all(candidate.statement.text != other.text for other in chosen):
            chosen.append(candidate.statement)
    return chosen


def is_said(quote: str, written: Sequence[str]) -> bool:
    """Tell whether what was written says what a quotation says: its figures and most of its words."""
    wanted = set(_terms(quote))
    for text in written:
        bare = without_markers(text)
        if numbers(quote) <= numbers(bare) and len(wanted & set(_terms(bare))) >= _SAID_SHARE * len(wanted):
            return True
    return False


def _by_terms(candidate: Candidate) -> float:
    return candidate.score + _PASSAGE_WEIGHT_BY_TERMS * candidate.passage_score


@lru_cache(maxsize=4096)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(terms(text))
