from pathlib import Path

import pytest

from ingest.evaluation.beir import read_beir
from ingest.evaluation.errors import LabelsBroken
from tests.ingest.evaluation.factories import QUERIES, write_beir, write_lines


def test_a_folder_has_its_grades_by_query_and_document(tmp_path: Path):
    assert {"q1": {"d/1": 2}, "q2": {"d/2": 1, "d/3": 0}} == read_beir(write_beir(tmp_path / "set")).qrels


def test_a_folder_has_the_text_fields_of_each_query(tmp_path: Path):
    folder = read_beir(write_beir(tmp_path / "set"))
    assert f"Hello, {QUERIES['q1']}" == folder.question("q1", "message")


def test_a_field_that_a_query_lacks_is_named_with_those_it_has(tmp_path: Path):
    folder = read_beir(write_beir(tmp_path / "set"))
    with pytest.raises(LabelsBroken, match="query 'q1' has no field 'mail'; it has message, text"):
        folder.question("q1", "mail")


@pytest.mark.parametrize(("least_grade", "expected"), [(1, ["q1", "q2"]), (2, ["q1"]), (3, [])])
def test_a_query_counts_when_it_has_a_document_of_the_grade(
    tmp_path: Path, least_grade: int, expected: list[str]
):
    assert expected == read_beir(write_beir(tmp_path / "set")).answerable(least_grade)


@pytest.mark.parametrize("suffix", [".xz", ".gz"])
def test_the_corpus_may_be_packed(tmp_path: Path, suffix: str):
    folder = write_beir(tmp_path / "set")
    packed = (folder / "corpus.jsonl").rename(folder / f"corpus.jsonl{suffix}")
    assert packed == read_beir(folder).corpus


def test_the_grades_may_lie_in_a_folder_of_their_own(tmp_path: Path):
    folder = write_beir(tmp_path / "set")
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert {"q1", "q2"} == read_beir(folder).qrels.keys()


@pytest.mark.parametrize(
    ("name", "fault"), [("corpus.jsonl", "holds none of corpus"), ("qrels.tsv", "qrels/test")]
)
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str, fault: str):
    folder = write_beir(tmp_path / "set")
    (folder / name).unlink()
    with pytest.raises(LabelsBroken, match=fault):
        read_beir(folder)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("q1\td/1\t1\n", "qrels.tsv:1 is no heading; put query-id"),
        ("query\tdocument\tscore\nq1 d/1 1\n", "qrels.tsv:2: want query id, document id"),
        ("query\tdocument\tscore\nq1\td/1\thigh\n", "qrels.tsv:2: want query id, document id"),
        ("query\tdocument\tscore\nq9\td/1\t1\n", "qrels.tsv:2 names query 'q9', which queries.jsonl lacks"),
        ("query\tdocument\tscore\n", "judges no document"),
        ("", "judges no document"),
    ],
)
def test_grades_of_another_form_are_named_by_their_line(tmp_path: Path, text: str, fault: str):
    folder = write_beir(tmp_path / "set")
    (folder / "qrels.tsv").write_text(text)
    with pytest.raises(LabelsBroken, match=fault):
        read_beir(folder)


def test_grades_that_are_not_utf_8_are_named(tmp_path: Path):
    folder = write_beir(tmp_path / "set")
    (folder / "qrels.tsv").write_bytes(b"\xff\xfe")
    with pytest.raises(LabelsBroken, match=r"qrels\.tsv is not UTF-8"):
        read_beir(folder)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"_id": 1, "text": "?"}, r'queries\.jsonl:2: want {"_id"'),
        ({"_id": "q1"}, r'queries\.jsonl:2: want {"_id"'),
        ({"_id": "q1", "text": "?"}, r"queries\.jsonl:2: query 'q1' stands there twice"),
    ],
)
def test_a_query_of_another_form_is_named_by_its_line(tmp_path: Path, record: dict, fault: str):
    folder = write_beir(tmp_path / "set")
    write_lines(folder / "queries.jsonl", [{"_id": "q1", "text": "?"}, record])
    with pytest.raises(LabelsBroken, match=fault):
        read_beir(folder)
