"""Verification: do the cited passages bear a sentence out?"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from knowledge.folding import fold_text
from knowledge.passage import Passage
from knowledge.synonyms import Concept, mentions
from knowledge.terms import terms
from rag_service.bindings import contradicted_bindings, find_drugs, is_of_another_drug
from rag_service.citations import CitedSentence
from rag_service.polarity import (
    Cue,
    Mark,
    Marks,
    changed_cues,
    contradictions,
    find_cues,
    find_gaps,
    find_groups,
    find_marks,
    find_words,
)
from rag_service.protocol import Check, CheckKind, Verdict
from rag_service.quantities import Quantity, find_quantities, numbers
from rag_service.sentence_stream import MARKER
from rag_service.statements import find_statements

# Shares of a sentence's terms found in the cited passages. A sentence copied from its source has
# all of them, a paraphrase about two thirds, a sentence about something else under a third.
_SUPPORTED = 0.6
_PARTLY = 0.35
# From these shares of equal marks on, a clause, or a whole sentence, repeats its source: then none
# of the facts in it may differ.
_CLAUSE_REPEATS = 0.5
_SENTENCE_REPEATS = 0.7
# Two facts that have changed places are no paraphrase where all else is equal.
_VERBATIM = 0.85
# What a sentence is about decides which source sentence it is held against: a name says more of it
# than a word does, a quantity less, or a wrong figure would choose the sentence that excuses it.
_WEIGHTS: dict[type, float] = {Concept: 4.0, Quantity: 0.5}
# So many source sentences are cut into marks, the likest by their bare words.
_N_PROOFS = 2
_PROVED_KINDS = ("drugs", "diseases")
# What is checked here; whether the passages entail a sentence is asked of the engine (`writing.py`).
_KINDS: tuple[CheckKind, ...] = ("citation", "quantity", "name", "polarity")
# A name that replaces one of these says what the source means.
_PRONOUNS = frozenset("these those thedrug 本品 该药 此药 本药 患者 本病 该病".split())
_LEAST_NAME_CHARS = {False: 5, True: 2}  # by whether the word is Chinese

_STOP = re.compile(r"[,;。]")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on a sentence, and the checks that led to it."""

    verdict: Verdict
    checks: tuple[Check, ...]


def check_sentence(sentence: CitedSentence, passages: list[Passage]) -> Verification:
    """Judge a sentence by the passages that it cites, and say what is wrong with it.

    Its quantities, drugs and diseases must stand in the cited passages. Where a clause repeats its
    source, no quantity, name, group of people, denial or direction may differ. A sentence that
    fails a check or cites nothing is unsupported; the share of its terms found decides the rest.
    """
    cited = list({c.marker: passages[c.marker - 1] for c in sentence.citations}.values())
    text = MARKER.sub("", sentence.text)
    failures: list[tuple[CheckKind, str]] = (
        list(_failures(text, cited, passages)) if cited else [("citation", "")]
    )
    wrong = {kind: tuple(dict.fromkeys(w for k, w in failures if k == kind)) for kind in _KINDS}
    checks = tuple(Check(kind=kind, passed=not words, words=words) for kind, words in wrong.items())
    verdict: Verdict = "unsupported" if failures else _verdict_by_terms(text, cited)
    return Verification(verdict, checks)


def _verdict_by_terms(text: str, cited: list[Passage]) -> Verdict:
    wanted = set(terms(text))
    found = set().union(*(_terms(passage.embedded_text) for passage in cited))
    share = len(wanted & found) / len(wanted) if wanted else 0.0
    if numbers(text) - numbers(" ".join(passage.embedded_text for passage in cited)):
        # Converted, counted or said in words there, such as "two": right perhaps, not proved.
        return "partly_supported"
    if share >= _SUPPORTED:
        return "supported"
    # Over a language border no words are shared: names and quantities, which have all been found,
    # speak for the sentence.
    marks = find_marks(fold_text(text))
    has_name = any(isinstance(mark.fact, Concept) for mark in marks)
    if has_name and _crosses(text, cited) and any(isinstance(mark.fact, Quantity) for mark in marks):
        return "supported"
    return "partly_supported" if share >= _PARTLY or has_name else "unsupported"


@lru_cache(maxsize=256)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _failures(
    text: str, cited: list[Passage], passages: Sequence[Passage]
) -> Iterator[tuple[CheckKind, str]]:
    marks = find_marks(fold_text(text))
    whole = [fold_text(passage.embedded_text) for passage in cited]
    proofs = [proof for passage in cited for proof in _statements(passage)]
    heads = [folded.partition("\n")[0] for folded in whole]
    headed = [(s, head) for p, head in zip(cited, heads, strict=True) for s in (*_statements(p), head)]
    for mark in marks:
        if isinstance(mark.fact, Concept) and mark.fact.kind in _PROVED_KINDS:
            if not any(mentions(folded, mark.fact) for folded in whole):
                yield "name", mark.words
        elif isinstance(mark.fact, Quantity):
            groups = find_groups(" ".join(m.words for m in marks if m.clause == mark.clause))
            drugs = find_drugs(marks, mark.clause)
            bound = (stated for stated in headed if _binds(stated[0], mark.fact, groups))
            if all(is_of_another_drug(drugs, *stated) for stated in bound):
                yield "quantity", mark.words
    rest = " ".join(mark.words for mark in marks if not isinstance(mark.fact, Quantity))
    for figure in sorted(numbers(rest) - numbers(" ".join(whole))):  # inside a word, as in "B12"
        yield "quantity", figure
    # By any of the passages: what one of them turns round, no other can prove.
    stated = (each for passage in passages for each in _statements(passage))
    for words in contradicted_bindings(fold_text(text), stated):
        yield "polarity", words
    likest = [find_marks(proof) for proof in _likest(fold_text(text), proofs)]
    if likest and marks:
        best = max(likest, key=lambda proof: _likeness(marks, proof))
        if _crosses(text, cited):
            yield from (("polarity", cue.words) for cue in contradictions(_cues(marks), _cues(best)))
        else:
            yield from _differences(marks, best)


