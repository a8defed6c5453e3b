import bz2
import gzip
import io
import lzma
import re

import pytest
from backports import zstd

from ingest.errors import SourceMissing
from ingest.sources.unpacking import MAX_UNPACKED_BYTES, RATIO_FLOOR_BYTES, Unpacked, check_size

PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
    "plain": bytes,
}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_the_compression_is_told_by_the_first_bytes(pack):
    assert b"140/90 mmHg" * 999 == Unpacked(io.BytesIO(pack(b"140/90 mmHg" * 999)), "a").readall()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_a_bomb_is_stopped_with_numbers(pack):
    bomb = pack(bytes(RATIO_FLOOR_BYTES + 2**18))
    with pytest.raises(SourceMissing, match=r"a\.gz unpacks \d+ bytes to \d+ or more; at most 300 times"):
        io.BufferedReader(Unpacked(io.BytesIO(bomb), "a.gz"), 2**20).read()


def test_no_archive_may_unpack_to_more_than_the_most():
    with pytest.raises(SourceMissing, match=f"unpacks to more than {MAX_UNPACKED_BYTES} bytes"):
        check_size(MAX_UNPACKED_BYTES + 1, MAX_UNPACKED_BYTES, "a.zip")


def test_a_small_file_may_be_packed_as_tightly_as_it_likes():
    check_size(RATIO_FLOOR_BYTES, 1, "a.zip")


def test_more_than_was_allowed_is_not_read():
    unpacked = Unpacked(io.BytesIO(bytes(3000)), "a.tar")
    unpacked.allow(1000)
    with pytest.raises(SourceMissing, match=re.escape("a.tar holds a header of more than a MiB")):
        unpacked.readall()


def test_a_stream_that_is_cut_short_is_an_error():
    packed = gzip.compress(b"140/90" * 9999)
    with pytest.raises(EOFError):
        Unpacked(io.BytesIO(packed[: len(packed) // 2]), "a.gz").readall()
