"""Where documents come from: files, folders and tar archives."""

import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from ingest.errors import SourceMissing

# A reference text of this size is a fault, not a book: the longest drug label known has 2 MB.
MAX_ENTRY_BYTES = 64 * 2**20

_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Entry:
    """One candidate document: a file, or a member of an archive.

    `source` is the absolute path named by the user, `name` the path below it, and `raw` the bytes
    (None when they are missing, with the reason in `fault`).
    """

    source: str
    name: str
    raw: bytes | None
    fault: str = ""

    @property
    def path(self) -> str:
        """The place of the entry, for people."""
        return f"{self.source}/{self.name}" if self.name else self.source

    @cached_property
    def content_hash(self) -> str:
        """Sha256 of the bytes, 64 hexadecimal digits; empty when there are none."""
        return hashlib.sha256(self.raw).hexdigest() if self.raw is not None else ""


def list_entries(source: Path) -> Iterator[Entry]:
    """Read a source entry by entry, sorted by name, one entry in memory at a time.

    Hidden files and files that describe a collection (README, LICENSE) are left out; links are
    followed only for the source itself, so that a link cannot bring in a file from elsewhere.

    Raises:
        SourceMissing: The source does not exist or the archive is broken; entries before the
            break have been yielded by then.
    """
    source = source.absolute()
    if source.is_dir():
        yield from _list_folder(source)
    elif source.name.lower().endswith(_TAR_SUFFIXES) and source.is_file():
        yield from _list_tar(source)
    elif source.is_file():
        yield _read_file(str(source), "", source)
    else:
        raise SourceMissing(f"{source} does not exist; name a file, a folder or a tar archive")


def _list_folder(folder: Path) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and not _is_left_out(name):
            yield _read_file(str(folder), name, path)


def _read_file(source: str, name: str, path: Path) -> Entry:
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_ENTRY_BYTES:
            return Entry(source, name, None, _too_large(n_bytes))
        return Entry(source, name, path.read_bytes())
    except OSError as error:
        return Entry(source, name, None, f"cannot be read: {error.strerror or error}")


def _list_tar(archive: Path) -> Iterator[Entry]:
    try:
        with tarfile.open(archive, mode="r|*") as tar:
            for member in tar:
                if member.isfile() and not _is_left_out(member.name.removeprefix("./")):
                    yield _read_member(str(archive), tar, member)
    except (tarfile.TarError, EOFError, OSError, zlib.error, LZMAError) as error:
        raise SourceMissing(f"{archive} is not a complete tar archive: {error}") from error


def _read_member(source: str, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    if member.size > MAX_ENTRY_BYTES:
        return Entry(source, member.name, None, _too_large(member.size))
    file = tar.extractfile(member)
    return Entry(source, member.name, file.read() if file else b"")


def _is_left_out(name: str) -> bool:
    path = PurePosixPath(name)
    return any(part.startswith(".") for part in path.parts) or path.stem.lower() in ("readme", "license")


def _too_large(n_bytes: int) -> str:
    return f"has {n_bytes} bytes, at most {MAX_ENTRY_BYTES} are read"
