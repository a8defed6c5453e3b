"""Tar archives, plain and compressed."""

import io
import tarfile
from collections.abc import Iterator
from typing import IO, Self, cast

from ingest.errors import SourceMissing
from ingest.sources.entry import Entry, clean_name, is_left_out
from ingest.sources.file import File
from ingest.sources.unpacking import UNPACK_ERRORS, Unpacked

_BUFFER_BYTES = 256 * tarfile.BLOCKSIZE
_DRAIN_BYTES = 2**20
# Headers hold names, owners and dates. With what is read ahead this is a thousand times enough.
_HEADER_BYTES = 2**20 + _BUFFER_BYTES


def tar_members(file: File) -> Iterator[File | Entry]:
    """Open the members of a tar archive in the order in which they lie.

    Raises:
        SourceMissing: The archive is broken, cut short, or made to fill the machine.
    """
    try:
        unpacked = Unpacked(file.stream, file.place)
        unpacked.allow(_HEADER_BYTES)
        with tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_Header, bufsize=_BUFFER_BYTES) as tar:
            while (member := tar.next()) is not None:
                unpacked.allow(member.size + _HEADER_BYTES)
                yield from _open(file, tar, member)
                tar.members = []  # type: ignore[attr-defined]  # it keeps every header that it has seen
                unpacked.allow(_HEADER_BYTES + (member.size if member.issparse() else 0))
    except UNPACK_ERRORS as error:
        raise _broken(file, error) from error


def _open(archive: File, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[File | Entry]:
    packed = tar.extractfile(member) if member.isreg() else None
    if packed is None:
        return
    name = clean_name(member.name)
    full = f"{archive.name}!/{name}" if archive.name else name
    if member.issparse():
        yield archive.fault(full, "is stored as a sparse file; pack it without --sparse")
    elif name and not is_left_out(name) and archive.source.admits(full):
        stream = cast(IO[bytes], _Member(packed, archive))
        yield File(archive.source, full, name, stream, member.size, is_member=True)
    if not member.issparse():
        # To the end, so that the next bytes are a header and `allow` can tell a false one.
        while packed.read(_DRAIN_BYTES):
            pass


def _broken(archive: File, error: Exception) -> SourceMissing:
    return SourceMissing(f"{archive.place} is not a complete tar archive: {error}")


class _Member(io.RawIOBase):
    """The bytes of a member. Where they break off, the archive does, and not the member alone."""

    def __init__(self, packed: IO[bytes], archive: File) -> None:
        self._packed = packed
        self._archive = archive
        self._n_bytes = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._n_bytes

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        try:
            read = self._packed.read(len(buffer))
        except UNPACK_ERRORS as error:
            raise _broken(self._archive, error) from error
        buffer[: len(read)] = read
        self._n_bytes += len(read)
        return len(read)


class _Header(tarfile.TarInfo):
    """The header of a member. A broken one is an error.

    `tarfile` takes any header that it cannot read, and a missing one, for the end of the archive;
    half an archive would look complete and the documents of the other half be removed.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header; only a block of zeros ends the archive."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise
            raise tarfile.ReadError(f"broken header: {error}") from error
