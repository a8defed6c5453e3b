"""Evidence: which of the passages found go before a reader or a model, and why the others do not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from knowledge.passage import Passage, ScoredPassage

Reason = Literal["weak", "repeats", "superseded", "retracted", "beyond_limit"]

# Passages below this share of the best one's score are left out. On the development questions that
# takes one in six away and no gold quote; half the best one's score takes the first quotes.
_LEAST_SHARE = 0.4
# Two passages with this share of common words, and the same figures, say the same.
_SAME_WORDS_SHARE = 0.9
# Texts that differ more in length cannot have so many words in common; to compare lengths costs nothing.
_LEAST_LENGTH_SHARE = 0.7
# Not search terms, which take five times as long: nothing is looked up by these.
_WORD = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_FIGURE = re.compile(r"\d+(?:[.,/]\d+)*")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A passage that was found and not chosen; `because_of` is the passage that it gives way to."""

    passage_id: str
    reason: Reason
    because_of: str | None = None


@dataclass(slots=True)
class Evidence:
    """The passages chosen, best first, and those left out, in the order that they were found."""

    chosen: list[ScoredPassage] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def choose_evidence(hits: Sequence[ScoredPassage], limit: int) -> Evidence:
    """Choose at most `limit` passages, best first.

    A passage that repeats a better one is left out. One of a superseded document gives way to the
    document that replaced it: where both were found, the old one stands behind, and only if its
    figures differ, so that a reader sees the conflict and its dates. Retracted ones never count.
    """
    evidence = Evidence()
    successors = {hit.passage.imprint.supersedes: hit.passage for hit in reversed(hits)}
    contents = {hit.passage.passage_id: _Content(hit.passage.text) for hit in hits}
    # Not the first one's: a reranker may have put another first.
    least = _LEAST_SHARE * max((hit.score for hit in hits), default=0.0)
    for hit in _newest_first(hits, successors):
        reason, other = _objection(hit, evidence.chosen, successors, contents)
        if reason is None and hit.score < least:
            reason = "weak"
        if reason is None and len(evidence.chosen) >= limit:
            reason = "beyond_limit"
        if reason is None:
            evidence.chosen.append(hit)
        else:
            evidence.left_out.append(LeftOut(hit.passage.passage_id, reason, other))
    return evidence


def _newest_first(
    hits: Sequence[ScoredPassage], successors: dict[str | None, Passage]
) -> list[ScoredPassage]:
    """Put the passages of a replaced document behind the best one of the document that replaced it."""
    place = {hit.passage.passage_id: number for number, hit in enumerate(hits)}

    def after(hit: ScoredPassage) -> tuple[int, int]:
        own = place[hit.passage.passage_id]
        newer = successors.get(hit.passage.document_id)
        return (own, 0) if newer is None else (max(own, place[newer.passage_id]), 1)

    return sorted(hits, key=after)


def _objection(
    hit: ScoredPassage,
    chosen: list[ScoredPassage],
    successors: dict[str | None, Passage],
    contents: dict[str, "_Content"],
) -> tuple[Reason | None, str | None]:
    passage = hit.passage
    if passage.imprint.status == "retracted":
        return "retracted", None
    content = contents[passage.passage_id]
    for other in (each.passage for each in chosen):
        if content.is_as(contents[other.passage_id]):
            return "repeats", other.passage_id
    newer = successors.get(passage.document_id)
    if newer is not None and content.figures <= contents[newer.passage_id].figures:
        return "superseded", newer.passage_id
    return None, None


@dataclass
class _Content:
    """What a passage says, as far as two are compared; what costs time is worked out when it is asked for."""

    text: str

    @cached_property
    def figures(self) -> frozenset[str]:
        return frozenset(_FIGURE.findall(self.text))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.text.lower()))

    def is_as(self, other: "_Content") -> bool:
        """Tell whether two passages say the same."""
        if self.text == other.text:
            return True
        shorter, longer = sorted((len(self.text), len(other.text)))
        if shorter < _LEAST_LENGTH_SHARE * longer or self.figures != other.figures:
            return False
        return len(self.words & other.words) >= _SAME_WORDS_SHARE * len(self.words | other.words) > 0
