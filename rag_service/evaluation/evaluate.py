"""An evaluation: configurations answer the same questions, or have answered them, and are measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from rag_service.answering import Answerer
from rag_service.evaluation.answer_file import AnswerFile, read_answers
from rag_service.evaluation.asking import ask_all
from rag_service.evaluation.configuration import Configuration
from rag_service.evaluation.errors import AnswersBroken, QuestionsBroken
from rag_service.evaluation.outcome import Measured, Outcome
from rag_service.evaluation.question import Question
from rag_service.evaluation.recorded import RecordedAnswer, record
from rag_service.generation import Generator
from rag_service.library import Library
from rag_service.protocol import Answer
from rag_service.screening import Policy
from rag_service.settings import ServiceSettings

Progress = Callable[[str, int, int], None]
"""Told what is done, how many are, and of how many."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What answers are made with; the library is opened once for all configurations."""

    library: Library
    policy: Policy
    open_generator: Callable[[ServiceSettings], AbstractAsyncContextManager[Generator]]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked, how many questions at a time, and the folder that answers are kept in.

    With `anew` the answers that are there already are thrown away.
    """

    limit: int | None = None
    kinds: Sequence[str] = ()
    concurrency: int = 4
    folder: Path | None = None
    anew: bool = False

    def choose(self, questions: Sequence[Question]) -> list[Question]:
        """Choose the questions that are asked.

        Raises:
            QuestionsBroken: There are none of a type that was named.
        """
        there_are = {question.kind for question in questions}
        for kind in self.kinds:
            if kind not in there_are:
                raise QuestionsBroken(
                    f"no question is of the type {kind!r}; there are {', '.join(sorted(there_are))}"
                )
        return [each for each in questions if not self.kinds or each.kind in self.kinds][: self.limit]


async def evaluate(
    questions: Sequence[Question], configurations: Sequence[Configuration], parts: Parts, demands: Demands
) -> Outcome:
    """Ask the questions of each configuration, one configuration after another, and measure the answers.

    Raises:
        AnswersBroken: A file of answers is broken or was made with other settings.
    """
    # All files are opened first: one made with other settings is told of before the first question.
    files = [_open_file(each, questions, demands) for each in configurations]
    measured: list[Measured] = []
    for configuration, kept in zip(configurations, files, strict=True):
        answers = await _answer_all(questions, configuration, kept, parts, demands)
        settings = configuration.settings_of_answers()
        measured.append(Measured(configuration.name, questions, answers, settings))
    return Outcome(measured)


def score_files(questions: Sequence[Question], files: Mapping[str, Path]) -> Outcome:
    """Measure answers that were kept, by the name of their configuration.

    Raises:
        AnswersBroken: A file is missing or broken, or no question has an answer in all of them.
    """
    by_name = {name: read_answers(path, questions) for name, path in files.items()}
    shared = [q for q in questions if all(q.question_id in kept.answers for kept in by_name.values())]
    if not shared:
        raise AnswersBroken(f"none of the questions has an answer in {_listed(files.values())}")
    note = f"{len(shared)} of {len(questions)} questions are measured: those with an answer in every file"
    notes = [note] if len(shared) < len(questions) else []
    return Outcome(
        [Measured(name, shared, kept.answers, kept.settings) for name, kept in by_name.items()], notes
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """The file of a configuration, if answers are kept, and those that it holds already."""

    file: AnswerFile | None
    answers: Mapping[str, RecordedAnswer]


def _open_file(configuration: Configuration, questions: Sequence[Question], demands: Demands) -> _Kept:
    if demands.folder is None:
        return _Kept(None, {})
    file = AnswerFile(demands.folder / configuration.file_name, configuration)
    return _Kept(file, file.open(questions, anew=demands.anew))


async def _answer_all(
    questions: Sequence[Question], configuration: Configuration, kept: _Kept, parts: Parts, demands: Demands
) -> dict[str, RecordedAnswer]:
    answers = dict(kept.answers)

    def take(question: Question, answer: Answer | str) -> None:
        if kept.file is not None:
            kept.file.append(question, answer)
        answers[question.question_id] = (
            RecordedAnswer(failure=answer) if isinstance(answer, str) else record(answer)
        )
        parts.progress(configuration.name, len(answers), len(questions))

    parts.progress(configuration.name, len(answers), len(questions))
    async with parts.open_generator(configuration.settings) as generator:
        answerer = Answerer(parts.library, generator, parts.policy, configuration.settings)
        wanted = [question for question in questions if question.question_id not in answers]
        await ask_all(answerer, wanted, demands.concurrency, take)
    return answers


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))
