"""Proving: a finished sentence is cited, checked, given to a better source if need be, and judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.folding import fold_text
from knowledge.passage import Passage
from knowledge.terms import terms
from rag_service.citations import CitedSentence, cite, without_markers
from rag_service.protocol import Check
from rag_service.quantities import numbers
from rag_service.settings import UnprovedPolicy
from rag_service.verification import Verification, check_sentence

# A passage that shares fewer of a sentence's words does not say it in other words either: what the
# likest denies, one that only speaks of the same drug would else prove (1 planted error in 150).
_N_TRIED = 3
_LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Proved:
    """A sentence with its citations, and what its sources say of it."""

    cited: CitedSentence
    verification: Verification
    is_reattributed: bool = False


def prove(sentence: str, passages: Sequence[Passage]) -> Proved:
    """Cite and check a sentence as the model wrote it, with its handles.

    A sentence that its own citations do not bear out, or that has none, is held against the
    passages that share most with it; the first that bears it out is cited instead.
    """
    cited = cite(sentence, passages)
    verification = check_sentence(cited, list(passages))
    if verification.verdict != "unsupported":
        return Proved(cited, verification)
    bare = without_markers(sentence)
    tried = {citation.marker for citation in cited.citations} if len(cited.citations) == 1 else set()
    for marker in _likest(bare, passages):
        if marker in tried:
            continue
        other = cite(f"{bare}[{marker}]", passages)
        found = check_sentence(other, list(passages))
        if found.verdict == "supported":
            return Proved(other, found, is_reattributed=True)
    return Proved(cited, verification)


def quoted(cited: CitedSentence) -> Proved:
    """Judge a quotation: it is its own proof as long as its words stand at their place."""
    exact = all(citation.exact for citation in cited.citations)
    checks = (Check(kind="citation", passed=bool(cited.citations) and exact),)
    return Proved(cited, Verification("supported" if checks[0].passed else "unsupported", checks))


def is_shown(proved: Proved, policy: UnprovedPolicy) -> bool:
    """Tell whether a sentence may be shown; one that is not proved then bears its verdict.

    By default an unproved sentence is withheld when it states a figure, or when its sources say
    otherwise (another name, a denial, a direction): a reader might act on it. The rest is flagged.
    """
    if proved.verification.verdict != "unsupported" or policy == "flag":
        return True
    if policy == "withhold":
        return False
    is_denied = any(not c.passed for c in proved.verification.checks if c.kind != "citation")
    return not is_denied and not numbers(fold_text(without_markers(proved.cited.text)))


def _likest(sentence: str, passages: Sequence[Passage]) -> list[int]:
    """Give the markers of the passages that share most terms with a sentence, nearly as many as the best."""
    wanted = set(terms(sentence))
    shared = {
        marker: len(wanted & set(terms(passage.embedded_text)))
        for marker, passage in enumerate(passages, start=1)
    }
    least = max(1.0, _LEAST_SHARE * max(shared.values(), default=0))
    return sorted((m for m in shared if shared[m] >= least), key=lambda m: (-shared[m], m))[:_N_TRIED]
