"""Bindings: what a clause says of two names together, such as that a test is high in a disease."""

import re
from collections.abc import Iterable, Iterator

from knowledge.synonyms import Concept, find_concepts, mentions
from rag_service.polarity import Cue, Marks, find_marks

# "TSH (thyrotropin) falls" is one clause; as marks are cut it would be three.
_ASIDE = re.compile(r"[(（][^()（）]{0,60}[)）]")


def contradicted_bindings(sentence: str, statements: Iterable[str]) -> Iterator[str]:
    """Find the directions that statements turn round.

    A clause with at least two names and one direction ("TSH is raised in hyperthyroidism") is held
    against each clause that has the same names and a direction of the same kind. It is contradicted
    when all of those say the opposite.

    Args:
        sentence: A sentence, folded.
        statements: What the cited passages state, folded.

    Yields:
        The words of each direction that is contradicted.
    """
    stated = list(statements)
    for names, cue in _bindings(sentence):
        poles = {
            theirs.pole
            for statement in stated
            if all(mentions(statement, name) for name in names)
            for their_names, theirs in _bindings(statement)
            if names <= their_names and theirs.pole[:-1] == cue.pole[:-1]
        }
        if poles and cue.pole not in poles:
            yield cue.words


def _bindings(folded: str) -> Iterator[tuple[frozenset[Concept], Cue]]:
    """Yield the names and the direction of each clause that has two names or more, and one direction."""
    marks = find_marks(_ASIDE.sub("", folded))
    for clause in sorted({mark.clause for mark in marks}):
        names = frozenset(m.fact for m in marks if m.clause == clause and isinstance(m.fact, Concept))
        cues = [m.fact for m in marks if m.clause == clause and isinstance(m.fact, Cue)]
        if len(names) >= 2 and len(cues) == 1 and not cues[0].denies:
            yield names, cues[0]


def is_of_another_drug(clause_drugs: frozenset[Concept], statement: str, heading: str) -> bool:
    """Tell whether a statement, or the heading over it where it names no drug, speaks of other drugs.

    A dose belongs to the drug that it is given for; a clause about one drug is not proved by the
    figure of another. Clauses of several drugs, or none, are not judged.
    """
    if len(clause_drugs) != 1:
        return False
    drugs = [each for each in find_concepts(statement) if each.kind == "drugs"]
    drugs = drugs or [each for each in find_concepts(heading) if each.kind == "drugs"]
    return bool(drugs) and not clause_drugs & frozenset(drugs)


def find_drugs(marks: Marks, clause: int) -> frozenset[Concept]:
    """Give the drugs that a clause names."""
    facts = (mark.fact for mark in marks if mark.clause == clause)
    return frozenset(fact for fact in facts if isinstance(fact, Concept) and fact.kind == "drugs")
