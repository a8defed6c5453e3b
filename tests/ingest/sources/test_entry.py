import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.entry import Entry, clean_name, encodable, is_left_out, too_large


def test_the_content_hash_is_the_sha256_of_the_bytes():
    assert hashlib.sha256(b"140/90").hexdigest() == Entry("texts", "a.md", b"140/90").content_hash


def test_what_the_source_adds_is_part_of_the_content_hash():
    plain, licensed = Entry("texts", "a.md", b"x"), Entry("texts", "a.md", b"x", defaults="cc0")
    assert plain.content_hash != licensed.content_hash


def test_an_entry_without_bytes_has_no_content_hash_whatever_the_source_adds():
    assert "" == Entry("texts", "a.md", None, "is missing", defaults="cc0").content_hash


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        ("a/b.md", "./a//b.md"),
        ("etc/passwd", "../../etc/passwd"),
        ("etc/passwd", "/etc/passwd"),
        ("Windows/a.md", "C:/Windows/a.md"),
        ("a\\x0ab.md", "a\nb.md"),
        ("高血压.md", "高血压.md"),
        ("", "../.."),
    ],
)
def test_a_name_loses_what_could_point_elsewhere(expected: str, name: str):
    assert expected == clean_name(name)


@given(st.text())
def test_no_name_can_point_out_of_its_archive(name: str):
    assert not {".", ".."} & set(clean_name(name).split("/"))
    assert not clean_name(name).startswith("/")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_clean_name_stays_as_it_is(name: str):
    once = clean_name(name)
    assert once == clean_name(once)


def test_half_a_character_is_written_with_an_escape():
    assert "caf\\udce9" == encodable("caf\udce9")


@pytest.mark.parametrize(
    "name",
    [".a.md", "b/.git/a.md", "README.md", "b/License", "b/readme.txt", "golden.jsonl", "b/golden.jsonl"],
)
def test_hidden_names_and_names_of_files_about_the_collection_are_left_out(name: str):
    assert is_left_out(name)


@pytest.mark.parametrize(
    "name", ["a.md", "b/reading.md", "readme-heart.md", "license/a.md", "golden.md", "golden"]
)
def test_other_names_are_kept(name: str):
    assert not is_left_out(name)


def test_a_size_that_nobody_counted_is_said_to_be_more_than_the_most():
    assert "has more than 67108864 bytes, at most 67108864 are read" == too_large(None)
