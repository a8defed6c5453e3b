"""What a source says of all its documents, put where a document says nothing itself."""

from dataclasses import replace

from ingest.sources.source import Source
from knowledge.document import Document, Language, guess_language

# Between these shares of Han letters a text may be of either language: an English paper about
# Chinese medicine, a Chinese list of drugs with Latin names.
_DOUBTFUL = (0.01, 0.5)
_SAMPLE_CHARS = 4000


def apply_defaults(document: Document, source: Source, url: str = "") -> Document:
    """Fill the gaps of an imprint from its source.

    Args:
        document: The document as its loader made it.
        source: Its source.
        url: Where people can read it, empty when that is not known (`Entry.url`).

    Returns:
        The document with publisher, licence, address and language filled in where it has none of
        its own. A loader's language counts as the document's own unless it can only be a guess.
    """
    own = document.imprint
    imprint = replace(
        own,
        publisher=own.publisher or source.publisher,
        license=own.license or source.license,
        url=own.url or url or None,
        language=_language(document, source.language),
        source=source.label,
    )
    return document if imprint == own else replace(document, imprint=imprint)


def _language(document: Document, declared: Language | None) -> Language:
    own = document.imprint.language
    if declared is None or own != guess_language(document.text):
        return own
    letters = [char for char in document.text[:_SAMPLE_CHARS] if char.isalpha()]
    share = sum("\u3400" <= char <= "\u9fff" for char in letters) / max(1, len(letters))
    return declared if _DOUBTFUL[0] < share < _DOUBTFUL[1] else own
