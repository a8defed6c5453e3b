import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import SourceMissing
from ingest.sources import list_entries
from ingest.sources.contents import read_contents
from ingest.sources.record import cut_table, holds_topics
from tests.ingest.sources.factories import faults, make_zip, open_file, take_until_missing, texts, write


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def topic(name: str) -> dict[str, str]:
    return {"id": name, "title": name, "text": f"About {name}."}


class Endless(io.RawIOBase):
    """A stream of pieces that are made when they are read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = next(self._pieces, b"")
        buffer[: len(piece)] = piece
        return len(piece)


def test_every_line_is_an_entry_named_by_its_file_and_its_id(tmp_path: Path):
    path = write(tmp_path / "topics.jsonl", lines(topic("heart"), topic("lung")))
    assert ["topics.jsonl#heart", "topics.jsonl#lung"] == [entry.name for entry in list_entries(path)]


def test_an_unchanged_record_keeps_its_hash_when_another_is_put_before_it():
    before = list(read_contents(open_file("a.jsonl", lines(topic("heart")))))
    after = list(read_contents(open_file("a.jsonl", lines(topic("lung"), topic("heart")))))
    assert before[0] == after[1]


def test_empty_lines_are_no_records():
    found = read_contents(open_file("a.jsonl", b"\n" + lines(topic("heart")) + b"\n \n"))
    assert ["a.jsonl#heart"] == [entry.name for entry in found]


def test_a_line_that_cannot_be_read_is_a_fault_and_the_rest_is_read():
    content = lines(topic("heart")) + b'{"id": \n' + lines(topic("lung"))
    found, reason = take_until_missing(read_contents(open_file("a.jsonl", content)))
    assert ["a.jsonl#line-2"] == list(faults(found))
    assert {"a.jsonl#heart", "a.jsonl#lung"} < set(texts(found))
    assert reason.startswith("texts: 1 lines cannot be read (2); until they are put right, no record counts")


def test_a_line_of_300_mb_is_a_fault_and_takes_no_memory():
    pieces = [lines(topic("heart")), *([b"x" * 8192] * (300 * 2**20 // 8192)), b"\n", lines(topic("lung"))]
    file = replace(open_file("a.jsonl", b""), stream=io.BufferedReader(Endless(pieces)), n_bytes=None)
    tracemalloc.start()
    found, _ = take_until_missing(read_contents(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {"a.jsonl#line-2": "line 2: has more than 67108864 bytes, at most 67108864 are read"} == faults(
        found
    )
    assert {"a.jsonl#heart", "a.jsonl#lung"} < set(texts(found))
    assert peak < 140 * 2**20


def test_a_long_file_is_never_held_in_memory():
    pieces = (lines(topic(f"t{n}")) for n in range(5_000))
    file = replace(open_file("a.jsonl", b""), stream=io.BufferedReader(Endless(pieces)), n_bytes=None)
    tracemalloc.start()
    assert 5_000 == sum(1 for _ in read_contents(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_compressed_file_gives_its_records_under_its_own_name():
    found = read_contents(open_file("a.jsonl.gz", gzip.compress(lines(topic("heart")))))
    assert ["a.jsonl#heart"] == [entry.name for entry in found]


def test_a_file_that_is_cut_short_is_incomplete_after_what_could_be_read():
    packed = gzip.compress(lines(*(topic(f"t{n}") for n in range(999))), 1)
    found, reason = take_until_missing(read_contents(open_file("a.jsonl.gz", packed[: len(packed) // 2])))
    assert "a.jsonl#t0" == found[0].name
    assert reason.startswith("texts/a.jsonl cannot be read to its end: Compressed file ended")


def test_records_in_an_archive_are_entries():
    packed = make_zip([("a.jsonl", lines(topic("heart"))), ("b.md", b"2")])
    assert ["a.jsonl#heart", "b.md"] == [entry.name for entry in read_contents(open_file("t.zip", packed))]


def test_a_broken_line_in_an_archive_does_not_hide_the_next_member():
    packed = make_zip([("a.jsonl", b"{\n"), ("b.md", b"2")])
    found, _ = take_until_missing(read_contents(open_file("t.zip", packed)))
    assert ["a.jsonl#line-1", "b.md"] == [entry.name for entry in found]


@pytest.mark.parametrize("filename", ["a.csv", "a.tsv"])
def test_every_row_of_a_table_is_an_entry(filename: str):
    comma = "," if filename == "a.csv" else "\t"
    rows = [["id", "title", "text"], ["1", "heart", "Beats"], ["2", "lung", "Breathes"]]
    content = "\n".join(comma.join(row) for row in rows).encode()
    found = read_contents(open_file(filename, content))
    assert [f"{filename}#1", f"{filename}#2"] == [entry.name for entry in found]


def test_columns_say_which_field_is_which():
    content = b"code,drug,leaflet\n7,Aspirin,For pain\n"
    columns = {"id": "code", "title": "drug", "text": ("leaflet",)}
    found = list(read_contents(open_file("a.csv", content, columns=columns)))
    assert {"a.csv#7": {"id": "7", "title": "Aspirin", "text": "For pain"}} == {
        entry.name: json.loads(entry.raw or b"") for entry in found
    }


def test_two_records_of_one_id_are_both_read(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", lines({"id": "1", "text": "a"}, {"id": "1", "text": "b"}))
    assert ["a.jsonl#1", "a.jsonl#1~2"] == [entry.name for entry in list_entries(path) if entry.raw]


def test_a_record_is_marked_as_one():
    assert [True] == [entry.is_record for entry in read_contents(open_file("a.jsonl", lines(topic("heart"))))]


@pytest.mark.parametrize("content", [b"", b"\n", b"id,title,text\n"])
@pytest.mark.parametrize("filename", ["a.csv", "a.jsonl"])
def test_a_file_without_records_is_incomplete(filename: str, content: bytes):
    with pytest.raises(SourceMissing, match=r"texts(: .* lines cannot be read| holds no record)"):
        list(read_contents(open_file(filename, content)))


def test_every_member_of_an_array_is_an_entry():
    content = json.dumps([topic("heart"), topic("lung")]).encode()
    assert ["a.json#heart", "a.json#lung"] == [e.name for e in read_contents(open_file("a.json", content))]


def test_an_array_that_is_broken_is_a_missing_source():
    with pytest.raises(SourceMissing, match="texts: its records cannot be read: "):
        list(read_contents(open_file("a.json", b'[{"id": "heart"}, {"id')))


def test_an_array_that_is_too_long_says_what_to_do():
    with pytest.raises(
        SourceMissing, match=r"more than 67108864 bytes.*; write JSON Lines, which are read line by line"
    ):
        list(read_contents(open_file("a.json", b"[" + b" " * 2**26 + b"]")))


def test_a_quote_that_is_not_closed_is_a_missing_source():
    content = b'id,title,text\n1,heart,"never closed\n' + (b"x" * 99 + b"\n") * (2**26 // 100 + 1)
    with pytest.raises(SourceMissing, match=r"a row has more than 67108864 bytes.*; look for a quote"):
        list(read_contents(open_file("a.csv", content)))


def test_topics_of_medlineplus_are_entries():
    content = b"""<?xml version="1.0"?><!DOCTYPE health-topics PUBLIC "-//NLM//DTD" "x.dtd">
