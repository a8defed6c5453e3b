import pytest

from rag_service.evaluation.errors import AnswersBroken, QuestionsBroken
from rag_service.evaluation.json_lines import read_json_lines


def read(path, text, **options):
    path.write_bytes(text)
    return list(read_json_lines(path, QuestionsBroken, **options))


def test_each_object_comes_with_its_place(tmp_path):
    path = tmp_path / "x.jsonl"
    assert [(f"{path}:1", {"a": 1}), (f"{path}:3", {"a": 2})] == read(
        path, b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}'
    )


@pytest.mark.parametrize(
    ("line", "told"), [(b"{", "x.jsonl:1 is not JSON"), (b"[]", "x.jsonl:1 is a JSON list")]
)
def test_a_line_that_is_no_object_names_its_place(tmp_path, line, told):
    with pytest.raises(QuestionsBroken, match=told):
        read(tmp_path / "x.jsonl", line)


def test_a_torn_last_line_is_passed_over_where_one_may_be(tmp_path):
    assert 1 == len(read(tmp_path / "x.jsonl", b'{"a": 1}\n{"a', torn_end=True))


def test_a_missing_file_is_an_error_of_the_kind_wanted(tmp_path):
    with pytest.raises(AnswersBroken, match=r"x.jsonl cannot be read: No such file"):
        list(read_json_lines(tmp_path / "x.jsonl", AnswersBroken))
