"""The peer's answers, kept a line a question as soon as it is answered.

A line has the form of those that `medcite-serve eval answers` keeps, and as `response` the text as
the peer wrote it, so that it can be judged again when the judge has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.peers_response import judge
from rag_service.evaluation.errors import AnswersBroken
from rag_service.evaluation.json_lines import read_json_lines
from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer


@dataclass(frozen=True, slots=True)
class PeerAnswers:
    """The file that the peer's answers are kept in, and the settings that they are made with."""

    path: Path
    settings: Mapping[str, str]

    def open(self, questions: Sequence[Question]) -> dict[str, RecordedAnswer]:
        """Make it ready, and give the answers that it holds already, judged anew, by question id.

        Questions that failed are not among them: they are to be asked again.

        Raises:
            AnswersBroken: A line has another form, or an answer was made with other settings.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        asked = {question.question_id: question.text for question in questions}
        kept: dict[str, RecordedAnswer] = {}
        for place, fields in read_json_lines(self.path, AnswersBroken, torn_end=True):
            if asked.get(fields.get("id", "")) != fields.get("question") or "failure" in fields:
                continue
            if fields.get("settings") != self.settings:
                raise AnswersBroken(f"{place} was made with {fields.get('settings')}, not {self.settings}")
            answer = RecordedAnswer.model_validate(fields["answer"])
            kept[fields["id"]] = judge(answer.model_copy(update={"text": fields["response"]}))
        whole = self.path.read_bytes()
        with self.path.open("r+b") as stream:
            stream.truncate(whole.rfind(b"\n") + 1)
        return kept

    def append(self, question: Question, written: RecordedAnswer) -> RecordedAnswer:
        """Judge an answer as it was written, keep both forms, and give back the judged one."""
        judged = written if written.failure else judge(written)
        ending = (
            {"failure": written.failure}
            if written.failure
            else {"response": written.text, "answer": judged.model_dump(mode="json")}
        )
        line = {"id": question.question_id, "question": question.text, "settings": self.settings, **ending}
        with self.path.open("ab") as stream:
            stream.write(orjson.dumps(line) + b"\n")
        return judged
