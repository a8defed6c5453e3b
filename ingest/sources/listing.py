"""The list of a source's entries."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest.sources.entry import Entry
from ingest.sources.folder import list_path
from ingest.sources.source import Source


def list_entries(source: Source | Path, cache: Path | None = None) -> Iterator[Entry]:
    """Read a source entry by entry, sorted by name, one entry in memory at a time.

    Within an archive or a file of records the order is that of the file. A second entry of the same
    name is a fault.

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
    seen: Counter[str] = Counter()
    for entry in _read(source, cache):
        seen[entry.name] += 1
        yield entry if seen[entry.name] == 1 else _repeated(entry, seen[entry.name])


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


def _repeated(entry: Entry, count: int) -> Entry:
    reason = f"is number {count} of this name in {entry.source}; only the first is read: rename it"
    return replace(entry, name=f"{entry.name} ({count})", raw=None, fault=reason)
