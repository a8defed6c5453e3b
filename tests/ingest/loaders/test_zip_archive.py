import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.zip_archive import open_archive, read_member
from tests.ingest.loaders.factories import make_zip


def test_a_member_is_read():
    assert b"x" == read_member(open_archive(make_zip({"a": "x"})), "a")


def test_a_member_that_is_not_there_is_named():
    with pytest.raises(UnreadableDocument, match="has no b"):
        read_member(open_archive(make_zip({"a": "x"})), "b")


def test_a_bomb_is_refused_before_it_is_unpacked():
    raw = make_zip({f"{n}": b"\0" * 30_000_000 for n in range(9)})
    with pytest.raises(UnreadableDocument, match="unpacks to 9 files of 270000000 bytes"):
        open_archive(raw)


def test_one_huge_member_is_refused_before_it_is_unpacked():
    archive = open_archive(make_zip({"a": b"\0" * 70_000_000}))
    with pytest.raises(UnreadableDocument, match="a unpacks to 70000000 bytes; at most 67108864"):
        read_member(archive, "a")


def test_an_archive_of_too_many_members_is_refused():
    with pytest.raises(UnreadableDocument, match="unpacks to 20001 files"):
        open_archive(make_zip({str(n): "" for n in range(20_001)}))


def test_a_member_that_holds_more_than_it_declares_is_refused():
    size, less = (5000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    raw = make_zip({"a": b"x" * 5000}).replace(size, less)
    with pytest.raises(UnreadableDocument, match="a in it is broken"):
        read_member(open_archive(raw), "a")


def test_an_encrypted_archive_is_refused():
    raw = bytearray(make_zip({"a": "x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    with pytest.raises(UnreadableDocument, match="is encrypted; remove the password"):
        open_archive(bytes(raw))


def test_an_unknown_compression_is_refused():
    raw = bytearray(make_zip({"a": "x"}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        raw[raw.index(mark) + offset] = 99
    with pytest.raises(UnreadableDocument, match="a in it is broken"):
        read_member(open_archive(bytes(raw)), "a")


def test_an_archive_cut_off_anywhere_is_refused():
    raw = make_zip({"a": "x" * 100})
    for n_bytes in range(len(raw) - 1):
        with pytest.raises(UnreadableDocument, match="is not a complete zip archive"):
            open_archive(raw[:n_bytes])
