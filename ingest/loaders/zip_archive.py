"""Zip archives that are documents: opened with a limit on what they unpack to."""

import io
import zipfile
import zlib

from ingest.errors import UnreadableDocument

# A textbook with pictures unpacks to some 100 MB; a bomb of 42 kB unpacks to petabytes.
_MAX_UNPACKED_BYTES = 256 * 2**20
_MAX_MEMBER_BYTES = 64 * 2**20
_MAX_MEMBERS = 20_000


def open_archive(raw: bytes) -> zipfile.ZipFile:
    """Open a zip archive.

    Sizes are those that the archive declares; a member that holds more than it declares fails its
    checksum when it is read, and no more than it declares is unpacked.

    Raises:
        UnreadableDocument: No zip archive, encrypted, or larger than the limits.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise UnreadableDocument(f"is not a complete zip archive: {error}") from error
    n_bytes = sum(member.file_size for member in members)
    if len(members) > _MAX_MEMBERS or n_bytes > _MAX_UNPACKED_BYTES:
        raise UnreadableDocument(
            f"unpacks to {len(members)} files of {n_bytes} bytes; at most {_MAX_MEMBERS} of {_MAX_UNPACKED_BYTES}"
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableDocument("is encrypted; remove the password")
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read one member.

    Raises:
        UnreadableDocument: There is none of this name, it is too large, or it is broken.
    """
    try:
        n_bytes = archive.getinfo(name).file_size
        if n_bytes > _MAX_MEMBER_BYTES:
            raise UnreadableDocument(f"{name} unpacks to {n_bytes} bytes; at most {_MAX_MEMBER_BYTES}")
        return archive.read(name)
    except KeyError as error:
        raise UnreadableDocument(f"has no {name}") from error
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise UnreadableDocument(f"{name} in it is broken: {error}") from error
