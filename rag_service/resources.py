"""Passages and documents as they go over the wire."""

from dataclasses import asdict
from datetime import date

from knowledge.document import Language, Status
from knowledge.passage import Kind, Passage
from rag_service.protocol import Wire


class PassageResource(Wire):
    """A stored passage."""

    passage_id: str
    document_id: str
    ordinal: int
    title: str
    language: Language
    publisher: str
    url: str | None
    published_on: date | None
    reviewed_on: date | None
    license: str | None
    status: Status
    supersedes: str | None
    document_type: str
    source: str
    section_path: tuple[str, ...]
    start: int
    end: int
    page_first: int | None
    page_last: int | None
    kind: Kind
    n_tokens: int
    context: str
    text: str


class SectionResource(Wire):
    """A section of a document, offsets in code points."""

    path: tuple[str, ...]
    start: int
    end: int


class DocumentResource(Wire):
    """A whole document of the current generation."""

    document_id: str
    title: str
    language: Language
    publisher: str
    url: str | None
    published_on: date | None
    reviewed_on: date | None
    license: str | None
    status: Status
    supersedes: str | None
    document_type: str
    source: str
    text: str
    sections: tuple[SectionResource, ...]


def passage_resource(passage: Passage) -> PassageResource:
    """Give a passage the form of the wire: its fields and those of its imprint side by side."""
    fields = asdict(passage)
    return PassageResource(**fields.pop("imprint"), **fields)
