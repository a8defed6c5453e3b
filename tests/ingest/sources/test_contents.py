import bz2
import gzip
import io
import lzma
from dataclasses import replace

import pytest
from backports import zstd

from ingest.errors import SourceMissing
from ingest.sources.contents import read_contents, read_up_to
from ingest.sources.entry import MAX_ENTRY_BYTES
from tests.ingest.sources.factories import faults, make_tar, make_zip, open_file, texts


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstd.compress)],
)
def test_a_compressed_document_is_read_under_its_own_name(suffix: str, pack):
    assert {"a.md": b"140/90"} == texts(read_contents(open_file(f"a.md.{suffix}", pack(b"140/90"))))


def test_a_compressed_document_that_is_cut_short_is_a_fault():
    packed = gzip.compress(b"140/90 " * 999)
    found = faults(read_contents(open_file("a.md.gz", packed[:-12])))
    assert {"a.md"} == set(found)
    assert "cannot be read: Compressed file ended" in found["a.md"]


def test_a_compressed_document_that_is_too_large_is_a_fault():
    found = faults(read_contents(open_file("a.md.gz", gzip.compress(bytes(MAX_ENTRY_BYTES + 1), 1))))
    assert {"a.md": f"has more than {MAX_ENTRY_BYTES} bytes, at most {MAX_ENTRY_BYTES} are read"} == found


def test_an_empty_file_is_an_entry_without_text():
    assert {"": b""} == texts(read_contents(open_file("a.md", b"")))


def test_an_archive_below_a_source_is_part_of_its_members_names():
    file = replace(open_file("t.zip", make_zip([("a.md", b"1")])), name="old/t.zip")
    assert {"old/t.zip!/a.md": b"1"} == texts(read_contents(file))


def test_a_compressed_tar_in_an_archive_is_a_fault_too():
    packed = make_tar([("inner.tar.gz", gzip.compress(make_tar([("a.md", b"1")])))])
    assert {"inner.tar.gz"} == set(faults(read_contents(open_file("t.tar", packed))))


def test_a_compressed_document_in_a_tar_is_read():
    packed = make_tar([("a.md.gz", gzip.compress(b"140/90")), ("b.md", b"2")])
    assert {"a.md": b"140/90", "b.md": b"2"} == texts(read_contents(open_file("t.tar", packed)))


@pytest.mark.parametrize("filename", ["t.tar", "t.tar.gz", "t.tar.xz", "t.tar.zst", "t.zip"])
def test_an_empty_archive_file_is_a_missing_source(filename: str):
    with pytest.raises(SourceMissing, match=r"texts is not a complete (tar|zip) archive"):
        list(read_contents(open_file(filename, b"")))


def test_no_more_is_read_than_asked_for():
    assert bytes(5) == read_up_to(io.BytesIO(bytes(9)), 5)
