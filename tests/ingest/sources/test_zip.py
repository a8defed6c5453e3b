import io
import os
import stat
import struct
import zipfile

import pytest

from ingest.errors import SourceMissing
from ingest.sources.contents import read_contents
from ingest.sources.entry import MAX_ENTRY_BYTES
from tests.ingest.sources.factories import faults, make_zip, open_file, texts


def read(packed: bytes, **of_source: object):
    return list(read_contents(open_file("t.zip", packed, **of_source)))


def test_members_come_sorted_by_name():
    packed = make_zip([("b.md", b"2"), ("a/c.md", b"3"), ("a.md", b"1")])
    assert ["a.md", "a/c.md", "b.md"] == [entry.name for entry in read(packed)]


@pytest.mark.parametrize(
    ("expected", "name"),
    [("a.md", "../../a.md"), ("etc/a.md", "/etc/a.md"), ("b/a.md", "b\\a.md"), ("b/a.md", "C:\\b\\a.md")],
)
def test_names_cannot_point_out_of_the_archive(expected: str, name: str):
    assert {expected: b"1"} == texts(read(make_zip([(name, b"1")])))


def test_of_two_members_of_one_name_the_later_is_read():
    packed = make_zip([("a.md", b"old"), ("./a.md", b"new")])
    assert {"a.md": b"new"} == texts(read(packed))


def test_a_name_in_gbk_is_read():
    stored = "高血压.md".encode("gb18030")
    packed = make_zip([("X" * len(stored), b"1")]).replace(b"X" * len(stored), stored)
    assert {"高血压.md": b"1"} == texts(read(packed))


def test_a_link_is_left_out():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("a.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert [] == read(packed.getvalue())


def test_an_encrypted_member_is_a_fault_and_the_rest_is_read():
    packed = bytearray(make_zip([("a.md", b"secret"), ("b.md", b"2")], zipfile.ZIP_STORED))
    at = packed.index(b"PK\x01\x02")
    packed[at + 8 : at + 10] = struct.pack("<H", 1)
    found = read(bytes(packed))
    assert {"a.md": "is encrypted; put it into the archive without a password"} == faults(found)
    assert b"2" == texts(found)["b.md"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_without_a_bound_is_a_fault(method: int):
    packed = make_zip([("a.md", b"1" * 99)], method)
    assert {"a.md": f"is packed with method {method}; pack it with deflate"} == faults(read(packed))


def test_a_damaged_member_is_a_fault_and_the_rest_is_read():
    body = os.urandom(2000)
    packed = make_zip([("a.md", body), ("b.md", b"2")], zipfile.ZIP_STORED)
    at = packed.index(body)
    found = read(packed[:at] + bytes(10) + packed[at + 10 :])
    assert {"a.md": "cannot be read: Bad CRC-32 for file 'a.md'"} == faults(found)
    assert b"2" == texts(found)["b.md"]


def test_a_member_that_is_too_large_is_not_read():
    packed = make_zip([("a.md", bytes(MAX_ENTRY_BYTES + 1))], zipfile.ZIP_STORED)
    assert {"a.md": f"has {MAX_ENTRY_BYTES + 1} bytes, at most {MAX_ENTRY_BYTES} are read"} == faults(
        read(packed)
    )


def test_a_bomb_is_not_opened():
    packed = make_zip([(f"{n}.md", bytes(30 * 2**20)) for n in range(3)])
    with pytest.raises(
        SourceMissing, match=r"texts unpacks \d+ bytes to 94371840 or more; at most 300 times"
    ):
        read(packed)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_an_archive_that_is_cut_short_is_a_missing_source(share: float):
    packed = make_zip([(f"{n}.md", os.urandom(999)) for n in range(9)])
    with pytest.raises(SourceMissing, match="texts is not a complete zip archive"):
        read(packed[: int(len(packed) * share)])


def test_an_archive_in_an_archive_is_a_fault():
    packed = make_zip([("inner.zip", make_zip([("a.md", b"1")])), ("b.md", b"2")])
    found = read(packed)
    assert {"inner.zip": "is an archive in an archive; unpack the outer one"} == faults(found)
    assert b"2" == texts(found)["b.md"]


def test_globs_choose_members():
    packed = make_zip([("a.md", b"1"), ("old/b.md", b"2"), ("c.txt", b"3")])
    assert {"a.md": b"1"} == texts(read(packed, include=("*.md",), exclude=("old/**",)))


def test_nothing_is_written_to_disk(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    read(make_zip([("../a.md", b"1"), ("b.md", b"2")]))
    assert [] == list(tmp_path.iterdir())
