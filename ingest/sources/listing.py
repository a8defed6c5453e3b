"""The list of a source's entries."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest.sources.entry import Entry
from ingest.sources.folder import list_path
from ingest.sources.source import Source


def list_entries(source: Source | Path, cache: Path | None = None) -> Iterator[Entry]:
    """Read a source entry by entry, sorted by name, one entry in memory at a time.

    Within an archive or a file of records the order is that of the file. A second entry of the same
    name is a fault; a second record of the same id is a document beside the first and gets "~2".

    Args:
        source: The source, or the path of one.
        cache: Folder in which the bodies of web addresses are kept, so that a server is asked only
            for what has changed; without one everything is fetched anew.

    Raises:
        SourceMissing: The source does not exist or could not be read to its end; the entries that
            can be read have been yielded by then. None of its documents may be taken for removed.
    """
    if isinstance(source, Path):
        source = Source.of_path(source)
    seen: set[int] = set()
    for entry in _read(source, cache):
        yield _distinct(entry, seen)


def _read(source: Source, cache: Path | None) -> Iterator[Entry]:
    """Choose what reads the source; a client is loaded only when a source needs it."""
    match source.kind:
        case "path":
            return list_path(source)
        case "urls":
            from ingest.sources.urls import list_urls

            return list_urls(source, cache)
        case "objects":
            from ingest.sources.objects import list_objects

            return list_objects(source)
        case "reader":
            from ingest.sources.reader import list_reader

            return list_reader(source)


def _distinct(entry: Entry, seen: set[int]) -> Entry:
    """Give every entry a name of its own.

    `seen` holds hashes and not names: a tenth of the memory where a million records have long ones.
    """
    name, count = entry.name, 1
    while hash(name) in seen:
        count += 1
        name = f"{entry.name}~{count}" if entry.is_record else f"{entry.name} ({count})"
    seen.add(hash(name))
    if count == 1 or entry.is_record:
        return replace(entry, name=name) if count > 1 else entry
    reason = f"is number {count} of this name in {entry.source}; only the first is read: rename it"
    return replace(entry, name=name, raw=None, fault=reason)
