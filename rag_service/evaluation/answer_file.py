"""A file of answers: one line a question, written as soon as it is answered.

A line is {"id", "question", "settings", "answer" (as on the wire) or "failure"}. A later line of an
id replaces an earlier one. A run that was killed leaves at most its last line torn; that line is
cut off when the file is opened again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from rag_service.evaluation.configuration import Configuration
from rag_service.evaluation.errors import AnswersBroken
from rag_service.evaluation.json_lines import read_json_lines
from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer
from rag_service.protocol import Answer


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """The file that one configuration writes."""

    path: Path
    configuration: Configuration

    def open(self, questions: Sequence[Question], *, anew: bool) -> dict[str, RecordedAnswer]:
        """Make it ready, and give the answers that it holds already, by question id.

        Questions that failed or met no language model are not among them: they are to be asked again.

        Args:
            questions: What is asked.
            anew: Throw away what it holds.

        Raises:
            AnswersBroken: A line has another form, or an answer was made with other settings.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if anew or not self.path.exists():
            self.path.write_bytes(b"")
        answers: dict[str, RecordedAnswer] = {}
        for line in _lines(self.path, questions):
            self._check(line.settings)
            answers[line.question_id] = line.answer
        self._cut_torn_end()
        return {key: each for key, each in answers.items() if not (each.failure or each.is_degraded)}

    def append(self, question: Question, answer: Answer | str) -> None:
        """Add an answer, or why there is none, and hand it to the system at once."""
        ending = (
            {"failure": answer} if isinstance(answer, str) else {"answer": answer.model_dump(mode="json")}
        )
        line = {
            "id": question.question_id,
            "question": question.text,
            "settings": self.configuration.settings_of_answers(),
            **ending,
        }
        with self.path.open("ab") as stream:
            stream.write(orjson.dumps(line) + b"\n")

    def _check(self, then: Mapping[str, str]) -> None:
        now = self.configuration.settings_of_answers()
        # A setting that the service did not have then, or has no more, says nothing.
        for key in sorted(key for key in now.keys() & then.keys() if now[key] != then[key]):
            raise AnswersBroken(
                f"{self.path} was made with {key}={then[key]}, not {now[key]}; give --anew, another name or "
                "another folder"
            )

    def _cut_torn_end(self) -> None:
        whole = self.path.read_bytes()
        with self.path.open("r+b") as stream:
            stream.truncate(whole.rfind(b"\n") + 1)


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The answers of a file by question id, and the settings that the last of them was made with."""

    answers: Mapping[str, RecordedAnswer]
    settings: Mapping[str, str]


def read_answers(path: Path, questions: Sequence[Question]) -> KeptAnswers:
    """Read the answers of a file to questions that are still asked in the same words.

    Raises:
        AnswersBroken: The file cannot be read or a line has another form.
    """
    lines = list(_lines(path, questions))
    return KeptAnswers({line.question_id: line.answer for line in lines}, lines[-1].settings if lines else {})


@dataclass(frozen=True, slots=True)
class _Line:
    question_id: str
    settings: Mapping[str, str]
    answer: RecordedAnswer


def _lines(path: Path, questions: Sequence[Question]) -> Iterator[_Line]:
    asked = {(question.question_id, question.text) for question in questions}
    for place, fields in read_json_lines(path, AnswersBroken, torn_end=True):
        if (fields.get("id"), fields.get("question")) in asked:
            yield _Line(fields["id"], fields.get("settings") or {}, _parse(place, fields))


def _parse(place: str, fields: Mapping[str, Any]) -> RecordedAnswer:
    match fields:
        case {"failure": str(failure)} if failure:
            return RecordedAnswer(failure=failure)
        case {"answer": dict(answer)}:
            try:
                return RecordedAnswer.model_validate(answer)
            except ValidationError as error:
                names = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
                raise AnswersBroken(f"{place}: the answer has another form ({names}); give --anew") from error
    raise AnswersBroken(f"{place}: want the fields id, question and answer or failure; give --anew")
