"""Sources on the web: an address, several, or a list of them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from ingest.errors import SourceMissing, UnreadableDocument
from ingest.sources.address import check_address, host_of, parse_addresses
from ingest.sources.archives import is_archive
from ingest.sources.contents import read_contents
from ingest.sources.entry import MAX_ENTRY_BYTES, Entry
from ingest.sources.fetching import Fetcher, Limits
from ingest.sources.file import File, read_each
from ingest.sources.record import RECORD_SUFFIXES
from ingest.sources.source import LIST_PREFIX, Source
from ingest.sources.unpacking import COMPRESSED_SUFFIXES
from ingest.sources.url_cache import CachedBody, UrlCache

# Archives and tables are read piece by piece; MedlinePlus and PMC publish some of a few GiB.
_MAX_COLLECTION_BYTES = 4 * 2**30
_COLLECTIONS = (*RECORD_SUFFIXES, *COMPRESSED_SUFFIXES)


def list_urls(source: Source, cache_folder: Path | None, limits: Limits | None = None) -> Iterator[Entry]:
    """Fetch the documents of a list of addresses, sorted; the name of an entry is its address.

    An address that answers 404 or 410 has no entry: the document is gone. One that the server
    refuses, that is too large or that leads into a private network is a fault.

    Args:
        source: The source.
        cache_folder: Where bodies are kept; without one they are fetched anew.
        limits: How servers are treated.

    Raises:
        SourceMissing: The list cannot be read, or a server failed; all others have been yielded.
    """
    written = _written(source)
    hosts = frozenset(map(host_of, written))
    with ExitStack() as stack:
        cache = UrlCache(cache_folder or Path(stack.enter_context(tempfile.TemporaryDirectory())))
        _prune(cache, source)
        fetcher = stack.enter_context(Fetcher(cache, limits or Limits(delay_s=source.delay_s), hosts))
        site = _Site(source, cache, fetcher)
        addresses = site.fetch_list(written[0]) if _is_remote_list(source) else written
        yield from read_each(
            source, (partial(site.read, address) for address in addresses if source.admits(address))
        )


def _is_remote_list(source: Source) -> bool:
    return not source.urls and "://" in source.location.removeprefix(LIST_PREFIX) and _is_list(source)


def _is_list(source: Source) -> bool:
    return source.location.startswith(LIST_PREFIX)


def _written(source: Source) -> list[str]:
    """Give the addresses that the operator wrote down, with his own hands or in a list file."""
    if source.urls:
        return sorted({check_address(url, source.name) for url in source.urls})
    location = source.location.removeprefix(LIST_PREFIX)
    if not _is_list(source) or _is_remote_list(source):
        return [check_address(location, source.name)]
    try:
        text = Path(location).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceMissing(
            f"the list {location} cannot be read: {error}; write UTF-8, one address a line"
        ) from error
    return parse_addresses(text, location)


def _prune(cache: UrlCache, source: Source) -> None:
    try:
        cache.prune()
    except OSError as error:
        raise SourceMissing(f"{source.name}: the cache cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class _Site:
    """What is needed to read one address of a source."""

    source: Source
    cache: UrlCache
    fetcher: Fetcher

    def fetch_list(self, address: str) -> list[str]:
        """Fetch a list of addresses."""
        try:
            body = self.fetcher.fetch(address, self.source.refresh, MAX_ENTRY_BYTES)
        except UnreadableDocument as error:
            raise SourceMissing(f"the list {address} cannot be read: {error}") from error
        if body is None:
            raise SourceMissing(f"the list {address} is gone; correct its address or remove the source")
        with self._open(body) as stream:
            return parse_addresses(stream.read().decode("utf-8", "replace"), address)

    def read(self, address: str) -> Iterator[Entry]:
        """Fetch an address and read what it holds."""
        filename = unquote(urlsplit(address).path).rpartition("/")[2]
        is_collection = is_archive(filename) or filename.lower().endswith(_COLLECTIONS)
        max_bytes = _MAX_COLLECTION_BYTES if is_collection else MAX_ENTRY_BYTES
        try:
            body = self.fetcher.fetch(address, self.source.refresh, max_bytes)
        except UnreadableDocument as error:
            yield Entry(self.source.name, address, None, str(error))
            return
        if body is None:
            return
        with self._open(body) as stream:
            yield from read_contents(
                File(
                    self.source,
                    address,
                    filename,
                    stream,
                    body.n_bytes,
                    media_type=body.media_type,
                    etag=body.etag,
                    url=address,
                )
            )

    def _open(self, body: CachedBody) -> IO[bytes]:
        try:
            return self.cache.path(body).open("rb")
        except OSError as error:
            raise SourceMissing(f"{body.url}: its body is gone from the cache: {error}; run again") from error
