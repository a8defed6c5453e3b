"""Compressed streams, unpacked as they are read and never to disk, with limits against bombs."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any, cast

from ingest.errors import SourceMissing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK_ERRORS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    tarfile.TarError,
    zipfile.BadZipFile,
)
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")

# Text packs to a tenth, tables of repeated values to a hundredth; what unpacks to more than this is
# made to fill a machine. Below the floor nothing is filled and the ratio of a short file says little.
MAX_RATIO = 300
RATIO_FLOOR_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 32 * 2**30

_MAGIC: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a stream, whose compression is told by its first bytes.

    Raises:
        SourceMissing: On reading, when more comes out than `check_size` or `allow` admits.
    """

    def __init__(self, stream: IO[bytes], place: str) -> None:
        packed = buffered(stream)
        head = packed.peek(6)
        unpack = next((unpack for magic, unpack in _MAGIC.items() if head.startswith(magic)), None)
        self._packed = packed
        self._plain = unpack(packed) if unpack else packed
        self._place = place
        self._n_bytes = 0
        self._allowed = sys.maxsize

    def allow(self, n_bytes: int) -> None:
        """Let so many more bytes through: `tarfile` reads a header of any size into memory."""
        self._allowed = self._n_bytes + n_bytes

    def readable(self) -> bool:
        """True: this is what makes it a stream to read from."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        """Fill a buffer with the next bytes."""
        # Not read(): where the stream breaks off, that would lose what came out before.
        read: bytes = self._plain.read1(len(buffer))
        buffer[: len(read)] = read
        self._n_bytes += len(read)
        check_size(self._n_bytes, self._packed.tell(), self._place)
        if self._n_bytes > self._allowed:
            raise SourceMissing(f"{self._place} holds a header of more than a MiB; it was made to harm")
        return len(read)


def buffered(stream: IO[bytes]) -> io.BufferedReader:
    """Put a buffer before a stream that has none: without one, lines are read byte by byte."""
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))


def check_size(n_unpacked: int, n_packed: int, place: str) -> None:
    """Check that an archive is not made to fill the machine.

    Raises:
        SourceMissing: It unpacks to more than `MAX_UNPACKED_BYTES`, or, above
            `RATIO_FLOOR_BYTES`, to more than `MAX_RATIO` times its size.
    """
    if n_unpacked > MAX_UNPACKED_BYTES:
        raise SourceMissing(
            f"{place} unpacks to more than {MAX_UNPACKED_BYTES} bytes, the most that is read; split it"
        )
    if n_unpacked > max(RATIO_FLOOR_BYTES, MAX_RATIO * n_packed):
        raise SourceMissing(
            f"{place} unpacks {n_packed} bytes to {n_unpacked} or more; at most {MAX_RATIO} times its size is "
            "read. If it is no bomb, unpack it and name the folder"
        )