def _crosses(text: str, cited: list[Passage]) -> bool:
    """Tell whether a sentence and all its sources are in two languages."""
    return bool(_HAN.search(text)) != any(_HAN.search(passage.text) for passage in cited)


def _binds(proof: str, quantity: Quantity, groups: set[str]) -> bool:
    """Tell whether a source sentence has a quantity, and not for another group of people."""
    for found in find_quantities(proof):
        if quantity.agrees_with(found):
            theirs = find_groups(_STOP.split(proof[: found.start])[-1]) or find_groups(proof)
            if not groups or not theirs or groups & theirs:
                return True
    return False


def _likest(folded: str, proofs: list[str]) -> list[str]:
    """Choose the source sentences that share most words; all of them where none shares any."""
    words = find_words(folded)
    scores = {p: len(words & find_words(p)) / (len(find_words(p)) or 1) ** 0.25 for p in proofs}
    if max(scores.values(), default=0.0) < 1.0:
        return proofs
    return sorted(scores, key=lambda proof: -scores[proof])[:_N_PROOFS]


def _likeness(marks: Marks, proof: Marks) -> float:
    """Weigh the marks in common; less for a proof that says much else."""
    shared = Counter(mark.key for mark in marks) & Counter(mark.key for mark in proof)
    weights = {mark.key: _WEIGHTS.get(type(mark.fact), 1.0) for mark in marks}
    return sum(n * weights[key] for key, n in shared.items()) / float((len(proof) or 1) ** 0.25)


def _differences(marks: Marks, proof: Marks) -> Iterator[tuple[CheckKind, str]]:
    """Compare a sentence with its source where it repeats it, mark by mark."""
    keys, proof_keys = [m.key for m in marks], [m.key for m in proof]
    blocks = SequenceMatcher(None, keys, proof_keys, autojunk=False).get_matching_blocks()
    ours = {i for a, _, size in blocks for i in range(a, a + size)}
    theirs = {j for _, b, size in blocks for j in range(b, b + size)}
    share = len(ours) / len(marks)
    left, missing = _left(marks, ours, share), _left(proof, theirs, 0.0)
    gaps = find_gaps(marks, proof, blocks)
    if share >= _SENTENCE_REPEATS:
        # A short clause of a sentence that repeats the rest was changed as a whole.
        missing += [mark for changed, source in gaps if changed for mark in source if mark not in missing]
        yield from _put_in_place(gaps)
    if share >= _VERBATIM:
        for changed, source in gaps:
            yield from _changed_facts(changed, source)
    else:
        common = {m.key for m in left} & {m.key for m in missing}
        left = [m for m in left if m.key not in common]
        missing = [m for m in missing if m.key not in common]
    yield from _changed_facts(left, missing)
    yield from (("polarity", cue.words) for cue in changed_cues(_cues(left), _cues(missing)))


def _put_in_place(gaps: Iterable[tuple[Marks, Marks]]) -> Iterator[tuple[CheckKind, str]]:
    """Find names that stand where the source has a word that is none of our names."""
    for ours, theirs in gaps:
        word = "".join(mark.words for mark in theirs if mark.fact is None)
        if len(word) >= _LEAST_NAME_CHARS[bool(_HAN.search(word))] and word not in _PRONOUNS:
            yield from (
                ("name", m.words)
                for m in ours
                if isinstance(m.fact, Concept) and m.fact.kind in _PROVED_KINDS
            )


def _left(marks: Marks, matched: set[int], share: float) -> list[Mark]:
    """Give the facts without a match in the clauses that repeat."""
    total = Counter(mark.clause for mark in marks)
    equal = Counter(marks[i].clause for i in matched)
    return [
        mark
        for i, mark in enumerate(marks)
        if i not in matched
        and mark.fact is not None
        and (share >= _SENTENCE_REPEATS or equal[mark.clause] >= _CLAUSE_REPEATS * total[mark.clause])
    ]


def _changed_facts(left: Iterable[Mark], missing: Iterable[Mark]) -> Iterator[tuple[CheckKind, str]]:
    for mark in left:
        if isinstance(mark.fact, Quantity):
            others = [m.fact for m in missing if isinstance(m.fact, Quantity)]
            if others and not any(mark.fact.agrees_with(other) for other in others):
                yield "quantity", mark.words
        elif isinstance(mark.fact, Concept):
            if any(_replaces(mark, m) for m in missing):
                yield "name", mark.words
        elif isinstance(mark.fact, str) and any(isinstance(m.fact, str) for m in missing):
            yield "name", mark.words


def _replaces(ours: Mark, theirs: Mark) -> bool:
    """Tell whether one name stands for another of its kind; a wider name for a narrower does not."""
    if not (isinstance(ours.fact, Concept) and isinstance(theirs.fact, Concept)):
        return False
    return ours.fact.kind == theirs.fact.kind and ours.words not in theirs.words


def _cues(marks: Iterable[Mark]) -> list[Cue]:
    # A name may be a direction too: "血小板减少" is a disease, "血小板增加" is none.
    return [cue for m in marks if isinstance(m.fact, Cue | Concept) for cue in find_cues(m.words)]


@lru_cache(maxsize=256)
def _statements(passage: Passage) -> tuple[str, ...]:
    """Give what a passage states, folded; a table row with the names of its columns."""
    return tuple(fold_text(statement.text) for statement in find_statements([passage]))
