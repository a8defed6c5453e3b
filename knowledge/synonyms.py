"""Synonyms: the names that one drug, disease, finding or test goes by, in Chinese and English.

The table is the project's own, in `knowledge/vocabulary/`; its README says how it is kept.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from knowledge.folding import fold_text

_FOLDER = Path(__file__).parent / "vocabulary"
_SEPARATOR = "|"
# A name of one letter says nothing; names are looked up by their first two.
_PREFIX_CHARS = 2


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing with several names, folded; `kind` is the name of its file, such as "drugs".

    `chinese` and `english` begin with the preferred name; `brands` may be in either language.
    """

    kind: str
    chinese: tuple[str, ...]
    english: tuple[str, ...]
    brands: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return self.chinese + self.english + self.brands


def find_concepts(text: str) -> list[Concept]:
    """Find what a text speaks of by any of its names, in order, each once; the longest name wins.

    "2型糖尿病" is found as itself, not as "糖尿病"; an English name only as whole words.
    """
    return list(dict.fromkeys(_found(fold_text(text))))


def mentions(folded: str, concept: Concept) -> bool:
    """Tell whether a folded text (`knowledge.folding`) speaks of a concept by any of its names."""
    return any(_occurs(folded, name) for name in concept.names)


def _occurs(folded: str, name: str) -> bool:
    start = folded.find(name)
    while start >= 0:
        if _is_whole(folded, start, start + len(name)):
            return True
        start = folded.find(name, start + 1)
    return False


def _found(folded: str) -> Iterator[Concept]:
    table = _table()
    start = 0
    while start < len(folded):
        for name in table.get(folded[start : start + _PREFIX_CHARS], ()):
            if folded.startswith(name, start) and _is_whole(folded, start, start + len(name)):
                yield table[folded[start : start + _PREFIX_CHARS]][name]
                start += len(name)
                break
        else:
            start += 1


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether no Latin word or figure is cut at either end."""
    return not (_joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1]))


def _joined(before: str, after: str) -> bool:
    return before.isascii() and before.isalnum() and after.isascii() and after.isalnum()


@cache
def _table() -> dict[str, dict[str, Concept]]:
    """Index the names by their first two characters, longer ones first."""
    names: dict[str, Concept] = {}
    for path in sorted(_FOLDER.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in islice(csv.reader(file, delimiter="\t"), 1, None):
                concept = Concept(path.stem, *map(_names, row))
                names.update((name, concept) for name in concept.names)
    table: dict[str, dict[str, Concept]] = {}
    for name in sorted(names, key=len, reverse=True):
        table.setdefault(name[:_PREFIX_CHARS], {})[name] = names[name]
    return table


def _names(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold_text(name) for name in cell.split(_SEPARATOR) if name))
