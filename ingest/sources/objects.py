"""Object stores and other places that fsspec reads: S3, OSS, and what else has a driver."""

from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import fsspec

from ingest.errors import SourceMissing
from ingest.sources.archives import is_archive
from ingest.sources.contents import read_contents
from ingest.sources.entry import Entry, clean_name, is_left_out
from ingest.sources.file import File, read_each
from ingest.sources.source import Source
from ingest.sources.unpacking import buffered


def list_objects(source: Source) -> Iterator[Entry]:
    """Read the objects below an address, sorted by name, hidden ones and READMEs left out.

    Raises:
        SourceMissing: The store cannot be reached, its driver is not installed, there is nothing at
            the address, or an object vanished; the rest has been yielded by then.
    """
    try:
        store, root = fsspec.core.url_to_fs(source.location, **source.options)
        found = store.find(root, detail=True)
    except ImportError as error:
        raise SourceMissing(f"{source.location}: {error} (pip install 'medcite[objects]')") from error
    except Exception as error:
        raise _unreachable(source, error) from error
    if not found:
        raise SourceMissing(f"{source.location} holds nothing; correct the address or remove the source")
    objects = {_name(path, root): info for path, info in found.items() if not info.get("islink")}
    order = sorted(objects, key=lambda name: PurePosixPath(name).parts)
    yield from read_each(
        source,
        (partial(_read, source, store, name, objects[name]) for name in order if _is_wanted(source, name)),
    )


def _name(path: str, root: str) -> str:
    """Name an object by its place below the root; empty when it is the root itself."""
    return clean_name(path.removeprefix(root))


def _is_wanted(source: Source, name: str) -> bool:
    if not name:
        return True
    wanted = not source.excludes(name) if is_archive(name) else source.admits(name)
    return wanted and not is_left_out(name)


def _read(source: Source, store: Any, name: str, info: dict[str, Any]) -> Iterator[Entry]:
    filename = PurePosixPath(name or source.location).name
    etag = str(info.get("ETag") or "").strip('"')
    try:
        with buffered(store.open(info["name"], "rb")) as stream:
            yield from read_contents(File(source, name, filename, stream, info.get("size"), etag=etag))
    except SourceMissing:
        raise
    except Exception as error:
        raise _unreachable(source, error) from error


def _unreachable(source: Source, error: Exception) -> SourceMissing:
    reason = str(error) or type(error).__name__
    return SourceMissing(
        f"{source.location} cannot be read: {reason}; check address, network and credentials"
    )
