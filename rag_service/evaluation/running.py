"""How the answering went: times, tokens, what the answers were made with, and which of them went wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rag_service.evaluation.measures import must_not
from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer

_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens")


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of a stage: the median and the 95th percentile."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Running:
    """What answers took and were made with.

    `latency_ms` is by stage; `tokens` are means an answer; `refusals` are counted by their reason;
    `failed` has the reason by question id;
    `must_not` the ids of answers with an expression that no answer may match. `made_with` has each
    model, version of the prompts, version of the policy and generation of the index that there is.
    """

    latency_ms: Mapping[str, Latency]
    tokens: Mapping[str, float]
    refusals: Mapping[str, int]
    failed: Mapping[str, str]
    must_not: Sequence[str]
    made_with: Mapping[str, Sequence[str]]

    def facts(self) -> dict[str, Any]:
        """Give it the form of JSON."""
        names = {"must_not": "must_not_ids"}
        return {names.get(name, name): value for name, value in asdict(self).items()}

    def cells(self) -> dict[str, str]:
        """Give the rows of a table: times and tokens."""
        times = {
            f"{stage}, ms, p50 / p95": f"{each.p50:,.0f} / {each.p95:,.0f}"
            for stage, each in self.latency_ms.items()
        }
        return times | {f"{name} per answer": f"{each:,.0f}" for name, each in self.tokens.items()}

    def notes(self) -> Iterator[str]:
        """Say what a reader of the figures must know."""
        if any(self.made_with.values()):
            yield "; ".join(f"{name} {', '.join(values)}" for name, values in self.made_with.items())
        if self.refusals:
            yield "refused: " + ", ".join(f"{reason} {count}" for reason, count in self.refusals.items())
        for reason in dict.fromkeys(self.failed.values()):
            ids = [question_id for question_id, each in self.failed.items() if each == reason]
            yield f"failed: {', '.join(ids)} ({reason})"
        if self.must_not:
            yield f"must_not: {', '.join(self.must_not)}"


def running_of(questions: Sequence[Question], answers: Mapping[str, RecordedAnswer]) -> Running:
    """Collect it from the answers to questions, by question id."""
    pairs = [(question, answers[question.question_id]) for question in questions]
    made = [answer for _, answer in pairs if not answer.failure]
    stages = dict.fromkeys(stage for answer in made for stage in answer.timings_ms)
    return Running(
        latency_ms={
            stage: _latency([a.timings_ms[stage] for a in made if stage in a.timings_ms]) for stage in stages
        },
        tokens={name: float(np.mean([getattr(a.usage, name) for a in made])) for name in _TOKENS if made},
        refusals=dict(Counter(sorted(answer.refusal.reason for answer in made if answer.refusal))),
        failed={question.question_id: answer.failure for question, answer in pairs if answer.failure},
        must_not=[question.question_id for question, answer in pairs if must_not(question, answer).right],
        made_with=_made_with(made),
    )


def _latency(times_ms: Sequence[float]) -> Latency:
    p50, p95 = np.percentile(times_ms, (50, 95))
    return Latency(round(float(p50), 3), round(float(p95), 3))


def _made_with(made: Sequence[RecordedAnswer]) -> dict[str, list[str]]:
    values = {
        "model": {each.model for each in made},
        "prompt": {each.versions.prompt for each in made},
        "policy": {each.versions.policy for each in made},
        "generation": {each.generation for each in made if each.generation},
    }
    return {name: sorted(each) for name, each in values.items()}
