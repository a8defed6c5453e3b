"""Loaders: bytes of one format to a document."""

from collections.abc import Callable
from posixpath import splitext
from typing import TYPE_CHECKING

from ingest.errors import UnreadableDocument
from ingest.loaders.columns import ColumnMap
from ingest.loaders.docx import load_docx
from ingest.loaders.epub import load_epub
from ingest.loaders.html import load_html
from ingest.loaders.markdown import load_markdown
from ingest.loaders.medquad import load_medquad
from ingest.loaders.pdf import load_pdf
from ingest.loaders.records import load_record
from ingest.loaders.text import load_text
from ingest.loaders.xml.jats import load_jats
from ingest.loaders.xml.medlineplus import load_medlineplus
from ingest.loaders.xml.spl import load_spl
from ingest.loaders.xml.tree import root_tag
from knowledge.document import Document

if TYPE_CHECKING:
    # The sources ask the loaders how a file is cut into records; and a worker that reads PDFs
    # must not wait for what reads the web.
    from ingest.sources import Entry

VERSION = "loaders-4"

Loader = Callable[[bytes, str], Document]

# By root element; the namespace tells a drug label from a MedQuAD file.
_XML_LOADERS: dict[str, Loader] = {
    "{urn:hl7-org:v3}document": load_spl,
    "article": load_jats,
    "pmc-articleset": load_jats,
    "OAI-PMH": load_jats,
    "health-topics": load_medlineplus,
    "health-topic": load_medlineplus,
    "Document": load_medquad,
    "doc": load_medquad,
    "html": load_html,
}
_HTML_HEADS = (b"<!doctype html", b"<html")


def load_document(entry: "Entry") -> Document:
    """Load an entry by what the server said of it, the suffix of its name, and for XML its root.

    Raises:
        UnreadableDocument: The format is unknown or not what the name says, or the bytes are
            broken, empty, or in a language that is not served.
    """
    if entry.raw is None:
        raise UnreadableDocument(entry.fault)
    if not entry.raw.strip():
        raise UnreadableDocument("is empty")
    try:
        document = _load(entry, entry.raw)
        document.text.encode()
    except RecursionError as error:
        raise UnreadableDocument("is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise UnreadableDocument(f"holds half of a character at {error.start}") from error
    if not document.text.strip():
        raise UnreadableDocument("holds no text")
    return document


def _load(entry: "Entry", raw: bytes) -> Document:
    name = entry.name or entry.source.rpartition("/")[2]
    if entry.is_record:
        return load_xml(raw, name) if raw.lstrip().startswith(b"<") else load_json(raw, name)
    stem, suffix = splitext(name)
    suffix = suffix.lower()
    media_type = entry.media_type.partition(";")[0].strip().lower()
    load = _MEDIA_TYPES.get(media_type) or _LOADERS.get(suffix) or _VAGUE_MEDIA_TYPES.get(media_type)
    if load is None:
        raise UnreadableDocument(
            f"format {suffix or 'without suffix'!r} is not read; known: {', '.join(sorted(_LOADERS))}"
        )
    _check_head(raw, load)
    return load(raw, stem if suffix in _LOADERS else name)


def load_json(raw: bytes, name: str) -> Document:
    """Load a record, or a file that is one, by the default names of its columns.

    Raises:
        UnreadableDocument: Not a JSON object, or one without text.
    """
    return load_record(raw, name, ColumnMap())


def load_xml(raw: bytes, name: str) -> Document:
    """Load XML by its root element.

    Raises:
        UnreadableDocument: Not well-formed, or a root that is not known.
    """
    tag = root_tag(raw)
    load = _XML_LOADERS.get(tag) or _XML_LOADERS.get(tag.rpartition("}")[2])
    if load is None:
        known = sorted({known.rpartition("}")[2] for known in _XML_LOADERS})
        raise UnreadableDocument(f"is XML of another kind (root {tag!r}); known: {', '.join(known)}")
    return load(raw, name)


def _check_head(raw: bytes, load: Loader) -> None:
    """Refuse a file whose first bytes say that it is not what it is called.

    Raises:
        UnreadableDocument: A PDF, archive or web page under another name.
    """
    head = raw.lstrip()[:1024].lower()
    if head.startswith(b"%pdf-") and load is not load_pdf:
        raise UnreadableDocument("is a PDF by its first bytes; rename it to .pdf")
    if head.startswith(b"pk\x03\x04") and load not in (load_docx, load_epub):
        raise UnreadableDocument("is a zip archive by its first bytes; give it the suffix of its format")
    if head.startswith(_HTML_HEADS) and load is load_text:
        raise UnreadableDocument("is a web page by its first bytes; rename it to .html")


_LOADERS: dict[str, Loader] = {
    ".docx": load_docx,
    ".epub": load_epub,
    ".htm": load_html,
    ".html": load_html,
    ".json": load_json,
    ".markdown": load_markdown,
    ".md": load_markdown,
    ".nxml": load_xml,
    ".pdf": load_pdf,
    ".txt": load_text,
    ".xhtml": load_html,
    ".xml": load_xml,
}
_MEDIA_TYPES: dict[str, Loader] = {
    "application/epub+zip": load_epub,
    "application/pdf": load_pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": load_docx,
    "application/xhtml+xml": load_html,
    "text/html": load_html,
    "text/markdown": load_markdown,
}
# Servers say these of anything; a suffix that is known says more.
_VAGUE_MEDIA_TYPES: dict[str, Loader] = {
    "application/json": load_json,
    "application/xml": load_xml,
    "text/plain": load_text,
    "text/xml": load_xml,
}
