import asyncio
import re

import pytest

from knowledge.errors import EmbeddingFailed
from rag_service.errors import EngineFailed
from rag_service.evaluation.asking import ask_all
from rag_service.events import AnswerFailed
from rag_service.generation_fake import ScriptedGenerator
from rag_service.protocol import Answer, Problem
from tests.rag_service.evaluation.factories import question
from tests.rag_service.factories import open_answerer

ASKED = [question(question_id=f"q{number}", text="诊室血压的标准是多少？") for number in range(3)]


class Crashing:
    """Answers nothing: raises what it is given."""

    def __init__(self, error):
        self.error = error

    async def prepare(self, request):
        raise self.error


class Counting:
    """Ends every stream with the same event, and notes how many questions are under way."""

    def __init__(self, last=None):
        self.last = last
        self.n_under_way = self.most = 0

    async def prepare(self, request):
        self.n_under_way += 1
        self.most = max(self.most, self.n_under_way)

    async def stream(self, draft):
        await asyncio.sleep(0)
        self.n_under_way -= 1
        yield self.last


async def ask_with(answerer, concurrency=1):
    taken = {}
    await ask_all(
        answerer, ASKED, concurrency, lambda asked, answer: taken.update({asked.question_id: answer})
    )
    return taken


async def test_each_question_is_answered(store):
    async with open_answerer(store, ScriptedGenerator("诊室血压的标准是140/90 mmHg。[1]")) as answerer:
        taken = await ask_with(answerer, 2)
    assert ({"q0", "q1", "q2"}, True) == (
        taken.keys(),
        all(isinstance(answer, Answer) for answer in taken.values()),
    )


async def test_an_answer_that_breaks_off_has_failed():
    problem = Problem(title="Language model failed", status=502, detail="status 500")
    taken = await ask_with(Counting(AnswerFailed(problem=problem)))
    assert {"Language model failed: status 500"} == set(taken.values())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EmbeddingFailed("no model"), "EmbeddingFailed: no model"),
        (EngineFailed("status 500"), "EngineFailed: status 500"),
    ],
)
async def test_what_is_raised_fails_the_question_and_not_the_run(error, told):
    assert [told] * 3 == list((await ask_with(Crashing(error))).values())


async def test_a_crash_is_told_by_its_place_and_not_its_message():
    (told, *_) = (await ask_with(Crashing(ValueError("诊室血压")))).values()
    assert re.fullmatch(r"ValueError in asking\.py, line \d+", told)


async def test_a_stream_without_an_end_has_failed():
    assert {"the stream ended without an answer"} == set((await ask_with(Counting())).values())


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_so_many_questions_are_under_way_as_was_said(concurrency):
    counting = Counting()
    await ask_with(counting, concurrency)
    assert concurrency == counting.most


async def test_an_answer_that_cannot_be_kept_ends_the_run():
    def full(_, __):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        await ask_all(Counting(), ASKED, 2, full)
