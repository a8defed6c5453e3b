import json

import pytest

from rag_service import prompts
from rag_service.evaluation.answer_file import AnswerFile, read_answers
from rag_service.evaluation.configuration import parse_configuration
from rag_service.evaluation.errors import AnswersBroken
from rag_service.evaluation.recorded import record
from rag_service.protocol import Answer, Notice, Usage, Versions
from tests.rag_service.evaluation.factories import question

FIRST, SECOND = question(), question(question_id="q2", text="What is low?")


def made(*notices: Notice) -> Answer:
    # Without checks, for fields are added to the wire.
    return Answer.model_construct(
        answer_id="a",
        text="It is.",
        sentences=(),
        sources=(),
        notices=notices,
        refusal=None,
        generation="g",
        model="m",
        versions=Versions(policy="p", prompt=prompts.VERSION, embedder="e"),
        usage=Usage(),
        timings_ms={"total": 1.0},
    )


@pytest.fixture
def file(tmp_path):
    file = AnswerFile(tmp_path / "answers" / "as_served.jsonl", parse_configuration(""))
    file.open([], anew=False)
    return file


def change(path, **changed):
    """Change fields of the only line."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changed) + "\n")


def test_a_new_file_holds_nothing(tmp_path):
    assert {} == AnswerFile(tmp_path / "a.jsonl", parse_configuration("")).open([FIRST], anew=False)


def test_an_answer_is_found_again_as_it_was(file):
    file.append(FIRST, made())
    assert {"q1": record(made())} == file.open([FIRST, SECOND], anew=False)


def test_anew_nothing_is_found_again(file):
    file.append(FIRST, made())
    assert ({}, b"") == (file.open([FIRST], anew=True), file.path.read_bytes())


def test_what_failed_is_asked_again(file):
    file.append(FIRST, "EngineFailed")
    assert {} == file.open([FIRST], anew=False)


def test_what_met_no_language_model_is_asked_again(file):
    file.append(FIRST, made(Notice(kind="degraded", text="-")))
    assert {} == file.open([FIRST], anew=False)


def test_a_later_line_replaces_an_earlier_one(file):
    file.append(FIRST, "EngineFailed")
    file.append(FIRST, made())
    assert {"q1": record(made())} == read_answers(file.path, [FIRST]).answers


def test_kept_answers_come_with_their_settings(file):
    file.append(FIRST, made())
    assert "512" == read_answers(file.path, [FIRST]).settings["answer_tokens"]


def test_what_failed_is_measured_as_such(file):
    file.append(FIRST, "EngineFailed")
    assert "EngineFailed" == read_answers(file.path, [FIRST]).answers["q1"].failure


def test_a_question_in_other_words_is_asked_again(file):
    file.append(FIRST, made())
    assert {} == file.open([question(text="What is too high?")], anew=False)


def test_a_torn_last_line_is_cut_off(file):
    file.append(FIRST, made())
    whole = file.path.read_bytes()
    file.path.write_bytes(whole + whole[:50])
    file.open([FIRST], anew=False)
    assert whole == file.path.read_bytes()


def test_answers_made_with_another_setting_are_told_of(file):
    file.append(FIRST, made())
    other = AnswerFile(file.path, parse_configuration("answer_tokens=300"))
    with pytest.raises(
        AnswersBroken, match=r"as_served.jsonl was made with answer_tokens=512, not 300; give --anew"
    ):
        other.open([FIRST], anew=False)


def test_answers_made_before_there_was_a_setting_are_used(file):
    file.append(FIRST, made())
    change(file.path, settings={"of_old": "1"})
    assert {"q1"} == file.open([FIRST], anew=False).keys()


def test_answers_with_fields_of_another_version_are_read(file):
    file.append(FIRST, made())
    answer = record(made()).model_dump(mode="json")
    del answer["usage"]
    change(file.path, answer={**answer, "mood": "new"})
    assert {"q1": record(made())} == read_answers(file.path, [FIRST]).answers


@pytest.mark.parametrize(
    ("answer", "told"), [({"sentences": [{}]}, "another form .sentences.0.text"), (None, "want the fields")]
)
def test_an_answer_of_another_form_names_its_place(file, answer, told):
    file.append(FIRST, made())
    change(file.path, answer=answer)
    with pytest.raises(AnswersBroken, match=rf"as_served.jsonl:1: .*{told}"):
        read_answers(file.path, [FIRST])
