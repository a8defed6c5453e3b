import gzip
import io
import tarfile

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import SourceMissing
from ingest.sources.contents import read_contents
from ingest.sources.entry import MAX_ENTRY_BYTES
from tests.ingest.sources.factories import faults, make_tar, open_file, take_until_missing, texts


def special(name: str, kind: bytes, target: str = "/etc/passwd") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        tar.addfile(member)
    return packed.getvalue()


def test_members_are_named_by_their_cleaned_paths():
    packed = make_tar([("./a.md", b"1"), ("../../b.md", b"2"), ("/etc/c.md", b"3")])
    assert {"a.md": b"1", "b.md": b"2", "etc/c.md": b"3"} == texts(read_contents(open_file("t.tar", packed)))


def test_a_tar_packed_with_zstandard_is_read():
    packed = zstd.compress(make_tar([("a.md", b"140/90")]))
    assert {"a.md": b"140/90"} == texts(read_contents(open_file("t.tar.zst", packed)))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_devices_and_pipes_are_left_out(kind: bytes):
    assert {} == texts(read_contents(open_file("t.tar", special("a.md", kind))))


def test_a_member_that_is_too_large_is_a_fault_and_the_next_is_read():
    large = tarfile.TarInfo("large.md")
    large.size = MAX_ENTRY_BYTES + 1
    blank = bytes(-large.size % 512 + large.size)
    packed = gzip.compress(large.tobuf() + blank, 1) + gzip.compress(make_tar([("b.md", b"2")]))
    found = list(read_contents(open_file("t.tar.gz", packed)))
    assert {"large.md": "has 67108865 bytes, at most 67108864 are read"} == faults(found)
    assert b"2" == texts(found)["b.md"]


def test_a_header_that_would_fill_the_memory_is_not_read():
    # A name of 60 MiB in a header of the kind that tarfile reads whole.
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 60 * 2**20
    packed = gzip.compress(header.tobuf() + bytes(header.size), 1)
    with pytest.raises(SourceMissing, match="holds a header of more than a MiB"):
        list(read_contents(open_file("t.tar.gz", packed)))


def test_a_bomb_gives_what_came_before_it():
    bomb = tarfile.TarInfo("bomb.md")
    bomb.size = 2**37
    before = make_tar([("a.md", b"1")])[:1024]
    packed = gzip.compress(before + bomb.tobuf() + bytes(80 * 2**20))
    found, reason = take_until_missing(read_contents(open_file("t.tar.gz", packed)))
    assert "a.md" == found[0].name
    assert "at most 300 times its size is read" in reason


def test_a_sparse_member_is_a_fault():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("a.md")
        member.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1099511627776"}
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
        after = tarfile.TarInfo("b.md")
        tar.addfile(after)
    found = faults(read_contents(open_file("t.tar", packed.getvalue())))
    assert {"a.md": "is stored as a sparse file; pack it without --sparse"} == found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_239), st.integers(1, 255))
def test_a_damaged_archive_gives_entries_or_says_so(at: int, change: int):
    packed = bytearray(make_tar([(f"{n}.md", b"%d" % n * 700) for n in range(4)]))
    packed[at] ^= change
    names, reason = read_all_that_can_be(bytes(packed))
    assert reason.startswith("texts") or 4 == len(names) or any(len(name) != 4 for name in names)


def read_all_that_can_be(packed: bytes) -> tuple[list[str], str]:
    names: list[str] = []
    try:
        names.extend(entry.name for entry in read_contents(open_file("t.tar", packed)))
    except SourceMissing as error:
        return names, str(error)
    return names, ""
