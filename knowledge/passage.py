"""A passage: a contiguous piece of a document, and what search says of it."""

import uuid
from dataclasses import dataclass
from typing import Literal

from knowledge.document import Imprint

Kind = Literal["prose", "list", "table"]

# Any fixed UUID serves; it keeps our UUIDv5 names apart from other people's (RFC 9562 §5.5).
_NAMESPACE = uuid.UUID("5c1f3e0a-7f3b-4a52-9a0e-2f6d1c0b8a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document's text.

    `start` and `end` are Unicode code-point offsets into the document text and
    `text == document.text[start:end]`; passages of a document joined in order of `ordinal` give its
    text. `context` (title, headings, a table's header row) goes in front when the passage is
    embedded or packed and is never part of `text`. `n_tokens` counts `text` in the embedder's
    tokens. Pages count from 1 and are None where the format has none.
    """

    passage_id: str
    ordinal: int
    section_path: tuple[str, ...]
    start: int
    end: int
    kind: Kind
    n_tokens: int
    text: str
    context: str
    imprint: Imprint
    page_first: int | None = None
    page_last: int | None = None

    @property
    def document_id(self) -> str:
        """The document this passage is a piece of."""
        return self.imprint.document_id

    @property
    def embedded_text(self) -> str:
        """What is embedded: the context, a line break, the text."""
        return f"{self.context}\n{self.text}"


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage that search found.

    `score` is the fused score in [0, 1]; `dense` and `sparse` are the raw scores of the two legs,
    None where the leg did not return the passage. `reranked` is the relevance in [0, 1] that a
    reranker gave, None where none did. The order of a result list is the rank.
    """

    passage: Passage
    score: float
    dense: float | None
    sparse: float | None
    reranked: float | None = None


def passage_id(document_id: str, revision: str, ordinal: int) -> str:
    """Derive the id of a passage (UUIDv5), the same on every run and every machine."""
    return str(uuid.uuid5(_NAMESPACE, f"{document_id}\n{revision}\n{ordinal}"))
