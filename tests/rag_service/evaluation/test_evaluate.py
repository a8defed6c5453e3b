from contextlib import asynccontextmanager

import pytest

from knowledge.embedding_fake import HashingEmbedder
from rag_service.evaluation.configuration import parse_configurations
from rag_service.evaluation.errors import AnswersBroken, QuestionsBroken
from rag_service.evaluation.evaluate import Demands, Parts, evaluate, score_files
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.screening import load_policy
from tests.rag_service.evaluation.factories import gold, question, unanswerable
from tests.rag_service.factories import PRESSURE

TEXT = "诊室血压的标准是多少？"
GOLD = gold(PRESSURE, "诊室血压的标准是140/90 mmHg", "测量")
ASKED = [question(GOLD, question_id=f"q{n}", text=TEXT, key_facts=["140"]) for n in range(4)]
SERVED = ["served: least_sufficiency=0"]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
async def measure(store):
    """Evaluate with a scripted generator, and give the outcome."""
    library = Library(store, HashingEmbedder())
    await library.open()

    async def measure(generator, demands, texts=SERVED, asked=ASKED, progress=lambda *_: None):
        @asynccontextmanager
        async def open_generator(settings):
            generator.opened_with = [*getattr(generator, "opened_with", []), settings.answer_tokens]
            yield generator

        parts = Parts(library, load_policy(), open_generator, progress)
        return await evaluate(asked, parse_configurations(texts), parts, demands)

    yield measure
    await library.close()


def writer(**fields):
    return ScriptedGenerator("诊室血压的标准是140/90 mmHg。[1]", **fields)


def value(outcome, measure, place=0):
    return outcome.measured[place].scores["all"][measure].value


async def test_answers_are_measured(measure):
    outcome = await measure(writer(), Demands())
    names = ("citation_validity", "quote_integrity", "citation_recall", "quote_recall", "key_facts")
    assert [1] * 5 == [value(outcome, name) for name in names]


async def test_each_configuration_answers_with_its_settings(measure):
    generator = writer()
    await measure(generator, Demands(), ["a: answer_tokens=100", "b: answer_tokens=200"])
    assert [100, 200] == generator.opened_with


async def test_what_fails_is_counted_and_does_not_stop_the_run(measure):
    outcome = await measure(ScriptedGenerator(error=ValueError("a fault")), Demands())
    assert (1, 0) == (value(outcome, "failed"), value(outcome, "citation_recall"))


async def test_progress_is_told_of_each_answer(measure):
    told = []
    await measure(writer(), Demands(concurrency=1), progress=lambda *each: told.append(each))
    assert [("served", n, 4) for n in range(5)] == told


async def test_answers_that_are_kept_are_not_asked_for_again(measure, tmp_path):
    await measure(writer(), Demands(folder=tmp_path))
    again = writer()
    await measure(again, Demands(folder=tmp_path))
    assert [] == again.requests


async def test_a_run_that_was_killed_goes_on_where_it_stopped(measure, tmp_path):
    def kill(_, done, __):
        if done == 2:
            raise Killed

    first, second = writer(), writer()
    with pytest.raises(Killed):
        await measure(first, Demands(folder=tmp_path, concurrency=1), progress=kill)
    outcome = await measure(second, Demands(folder=tmp_path))
    assert (2, 2, 4) == (
        len(first.requests),
        len(second.requests),
        outcome.measured[0].scores["all"]["answered"].right,
    )


async def test_anew_all_are_asked_again(measure, tmp_path):
    await measure(writer(), Demands(folder=tmp_path))
    again = writer()
    await measure(again, Demands(folder=tmp_path, anew=True))
    assert 4 == len(again.requests)


async def test_a_file_made_otherwise_is_told_of_before_anything_is_asked(measure, tmp_path):
    await measure(writer(), Demands(folder=tmp_path), ["b: least_sufficiency=0"])
    generator = writer()
    with pytest.raises(AnswersBroken, match=r"made with least_sufficiency=0.0, not 1.0"):
        await measure(generator, Demands(folder=tmp_path), ["a:", "b: least_sufficiency=1"])
    assert [] == generator.requests


async def test_kept_answers_are_measured_as_they_were(measure, tmp_path):
    asked = await measure(writer(), Demands(folder=tmp_path))
    kept = score_files(ASKED, {"served": tmp_path / "served.jsonl"})
    assert asked.facts() == kept.facts()


async def test_of_kept_answers_the_questions_are_measured_that_all_files_have(measure, tmp_path):
    await measure(writer(), Demands(folder=tmp_path), ["a:"])
    await measure(writer(), Demands(folder=tmp_path), ["b:"], ASKED[:3])
    outcome = score_files(ASKED, {name: tmp_path / f"{name}.jsonl" for name in "ab"})
    assert (3, ["3 of 4 questions are measured: those with an answer in every file"]) == (
        len(outcome.measured[0].questions),
        outcome.notes,
    )


async def test_kept_answers_to_other_questions_are_told_of(measure, tmp_path):
    await measure(writer(), Demands(folder=tmp_path))
    with pytest.raises(AnswersBroken, match=r"none of the questions has an answer in .*served.jsonl"):
        score_files([question(text="What?")], {"served": tmp_path / "served.jsonl"})


def test_only_questions_of_the_types_named_are_asked():
    asked = [question(), unanswerable(question_id="q2"), question(question_id="q3", kind="multi_doc")]
    assert ["q2", "q3"] == [
        each.question_id for each in Demands(kinds=["multi_doc", "unanswerable"]).choose(asked)
    ]


def test_only_so_many_questions_are_asked():
    assert ASKED[:2] == Demands(limit=2).choose(ASKED)


def test_a_type_that_no_question_has_is_told_of():
    with pytest.raises(QuestionsBroken, match="no question is of the type 'double'; there are single"):
        Demands(kinds=["double"]).choose(ASKED)
