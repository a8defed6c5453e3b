"""Asking: questions put to the service in this process, a few at a time."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.errors import KnowledgeError
from rag_service.answer_request import AnswerRequest
from rag_service.answering import Answerer
from rag_service.errors import ServiceError
from rag_service.evaluation.question import Question
from rag_service.events import AnswerFailed
from rag_service.protocol import Answer

_OURS = tuple(str(Path(__file__).parents[2] / package) for package in ("rag_service", "knowledge"))

Take = Callable[[Question, "Answer | str"], None]


async def ask_all(answerer: Answerer, questions: Sequence[Question], concurrency: int, take: Take) -> None:
    """Ask questions, at most `concurrency` at a time.

    Args:
        answerer: What answers.
        questions: What is asked.
        concurrency: Most questions under way.
        take: Given each question with its answer, or with why it failed, as soon as that is there.
    """
    waiting = iter(questions)

    async def work() -> None:
        for question in waiting:
            take(question, await _ask(answerer, question))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except BaseExceptionGroup as faults:
        # What `take` raises, a full disk say: the caller shall see it as it is.
        raise faults.exceptions[0] from faults


async def _ask(answerer: Answerer, question: Question) -> Answer | str:
    last = None
    try:
        draft = await answerer.prepare(AnswerRequest(question=question.text))
        async for event in answerer.stream(draft):
            last = event
    except (ServiceError, KnowledgeError) as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - one question that crashes must not cost the run
        return _tell(error)
    if isinstance(last, Answer):
        return last
    if isinstance(last, AnswerFailed):
        return f"{last.problem.title}: {last.problem.detail}"
    return "the stream ended without an answer"


def _tell(error: Exception) -> str:
    """Name an error that nobody foresaw by its type and place; its message may repeat the question."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [frame for frame in frames if frame.filename.startswith(_OURS)][-1]
    return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
