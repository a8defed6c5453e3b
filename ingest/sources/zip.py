"""Zip archives."""

import stat
import zipfile
from collections.abc import Iterator

from ingest.errors import SourceMissing
from ingest.sources.entry import Entry, clean_name, is_left_out
from ingest.sources.file import File
from ingest.sources.unpacking import UNPACK_ERRORS, check_size

_ENCRYPTED = 0x1
_UTF8 = 0x800


def zip_members(file: File) -> Iterator[File | Entry]:
    """Open the members of a zip archive, sorted by name; of two of one name the later one.

    Raises:
        SourceMissing: The archive is broken, cut short, or made to fill the machine.
    """
    try:
        archive = zipfile.ZipFile(file.stream)
    except UNPACK_ERRORS as error:
        raise SourceMissing(f"{file.place} is not a complete zip archive: {error}") from error
    with archive:
        listed = {_name(member): member for member in archive.infolist() if not member.is_dir()}
        check_size(
            sum(member.file_size for member in listed.values()),
            sum(member.compress_size for member in listed.values()),
            file.place,
        )
        for name, member in sorted(listed.items()):
            full = f"{file.name}!/{name}" if file.name else name
            if name and not _is_link(member) and not is_left_out(name) and file.source.admits(full):
                yield from _open(file, archive, member, full)


def _open(file: File, archive: zipfile.ZipFile, member: zipfile.ZipInfo, full: str) -> Iterator[File | Entry]:
    if member.flag_bits & _ENCRYPTED:
        yield file.fault(full, "is encrypted; put it into the archive without a password")
        return
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The others have no bound on what a few bytes unpack to.
        yield file.fault(full, f"is packed with method {member.compress_type}; pack it with deflate")
        return
    try:
        stream = archive.open(member)
    except (*UNPACK_ERRORS, NotImplementedError) as error:
        yield file.fault(full, f"cannot be unpacked: {error}")
        return
    with stream:
        yield File(file.source, full, _name(member), stream, member.file_size, is_member=True)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _name(member: zipfile.ZipInfo) -> str:
    """Decode a member's name: Windows in China packs in GBK and does not say so."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        stored = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = stored.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return clean_name(name.replace("\\", "/"))
