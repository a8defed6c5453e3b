"""Small makers of sources, archives and files for the tests."""

import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from ingest.errors import SourceMissing
from ingest.sources import Entry
from ingest.sources.file import File
from ingest.sources.source import Source


def write(path: Path, content: bytes = b"text") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def make_tar(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack members into a plain tar archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def make_zip(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack members into a zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()


def open_file(filename: str, content: bytes, **of_source: object) -> File:
    """Open a file of this name and content as the source `texts`."""
    source = Source(filename, "texts", **of_source)  # type: ignore[arg-type]
    return File(source, "", filename, io.BytesIO(content), len(content))


def texts(entries: Iterable[Entry]) -> dict[str, bytes]:
    """Give the bytes of entries by name."""
    return {entry.name: entry.raw or b"" for entry in entries}


def faults(entries: Iterable[Entry]) -> dict[str, str]:
    """Give the faults of entries by name."""
    return {entry.name: entry.fault for entry in entries if entry.raw is None}


def take_until_missing(entries: Iterable[Entry]) -> tuple[list[Entry], str]:
    """Read entries until the source turns out to be incomplete; give them and the reason."""
    found: list[Entry] = []
    try:
        found.extend(entries)
    except SourceMissing as error:
        return found, str(error)
    raise AssertionError("the source was read to its end")
