"""Steps: what is done to one document, or to one window of passages, on whatever machine.

They are plain functions of an embedder and of a row. A row and what comes of it are pickled where
they travel to another machine, so neither holds more than the step needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ingest import chunking, cleaning, instructions, loaders, near_duplicates
from ingest.chunking import chunk_document
from ingest.cleaning import clean_document
from ingest.errors import UnreadableDocument
from ingest.instructions import find_instructions
from ingest.loaders import load_document
from ingest.near_duplicates import sign
from ingest.sources import Entry, Source, apply_defaults
from knowledge.document import Document
from knowledge.embedding import Embedder, Vectors
from knowledge.passage import Passage
from knowledge.signature import Signature

# Two machines that have the same of these make the same of an entry.
READING = "+".join((loaders.VERSION, cleaning.VERSION, instructions.VERSION, near_duplicates.VERSION))
CUTTING = chunking.VERSION

Row = TypeVar("Row")
Result = TypeVar("Result")

Step: TypeAlias = Callable[[Embedder, Row], Result]


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry, and the source whose defaults it takes."""

    source: Source
    entry: Entry


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A cleaned document and its signature."""

    document: Document
    signature: Signature


@dataclass(frozen=True, slots=True)
class Uncut:
    """A cleaned document, the passages of its last revision, and the token budget of a passage."""

    document: Document
    previous: list[Passage]
    passage_tokens: int


def read_entry(_: Embedder, unread: Unread) -> SignedDocument | UnreadableDocument:
    """Load, check, clean and sign an entry; give the reason back when it cannot become a document."""
    try:
        document = _read(unread)
    except UnreadableDocument as error:
        return error
    return SignedDocument(document, sign(document))


def cut_document(embedder: Embedder, uncut: Uncut) -> list[Passage]:
    """Cut a document into passages that the embedder can read whole."""
    budget_tokens = min(uncut.passage_tokens, embedder.max_tokens)
    return chunk_document(uncut.document, embedder.count_tokens, budget_tokens, uncut.previous)


def embed_texts(embedder: Embedder, texts: list[str]) -> Vectors:
    """Embed the texts of a window into float32 vectors of shape (len(texts), dimension)."""
    return embedder.embed_passages(texts)


def _read(unread: Unread) -> Document:
    loaded = apply_defaults(load_document(unread.entry), unread.source, unread.entry.url)
    # Before cleaning, which takes out the comments that an order may hide in.
    headings = (heading for section in loaded.sections for heading in section.path)
    phrase = find_instructions("\n".join((loaded.imprint.title, *headings, loaded.text)))
    if phrase is not None:
        raise UnreadableDocument(f"gives orders to a language model: {phrase!r}")
    document = clean_document(loaded)
    if not document.text.strip():
        raise UnreadableDocument("holds no text after cleaning")
    return document
