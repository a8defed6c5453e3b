import gzip
import os
import shutil
from pathlib import Path

import pytest

from ingest.errors import SourceMissing
from ingest.sources.folder import list_path
from ingest.sources.source import Source
from tests.ingest.sources.factories import faults, make_tar, make_zip, take_until_missing, texts, write


def source(path: Path, **of_source: object) -> Source:
    return Source(str(path), "texts", **of_source)  # type: ignore[arg-type]


def test_entries_carry_the_name_of_their_source(tmp_path: Path):
    write(tmp_path / "a.md")
    assert ["texts"] == [entry.source for entry in list_path(source(tmp_path))]


def test_archives_in_a_folder_give_their_members(tmp_path: Path):
    write(tmp_path / "b.zip", make_zip([("x.md", b"1")]))
    write(tmp_path / "c/d.tar", make_tar([("y.md", b"2")]))
    write(tmp_path / "a.md", b"0")
    expected = {"a.md": b"0", "b.zip!/x.md": b"1", "c/d.tar!/y.md": b"2"}
    assert expected == texts(list_path(source(tmp_path)))


def test_a_broken_archive_does_not_hide_the_files_after_it(tmp_path: Path):
    write(tmp_path / "a.zip", b"no archive")
    write(tmp_path / "b.md", b"2")
    found, reason = take_until_missing(list_path(source(tmp_path)))
    assert {"b.md": b"2"} == texts(found)
    assert reason.startswith("texts/a.zip is not a complete zip archive")


def test_several_broken_parts_are_counted(tmp_path: Path):
    for name in "abcde":
        write(tmp_path / f"{name}.zip", b"no archive")
    _, reason = take_until_missing(list_path(source(tmp_path)))
    assert reason.startswith("texts: 5 parts cannot be read: texts/a.zip is not")


def test_include_and_exclude_choose_files(tmp_path: Path):
    for name in ("a.md", "b.txt", "old/c.md", "d.zip"):
        write(
            tmp_path / name, make_zip([("x.md", b"1"), ("y.txt", b"2")]) if name.endswith("zip") else b"text"
        )
    chosen = list_path(source(tmp_path, include=("*.md",), exclude=("old/**",)))
    assert ["a.md", "d.zip!/x.md"] == [entry.name for entry in chosen]


def test_an_excluded_archive_is_not_opened(tmp_path: Path):
    write(tmp_path / "a.zip", b"no archive")
    assert [] == list(list_path(source(tmp_path, exclude=("a.zip",))))


@pytest.mark.parametrize(
    ("expected", "pattern"),
    [
        (["a.md", "b.md"], "*.md"),
        (["c/d.md"], "*/*.md"),
        (["a.md", "b.md", "c/d.md"], "**/*.md"),
        (["a.md"], "[a]*.md"),
    ],
)
def test_a_glob_chooses_files_by_their_place(tmp_path: Path, expected: list[str], pattern: str):
    for name in ("b.md", "a.md", "c/d.md", "c/e.txt"):
        write(tmp_path / name)
    assert expected == [entry.name for entry in list_path(source(tmp_path / pattern))]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path):
    write(tmp_path / "a[1].md", b"1")
    assert {"": b"1"} == texts(list_path(source(tmp_path / "a[1].md")))


def test_a_glob_that_matches_nothing_is_a_missing_source(tmp_path: Path):
    write(tmp_path / "a.md")
    with pytest.raises(SourceMissing, match=r"\*\.pdf matches no file; correct the pattern"):
        list(list_path(source(tmp_path / "*.pdf")))


def test_a_compressed_file_that_is_named_is_read(tmp_path: Path):
    path = write(tmp_path / "a.md.gz", gzip.compress(b"140/90"))
    assert {"a.md": b"140/90"} == texts(list_path(source(path)))


def test_a_folder_that_vanishes_while_it_is_read_is_incomplete(tmp_path: Path):
    folder = write(tmp_path / "texts" / "a.md").parent
    for name in ("b.md", "c/d.md", "e.md"):
        write(folder / name)
    entries = list_path(source(folder))
    first = next(entries)
    shutil.rmtree(folder)
    rest, reason = take_until_missing(entries)
    assert ("a.md", []) == (first.name, rest)
    assert reason.startswith("texts: 3 parts cannot be read: ")
    assert "vanished while its source was read; run again" in reason


def test_a_file_that_vanishes_does_not_hide_the_next(tmp_path: Path):
    for name in ("a.md", "b.md", "c.md"):
        write(tmp_path / name)
    entries = list_path(source(tmp_path))
    next(entries)
    (tmp_path / "b.md").unlink()
    rest, reason = take_until_missing(entries)
    assert ["c.md"] == [entry.name for entry in rest]
    assert f"{tmp_path}/b.md vanished while its source was read; run again" == reason


def test_a_file_that_became_a_folder_is_left_out(tmp_path: Path):
    for name in ("a.md", "b.md"):
        write(tmp_path / name)
    entries = list_path(source(tmp_path))
    next(entries)
    (tmp_path / "b.md").unlink()
    (tmp_path / "b.md").mkdir()
    assert [] == list(entries)


def test_a_file_whose_disk_fails_is_a_fault():
    # The memory of this process is a file that can be opened, and that no one can read from 0.
    found = list(list_path(Source("/proc/self/mem", "texts")))
    assert {"": "cannot be read: Input/output error"} == faults(found)


def test_a_path_that_is_too_long_is_a_missing_source(tmp_path: Path):
    with pytest.raises(SourceMissing, match="cannot be read: File name too long"):
        list(list_path(source(tmp_path / ("x" * 300))))


def test_a_pipe_is_never_opened(tmp_path: Path):
    os.mkfifo(tmp_path / "a.md")
    assert [] == list(list_path(source(tmp_path)))