<health-topics><health-topic id="1" title="Heart" url="https://m.gov/heart.html" language="English">
<full-summary>Beats.</full-summary></health-topic><health-topic id="2" title="Lung" language="English"
url="https://m.gov/lung.html"><full-summary>Breathes.</full-summary></health-topic></health-topics>"""
    names = [entry.name for entry in read_contents(open_file("topics.xml", content))]
    assert 2 == len(set(names))
    assert all(name.startswith("topics.xml#") for name in names)


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        (True, b"<health-topics total='2'>"),
        (True, b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><health-topics>'),
        (False, b"<health-topics-list>"),
        (False, b"<Document><health-topics>"),
        (False, b""),
    ],
)
def test_the_root_tells_a_list_of_topics(expected: bool, content: bytes):
    assert expected is holds_topics(content)


_CELLS = st.text(st.sampled_from('ab,"\n血压'), max_size=6)


@given(
    st.lists(st.tuples(_CELLS, _CELLS), max_size=12),
    st.integers(1, 60),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_the_blocks_of_a_table_hold_all_its_rows(
    rows: list[tuple[str, str]], block_bytes: int, encoding: str
):
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *rows])
    blocks = list(cut_table(io.BytesIO(written.getvalue().encode(encoding)), block_bytes))
    read = [list(csv.reader(io.StringIO(block.decode(encoding), newline=""))) for block in blocks]
    assert all(["id", "text"] == block[0] for block in read)
    assert [list(row) for row in rows] == [row for block in read for row in block[1:]]
