"""A document: one reference text at one revision."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Literal

import orjson

Language = Literal["zh", "en"]
Status = Literal["current", "superseded", "retracted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What a title page says of a document.

    `document_id` is stable across revisions; `supersedes` is the `document_id` of an older text
    that this one replaces. Dates are the publisher's own, never the date of ingestion.
    `document_type` is such as "article" or "drug_label", `source` the name of the source it came
    from; both empty where they are not known.
    """

    document_id: str
    title: str
    language: Language
    publisher: str = ""
    url: str | None = None
    published_on: date | None = None
    reviewed_on: date | None = None
    license: str | None = None
    supersedes: str | None = None
    status: Status = "current"
    document_type: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading.

    `start` and `end` are Unicode code-point offsets into the document text; the sections of a
    document follow each other without gap or overlap. `path` is the chain of headings.
    """

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a paginated format; `number` counts from 1, offsets are as in `Section`."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Document:
    """One reference text at one revision: its imprint, its text, its sections and pages.

    Formats without pages have none.

    Raises:
        ValueError: The sections do not cover the text from end to end.
    """

    imprint: Imprint
    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...] = ()

    def __post_init__(self) -> None:
        """Check that the sections tile the text."""
        edges = [0, *(section.end for section in self.sections)]
        if [section.start for section in self.sections] != edges[:-1] or edges[-1] != len(self.text):
            raise ValueError(f"sections of {self.imprint.document_id} do not cover its text")

    @cached_property
    def revision(self) -> str:
        """Sha256 of everything in the document, 32 hexadecimal digits."""
        tiles = [asdict(section) for section in self.sections] + [asdict(page) for page in self.pages]
        facts = orjson.dumps([self.text, asdict(self.imprint), tiles])
        return hashlib.sha256(facts).hexdigest()[:32]


def guess_language(text: str) -> Language:
    """Name the language of a text: `zh` when a tenth or more of its letters are Han characters.

    The share is low because Chinese medical prose is full of Latin drug names and units.
    """
    letters = [char for char in text[:4000] if char.isalpha()]
    n_han = sum("\u3400" <= char <= "\u9fff" for char in letters)
    return "zh" if letters and n_han * 10 >= len(letters) else "en"
