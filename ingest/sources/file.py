"""A file of a source, open for reading, before it is known how many documents it holds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from ingest.errors import SourceMissing
from ingest.sources.entry import Entry
from ingest.sources.source import Source

# More reasons than this are a wall of text; the number of all of them is told.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class File:
    """An open file.

    `name` is its place below the source, empty for the source itself; `filename` has the suffix
    that names its format; `n_bytes` is None where nobody knows it before the end.
    """

    source: Source
    name: str
    filename: str
    stream: IO[bytes]
    n_bytes: int | None = None
    is_member: bool = False
    media_type: str = ""
    etag: str = ""
    url: str = ""

    @property
    def place(self) -> str:
        """The place of the file, for people."""
        return f"{self.source.name}/{self.name}" if self.name else self.source.name

    def entry(self, name: str, raw: bytes, is_record: bool = False) -> Entry:
        """Make the entry of a document in this file."""
        return Entry(
            self.source.name,
            name,
            raw,
            is_record=is_record,
            media_type="" if is_record else self.media_type,
            etag=self.etag,
            url=self.url,
            defaults=self.source.fingerprint,
        )

    def fault(self, name: str, reason: str) -> Entry:
        """Make the entry of a document that cannot be read."""
        return Entry(self.source.name, name, None, reason)


def read_each(source: Source, parts: Iterable[Callable[[], Iterator[Entry]]]) -> Iterator[Entry]:
    """Read the parts of a source one after another, past those that cannot be read.

    Raises:
        SourceMissing: A part could not be read to its end; all others have been yielded by then.
    """
    missing: list[str] = []
    for read in parts:
        try:
            yield from read()
        except SourceMissing as error:
            missing.append(str(error))
    if len(missing) == 1:
        raise SourceMissing(missing[0])
    if missing:
        reasons = "; ".join(missing[:_SHOWN]) + ("; …" if len(missing) > _SHOWN else "")
        raise SourceMissing(f"{source.name}: {len(missing)} parts cannot be read: {reasons}")
