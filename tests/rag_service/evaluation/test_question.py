import pytest

from rag_service.evaluation.errors import QuestionsBroken
from rag_service.evaluation.question import GoldQuote, read_questions
from tests.rag_service.evaluation.factories import fields_of, write_questions


def read_one(folder, **changed):
    return read_questions(write_questions(folder / "qa.jsonl", fields_of(**changed)))[0]


def test_a_line_becomes_a_question(tmp_path):
    read = read_one(tmp_path)
    quote = GoldQuote("who/hypertension", "测量", "诊室血压的标准是140/90 mmHg")
    assert ("q1", "诊室血压的标准是多少？", "single", True, (quote,)) == (
        read.question_id,
        read.text,
        read.kind,
        read.answerable,
        read.gold,
    )


def test_the_note_has_tags_and_alternatives(tmp_path):
    read = read_one(tmp_path, note="[long] alt: a-zh, b-en; [conflict]")
    assert ({"long", "conflict"}, {"a-zh", "b-en"}) == (read.tags, read.alternatives)


def test_expressions_match_in_either_case(tmp_path):
    assert read_one(tmp_path, key_facts=["mmhg"]).key_facts[0].search("140 mmHg")


@pytest.mark.parametrize("name", ["key_facts", "must_not"])
def test_a_malformed_expression_names_the_question(tmp_path, name):
    with pytest.raises(
        QuestionsBroken, match=rf"qa.jsonl:1: question 'q1' has a malformed .* in {name}: '\(a'"
    ):
        read_one(tmp_path, **{name: ["(a"]})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"answerable": "yes"}, "want the fields id"),
        ({"question": " "}, "want the fields id"),
        ({"gold": []}, "has no gold"),
        ({"gold": [{"doc": "d"}]}, "want gold as"),
        ({"key_facts": "140"}, "want key_facts as a list"),
    ],
)
def test_a_line_of_another_form_names_its_place(tmp_path, changed, told):
    with pytest.raises(QuestionsBroken, match=f"qa.jsonl:1.*{told}"):
        read_one(tmp_path, **changed)


def test_an_id_stands_once(tmp_path):
    with pytest.raises(QuestionsBroken, match=r"qa.jsonl:2: the id 'q1' stands twice"):
        read_questions(write_questions(tmp_path / "qa.jsonl", fields_of(), fields_of()))


def test_a_file_without_questions_is_told_of(tmp_path):
    (tmp_path / "qa.jsonl").write_text("\n")
    with pytest.raises(QuestionsBroken, match="holds no question"):
        read_questions(tmp_path / "qa.jsonl")
