"""A source: where documents come from, and what holds for all of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import orjson
from wcmatch import glob

from knowledge.document import Language

Trust = Literal["authoritative", "general", "user"]
Kind = Literal["path", "urls", "objects", "reader"]

# The ingest reads a source twice, to plan and to load. What was asked for within the hour is not
# asked for again, and a run that was killed goes on where it stopped.
REFRESH = timedelta(hours=1)
DELAY_S = 1.0

READER_PREFIX = "reader:"
LIST_PREFIX = "list:"
_WEB = ("https://", "http://")


@dataclass(frozen=True)
class Source:
    """One source, as `sources.yaml` or the command line names it.

    Args:
        location: A file, a folder, a glob or an archive; an `https://` address of one document;
            `list:` and the file or address of a list of addresses; an object store such as
            `s3://bucket/folder`; `reader:` and the import path of a LlamaIndex reader.
        name: What the manifest records as the source; for a path its absolute path.
        publisher: Publisher of documents that name none.
        license: Licence of documents that name none.
        language: Language of documents that name none and whose text leaves it in doubt.
        trust: How far its statements may be relied on.
        refresh: How long the body of an address is used before the server is asked again.
        delay_s: Seconds between two requests to one host.
        include: Globs of the names that are read; empty for all.
        exclude: Globs of names that are not read, whatever `include` says.
        columns: For CSV and JSON records, the column or columns of each document field
            (`ingest.loaders.columns.ColumnMap`).
        urls: Addresses, instead of a location.
        options: Storage options of an object store or constructor arguments of a reader; these
            may hold secrets and are never shown.
        load: Arguments of a reader's `load_data`; never shown.
    """

    location: str
    name: str
    publisher: str = ""
    license: str | None = None
    language: Language | None = None
    trust: Trust = "general"
    refresh: timedelta = REFRESH
    delay_s: float = DELAY_S
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    load: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of_path(cls, path: Path) -> Self:
        """Make the source of a path, named by its absolute path."""
        return cls(str(path.absolute()), str(path.absolute()))

    @property
    def label(self) -> str:
        """What readers may know it by: its name, of a path only the last part."""
        return Path(self.name).name if Path(self.name).is_absolute() else self.name

    @property
    def kind(self) -> Kind:
        """What reads it."""
        if self.urls or self.location.startswith((*_WEB, LIST_PREFIX)):
            return "urls"
        if self.location.startswith(READER_PREFIX):
            return "reader"
        return "objects" if "://" in self.location else "path"

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what it adds to its documents, 16 hexadecimal digits; empty when that is nothing."""
        facts = [self.publisher, self.license, self.language, self.trust]
        if facts == ["", None, None, "general"]:
            return ""
        return hashlib.sha256(orjson.dumps(facts)).hexdigest()[:16]

    def excludes(self, name: str) -> bool:
        """Tell whether a name, or the archive that it lies in, is excluded."""
        return _matches(name, self.exclude)

    def admits(self, name: str) -> bool:
        """Tell whether a name is to be read; `a.zip!/b.md` is the member `b.md` of `a.zip`."""
        return (not self.include or _matches(name, self.include)) and not self.excludes(name)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Match a name: a pattern without a slash is for the last part of the name."""
    archive, mark, _ = name.partition("!/")
    names = (name, archive) if mark else (name,)
    return any(glob.globmatch(each, patterns, flags=glob.GLOBSTAR | glob.MATCHBASE) for each in names)
