"""Loaders: bytes of one format to a document."""

from collections.abc import Callable
from pathlib import PurePosixPath

from ingest.errors import UnreadableDocument
from ingest.loaders.markdown import load_markdown
from ingest.loaders.medquad import load_medquad
from ingest.loaders.text import load_text
from ingest.sources import Entry
from knowledge.document import Document

VERSION = "loaders-2"

_LOADERS: dict[str, Callable[[bytes, str], Document]] = {
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".txt": load_text,
    ".xml": load_medquad,
}


def load_document(entry: Entry) -> Document:
    """Load an entry by the suffix of its name.

    Raises:
        UnreadableDocument: The format is unknown, or the bytes are broken or empty.
    """
    if entry.raw is None:
        raise UnreadableDocument(entry.fault)
    path = PurePosixPath(entry.name or PurePosixPath(entry.source).name)
    load = _LOADERS.get(path.suffix.lower())
    if load is None:
        raise UnreadableDocument(
            f"format {path.suffix or 'without suffix'!r} is not read; known: {', '.join(sorted(_LOADERS))}"
        )
    if not entry.raw.strip():
        raise UnreadableDocument("is empty")
    document = load(entry.raw, path.with_suffix("").as_posix())
    if not document.text.strip():
        raise UnreadableDocument("holds no text")
    return document
