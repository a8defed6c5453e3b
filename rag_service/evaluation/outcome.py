"""The outcome of an evaluation: configurations side by side, and the difference of two."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer
from rag_service.evaluation.running import Running, running_of
from rag_service.evaluation.scoring import ALL, Score, Scores, score_by_kind

# Read as a number of questions, not as a share.
_COUNTS = ("must_not", "answered", "failed", "degraded")
_NONE = "–"


@dataclass(frozen=True)
class Measured:
    """The answers of one configuration, by question id, and what was measured of them."""

    name: str
    questions: Sequence[Question]
    answers: Mapping[str, RecordedAnswer]
    settings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def scores(self) -> dict[str, Scores]:
        """Scores by type of question, all questions first."""
        return score_by_kind(self.questions, self.answers)

    @cached_property
    def running(self) -> Running:
        """What the answers took, and what they were made with."""
        return running_of(self.questions, self.answers)

    def facts(self) -> dict[str, Any]:
        """Give it the form of JSON."""
        by_kind = {kind: _score_facts(scores) for kind, scores in self.scores.items()}
        return {
            "name": self.name,
            "settings": dict(self.settings),
            "measures": by_kind.pop(ALL),
            "by_type": by_kind,
            **self.running.facts(),
        }


@dataclass(frozen=True)
class Outcome:
    """What was measured of some configurations, all of the same questions."""

    measured: Sequence[Measured]
    notes: Sequence[str] = ()

    @cached_property
    def difference(self) -> dict[str, Scores]:
        """By type, the second of two configurations less the first; empty unless there are two."""
        if len(self.measured) != 2:
            return {}
        first, second = (each.scores for each in self.measured)
        return {
            kind: {name: each.less(first[kind][name]) for name, each in scores.items()}
            for kind, scores in second.items()
        }

    def facts(self) -> dict[str, Any]:
        """Give it the form of JSON."""
        by_kind = {kind: _score_facts(scores) for kind, scores in self.difference.items()}
        difference = {"measures": by_kind.pop(ALL), "by_type": by_kind} if by_kind else None
        return {
            "n_questions": len(self.measured[0].questions),
            "configurations": [each.facts() for each in self.measured],
            "difference": difference,
            "notes": list(self.notes),
        }

    def print(self, console: Console) -> None:
        """Print it: a table on a terminal, else lines with tabs between."""
        headings = ["measure", *(each.name for each in self.measured)]
        headings += ["difference"] if self.difference else []
        rows = [*self._score_rows(), *self._running_rows()]
        if not console.is_terminal:
            for line in (headings, *rows):
                console.file.write("\t".join(line) + "\n")  # rich makes blanks of tabs
        else:
            table = Table(title=f"{len(self.measured[0].questions)} questions", title_justify="left")
            for heading in headings:
                table.add_column(escape(heading), justify="left" if heading == "measure" else "right")
            for row in rows:
                table.add_row(*map(escape, row))
            console.print(table)
        for note in (
            *self.notes,
            *(f"{each.name}: {line}" for each in self.measured for line in each.running.notes()),
        ):
            console.file.write(note + "\n")

    def _score_rows(self) -> list[list[str]]:
        columns = [each.scores[ALL] for each in self.measured]
        rows = [[name, *(_cell(name, column[name]) for column in columns)] for name in columns[0]]
        for row in rows if self.difference else ():
            row.append(_difference_cell(row[0], self.difference[ALL][row[0]]))
        return rows

    def _running_rows(self) -> list[list[str]]:
        columns = [each.running.cells() for each in self.measured]
        names = dict.fromkeys(name for column in columns for name in column)
        last = [""] if self.difference else []
        return [[name, *(column.get(name, _NONE) for column in columns), *last] for name in names]


def _score_facts(scores: Scores) -> dict[str, Any]:
    return {
        name: {
            "value": _or_none(each.value),
            "low": _or_none(each.interval[0]),
            "high": _or_none(each.interval[1]),
            "right": each.right,
            "counted": each.counted,
        }
        for name, each in scores.items()
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _cell(name: str, score: Score) -> str:
    if name in _COUNTS:
        return f"{score.right:g} of {score.counted:g}"
    if math.isnan(score.value):
        return _NONE
    low, high = score.interval
    return f"{score.value:.3f} ({low:.3f} to {high:.3f})"


def _difference_cell(name: str, score: Score) -> str:
    if name in _COUNTS:
        return f"{score.right:+g}"
    if math.isnan(score.value):
        return _NONE
    low, high = score.interval
    return f"{score.value:+.3f} ({low:+.3f} to {high:+.3f})"
