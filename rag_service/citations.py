"""Citations: from a marker in a sentence to the exact words of the passage that bear it out."""

import re
from dataclasses import dataclass

from knowledge.passage import Passage
from knowledge.sentences import sentence_spans
from knowledge.terms import terms
from rag_service.protocol import Citation
from rag_service.sentence_stream import MARKER

# More citations than this say "somewhere in these texts" rather than "here".
_MAX_CITATIONS = 3

# A heading or the rule under a table's header proves nothing.
_IS_NO_STATEMENT = re.compile(r"\s*(?:#|\|[\s:|-]+\|\s*(?:\n|$))")
# With the blank before it, or a marker inside a sentence would leave two.
_MARKER_GAP = re.compile(r"[ ]?" + MARKER.pattern)
_BULLET = re.compile(r"^\s*(?:[-*+]\s+)?")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence with its valid markers in front of its full stop, and their citations."""

    text: str
    citations: tuple[Citation, ...]
    n_unknown_markers: int


def cite(sentence: str, passages: list[Passage]) -> CitedSentence:
    """Resolve the markers of a sentence; unknown ones are removed and counted.

    Args:
        sentence: One sentence as the model wrote it.
        passages: The numbered passages; marker 1 is the first.

    Returns:
        The sentence with its markers gathered before the closing punctuation.
    """
    markers = [int(number) for number in MARKER.findall(sentence)]
    valid = list(dict.fromkeys(marker for marker in markers if 1 <= marker <= len(passages)))[:_MAX_CITATIONS]
    bare = without_markers(sentence)
    return CitedSentence(
        text=place_markers(bare, valid),
        citations=tuple(quote_passage(bare, marker, passages[marker - 1]) for marker in valid),
        n_unknown_markers=sum(not 1 <= marker <= len(passages) for marker in markers),
    )


def without_markers(text: str) -> str:
    """Remove everything that reads as a marker."""
    return _MARKER_GAP.sub("", text).strip()


def quote_passage(sentence: str, marker: int, passage: Passage) -> Citation:
    """Quote the sentence of a passage that shares most terms with a sentence.

    Longer terms weigh more: a shared "140/90mmhg" says more than a shared character.
    """
    wanted = set(terms(sentence))
    best_start, best_end, best_score = 0, len(passage.text), 0.0
    for start, end in sentence_spans(passage.text):
        if _IS_NO_STATEMENT.match(passage.text, start):
            continue
        found = set(terms(passage.text[start:end]))
        shared = sum(len(term) for term in wanted & found)
        # Divided by the root of the length, so that a short sentence that says just this wins over
        # a long one that says this and more.
        score = shared / (sum(len(term) for term in found) or 1) ** 0.5
        if score > best_score:
            best_start, best_end, best_score = start, end, score
    return quote_span(passage, marker, best_start, best_end)


def quote_span(passage: Passage, marker: int, start: int, end: int) -> Citation:
    """Cite a span of a passage, blanks and the bullet of a list item left out.

    Args:
        passage: The passage.
        marker: Its number in the answer.
        start: First code point of the span in the passage's text.
        end: One past the last code point.
    """
    words = _BULLET.sub("", passage.text[start:end])
    start = passage.start + end - len(words)
    quote = words.strip()
    end = start + len(quote)
    return Citation(
        marker=marker,
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        quote=quote,
        start=start,
        end=end,
        page=passage.page_first,
        exact=passage.text[start - passage.start : end - passage.start] == quote,
    )


def place_markers(bare: str, markers: list[int]) -> str:
    """Write markers before the closing punctuation of a sentence."""
    shown = "".join(f"[{marker}]" for marker in markers)
    body = bare.rstrip("。！？.!?；; ")
    closing = bare[len(body) :].strip()
    # Before a Latin full stop a blank keeps the marker apart from the word, as in print.
    gap = " " if shown and body and body[-1].isascii() and closing in ("", ".", "!", "?") else ""
    return f"{body}{gap}{shown}{closing}" if body else f"{bare}{shown}"
