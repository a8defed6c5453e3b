from pathlib import Path

import pytest

from ingest.evaluation.errors import LabelsBroken
from ingest.evaluation.json_lines import read_json_lines


def test_every_object_comes_with_its_place(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"b": 2}\n')
    assert [(f"{path}:1", {"a": 1}), (f"{path}:3", {"b": 2})] == list(read_json_lines(path))


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(LabelsBroken, match=r"none\.jsonl cannot be read: No such file"):
        list(read_json_lines(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("line", "fault"), [("{", "is not JSON"), ("[1]", "is a JSON list; write one object")]
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str, fault: str):
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n" + line)
    with pytest.raises(LabelsBroken, match=rf"a\.jsonl:2 {fault}"):
        list(read_json_lines(path))
