import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.sources import Entry
from tests.knowledge.factories import laws


def make_entry(name: str, raw: bytes | None = b"# Gout\n\nUrate.", fault: str = "") -> Entry:
    return Entry("/texts", name, raw, fault)


@pytest.mark.parametrize("name", ["a/gout.md", "a/gout.MARKDOWN", "a/gout.txt"])
def test_the_suffix_chooses_the_loader_and_is_no_part_of_the_id(name: str):
    assert "a/gout" == load_document(make_entry(name)).imprint.document_id


@laws
@given(
    st.sampled_from(["a.md", "a.txt", "a.xml"]), st.binary(max_size=60) | st.text(max_size=60).map(str.encode)
)
def test_any_bytes_become_a_document_or_are_refused(name: str, raw: bytes):
    try:
        document = load_document(make_entry(name, raw))
    except UnreadableDocument:
        return
    assert 32 == len(document.revision)


def test_only_the_last_suffix_is_cut():
    assert "gout.v2" == load_document(make_entry("gout.v2.md")).imprint.document_id


def test_a_source_that_is_a_file_is_named_by_its_own_name():
    entry = Entry("/texts/gout.md", "", b"# Gout\n\nUrate.")
    assert "gout" == load_document(entry).imprint.document_id


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (make_entry("a.rtf"), r"format .\.rtf. is not read; known: "),
        (make_entry("a"), "format 'without suffix' is not read"),
        (make_entry("a.md", b""), "is empty"),
        (make_entry("a.md", b" \n\t"), "is empty"),
        (make_entry("a.md", b"---\nid: a\n---\n\n"), "holds no text"),
        (make_entry("a.txt", b"\xef\xbb\xbf \n"), "holds no text"),
        (make_entry("a.md", None, "has 9 bytes, at most 8 are read"), "has 9 bytes"),
    ],
    ids=["format", "no suffix", "empty", "blank", "front matter only", "mark only", "not read"],
)
def test_an_entry_that_is_no_document_says_why(entry: Entry, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load_document(entry)
