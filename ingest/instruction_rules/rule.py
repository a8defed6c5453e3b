"""A rule: what is looked for, and how to look for it quickly."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

# Longer than any phrase that a rule can match: the widest gap has 120 characters.
_REACH_CHARS = 320


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and strings that stand in whatever it matches: one of each group of `anchors`.

    To look for a string costs far less than to look for a pattern, and few texts hold these.
    """

    anchors: tuple[frozenset[str], ...]
    pattern: re.Pattern[str]

    def search(self, folded: str, present: Set[str]) -> str | None:
        """Find the phrase that breaks the rule.

        Args:
            folded: The text, folded.
            present: Those of all rules' anchors that stand in it.
        """
        if any(group.isdisjoint(present) for group in self.anchors):
            return None
        for start, end in _surroundings(folded, self.anchors[0] & present):
            if match := self.pattern.search(folded, start, end):
                return match.group()
        return None


def make_rule(anchors: str, *patterns: str) -> Rule:
    """Make a rule of alternative patterns.

    Args:
        anchors: Strings with "|" between them, groups with " + ", the rarest group first.
        patterns: Regular expressions over folded text.
    """
    groups = tuple(frozenset(group.split("|")) for group in anchors.split(" + "))
    return Rule(groups, re.compile("|".join(patterns)))


def _surroundings(text: str, anchors: Iterable[str]) -> Iterator[tuple[int, int]]:
    """List the stretches of the text around some strings, no part of it twice."""
    places = sorted(match.start() for anchor in anchors for match in re.finditer(re.escape(anchor), text))
    start, end = 0, 0
    for place in places:
        if place - _REACH_CHARS > end:
            yield start, end
            start = place - _REACH_CHARS
        end = place + _REACH_CHARS
    yield start, end
