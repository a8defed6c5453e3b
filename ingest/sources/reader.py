"""LlamaIndex readers, named by import path: what LlamaHub can read, this can read."""

import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date
from hashlib import sha256
from typing import Any

import yaml
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document as ReaderDocument

from ingest.errors import SourceMissing
from ingest.sources.entry import MAX_ENTRY_BYTES, Entry, clean_name, encodable, too_large
from ingest.sources.source import READER_PREFIX, Source

_RANDOM_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Where readers say what a document is; the first that is there names it.
_PLACES = ("file_path", "url", "URL", "source", "path", "id", "document_id", "page_id", "file_name")
# What readers call the fields of an imprint. The dates of the file itself (creation_date,
# last_modified_date) are left out: an imprint holds the publisher's dates.
_FIELDS = {
    "title": ("title", "Title"),
    "language": ("language", "lang"),
    "publisher": ("publisher",),
    "url": ("url", "URL", "link", "source"),
    "published_on": ("published_on", "published", "publication_date", "date"),
    "reviewed_on": ("reviewed_on",),
    "license": ("license", "licence"),
}


def list_reader(source: Source) -> Iterator[Entry]:
    """Read the documents of a LlamaIndex reader, sorted by name, as Markdown with front matter.

    A name must be the same every night, and the ids that LlamaIndex gives are random: a document is
    named by the place in its metadata, else by its own id, else by the hash of its text. Readers
    return all they have at once, so all of it is in memory.

    Raises:
        SourceMissing: There is no such reader, or it fails.
    """
    reader = _make(source)
    try:
        with redirect_stdout(sys.stderr):  # readers print, and the report is on standard output
            documents = reader.load_data(**source.load)
    except Exception as error:
        raise SourceMissing(
            f"{source.location} failed: {str(error) or type(error).__name__}; check its options and load"
        ) from error
    named = sorted(_named(documents), key=lambda pair: pair[0])
    yield from (_entry(source, name, document) for name, document in named if source.admits(name))


def _make(source: Source) -> BaseReader:
    path = source.location.removeprefix(READER_PREFIX)
    module, _, name = path.partition(":")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        package = module.replace("_", "-").replace(".", "-")
        raise SourceMissing(
            f"reader {path!r} cannot be imported: {error}; write reader:MODULE:CLASS and install its package "
            f"(likely {package})"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, BaseReader)):
        raise SourceMissing(f"{path!r} is no LlamaIndex reader; name a subclass of BaseReader")
    try:
        return kind(**source.options)
    except Exception as error:
        raise SourceMissing(f"reader {path!r} cannot be set up: {error}; check its options") from error


def _named(documents: list[ReaderDocument]) -> Iterator[tuple[str, ReaderDocument]]:
    seen: Counter[str] = Counter()
    for document in documents:
        name = _name(document)
        if page := document.metadata.get("page_label"):
            name = f"{name}#page-{clean_name(str(page))}"
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}", document


def _name(document: ReaderDocument) -> str:
    place = next((str(value) for key in _PLACES if (value := document.metadata.get(key))), "")
    if place:
        return encodable(place) if "://" in place else clean_name(place)
    if not _RANDOM_ID.fullmatch(document.id_):
        return clean_name(document.id_)
    return f"text-{sha256(document.text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _entry(source: Source, name: str, document: ReaderDocument) -> Entry:
    fields = {"id": name, **_fields(document.metadata)}
    try:
        front = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)
        raw = f"---\n{front}---\n\n{document.text}".encode()
    except UnicodeEncodeError as error:
        return Entry(source.name, f"{name}.md", None, f"holds half of a character: {error.reason}")
    if len(raw) > MAX_ENTRY_BYTES:
        return Entry(source.name, f"{name}.md", None, too_large(len(raw)))
    return Entry(source.name, f"{name}.md", raw, media_type="text/markdown", defaults=source.fingerprint)


def _fields(metadata: dict[str, Any]) -> dict[str, Any]:
    """Map what the metadata says to front matter; what does not fit a field is left out."""
    found: dict[str, Any] = {}
    for field, keys in _FIELDS.items():
        values = (_fit(field, str(metadata[key]).strip()) for key in keys if metadata.get(key))
        if (value := next(filter(None, values), None)) is not None:
            found[field] = value
    return found


def _fit(field: str, value: str) -> str | date | None:
    if field == "language":
        return value[:2].lower() if value[:2].lower() in ("zh", "en") else None
    if field == "url":
        return value if value.startswith(("http://", "https://")) else None
    if field.endswith("_on"):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value
