from pathlib import Path

import pytest

from ingest.errors import GoldenBroken
from ingest.golden import FILE_NAME, GoldenQuestion, load_golden
from ingest.sources import list_entries
from scripts.bootstrap import ROOT
from tests.ingest.factories import PRESSURE, write_texts

LINE = '{"question": "血压多少算高？", "documents": ["pressure"]}'


def write_golden(folder: Path, *lines: str | bytes) -> Path:
    """Write a file of golden questions into a folder."""
    folder.mkdir(exist_ok=True)
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    (folder / FILE_NAME).write_bytes(b"\n".join(raw))
    return folder


def test_a_question_has_its_documents_and_its_language(tmp_path: Path):
    folder = write_golden(tmp_path, LINE, '{"question": "What is high?", "documents": ["a", "b"]}')
    assert [
        GoldenQuestion("血压多少算高？", frozenset({"pressure"}), "zh"),
        GoldenQuestion("What is high?", frozenset({"a", "b"}), "en"),
    ] == load_golden([folder])


def test_the_questions_of_all_folders_are_read(tmp_path: Path):
    folders = [write_golden(tmp_path / name, LINE) for name in ("one", "two")]
    assert 2 == len(load_golden(folders))


def test_a_folder_without_questions_has_none(tmp_path: Path):
    assert [] == load_golden([tmp_path])


@pytest.mark.parametrize("name", ["https://example.org/texts", "texts.tar.gz", "texts/*.md", "reader:a:B"])
def test_a_source_that_is_no_folder_has_none(name: str):
    assert [] == load_golden([Path(name)])


def test_empty_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path):
    assert 1 == len(load_golden([write_golden(tmp_path, b"\xef\xbb\xbf" + LINE.encode(), "", "  ")]))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        (b"\xff", "is not JSON"),
        ("[]", "want {"),
        ("7", "want {"),
        ('{"question": "What?"}', "want {"),
        ('{"question": "What?", "documents": []}', "want {"),
        ('{"question": "What?", "documents": "pressure"}', "want {"),
        ('{"question": "What?", "documents": ["pressure", []]}', "want {"),
        ('{"question": " ", "documents": ["pressure"]}', "want {"),
        ('{"question": 7, "documents": ["pressure"]}', "want {"),
    ],
)
def test_a_broken_line_is_named_by_file_and_number(tmp_path: Path, line: str | bytes, reason: str):
    folder = write_golden(tmp_path, LINE, "", line)
    with pytest.raises(GoldenBroken) as caught:
        load_golden([folder])
    assert str(caught.value).startswith(f"{folder / FILE_NAME}:3: {reason}")


def test_golden_questions_are_no_document(tmp_path: Path):
    folder = write_texts(write_golden(tmp_path / "texts", LINE), pressure=PRESSURE)
    assert ["pressure.md"] == [entry.name for entry in list_entries(folder)]


def test_the_golden_questions_of_the_sample_texts_name_documents_that_exist():
    starter = ROOT / "knowledge" / "starter"
    named = {document_id for each in load_golden([starter]) for document_id in each.document_ids}
    assert set() == named - {path.stem for path in starter.glob("*.md")}
