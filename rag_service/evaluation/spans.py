"""Spans: which stretches of a document an answer's sources hold, and where words stand in them.

All offsets are code points in the text of the document.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_service.evaluation.recorded import RecordedCitation, RecordedSource

# White space, and the marks of Markdown: a page and the document made of it differ in them.
_FOLDED_AWAY = re.compile(r"[\s|*`#]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """An unbroken piece of a document."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """One past its last code point."""
        return self.start + len(self.text)


def stretches(sources: Iterable[RecordedSource], document_id: str) -> list[Stretch]:
    """Join the sources that come from one document; those that touch or overlap make one stretch."""
    joined: list[Stretch] = []
    wanted = (source for source in sources if source.document_id == document_id)
    for source in sorted(wanted, key=lambda source: source.start):
        if joined and source.start <= joined[-1].end:
            last = joined.pop()
            joined.append(Stretch(last.start, last.text + source.text[last.end - source.start :]))
        else:
            joined.append(Stretch(source.start, source.text))
    return joined


def is_verbatim(citation: RecordedCitation, sources: Sequence[RecordedSource]) -> bool:
    """Tell whether the quote of a citation stands at its offsets.

    A quote that goes on beyond the cited source is compared with the document's other sources there;
    some of it must stand in the cited one.
    """
    if not citation.quote or citation.end - citation.start != len(citation.quote):
        return False
    is_held = False
    for source in sources:
        start, end = max(citation.start, source.start), min(citation.end, source.end)
        if source.document_id != citation.document_id or start >= end:
            continue
        quoted = citation.quote[start - citation.start : end - citation.start]
        if quoted != source.text[start - source.start : end - source.start]:
            return False
        is_held = is_held or source.passage_id == citation.passage_id
    return is_held


def find_quote(quote: str, pieces: Iterable[Stretch]) -> list[list[int]]:
    """Find words in stretches of their document, white space and marks of Markdown folded away.

    Returns:
        For each place that they stand at, the offsets of their characters.
    """
    wanted, _ = _folded(quote)
    places: list[list[int]] = []
    for piece in pieces if wanted else ():
        folded, offsets = _folded(piece.text)
        at = folded.find(wanted)
        while at >= 0:
            places.append([piece.start + offset for offset in offsets[at : at + len(wanted)]])
            at = folded.find(wanted, at + 1)
    return places


def share_covered(offsets: Sequence[int], spans: Sequence[tuple[int, int]]) -> float:
    """Give the share of the offsets that lie in any of the spans (start, end)."""
    return sum(any(start <= offset < end for start, end in spans) for offset in offsets) / len(offsets)


def same_words(one: str, other: str) -> bool:
    """Tell whether two texts are the same after folding."""
    return _folded(one)[0] == _folded(other)[0]


def _folded(text: str) -> tuple[str, list[int]]:
    """Fold a text, and give the offset that each character of the folded text comes from."""
    chars: list[str] = []
    offsets: list[int] = []
    for offset, char in enumerate(text):
        for folded in unicodedata.normalize("NFKC", char).casefold():
            if not _FOLDED_AWAY.match(folded):
                chars.append(folded)
                offsets.append(offset)
    return "".join(chars), offsets
