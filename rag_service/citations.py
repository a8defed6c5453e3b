"""Citations: from a marker in a sentence to the exact words of the passage that bear it out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.folding import fold_text
from knowledge.passage import Passage
from knowledge.synonyms import find_concepts
from knowledge.terms import terms
from rag_service.protocol import Citation
from rag_service.quantities import numbers
from rag_service.sentence_stream import HANDLE
from rag_service.statements import Statement, find_statements

# More citations than this say "somewhere in these texts" rather than "here".
_MAX_CITATIONS = 3

# With the blank before it, or a marker inside a sentence would leave two.
_MARKER_GAP = re.compile(r"[ ]?" + HANDLE.pattern)
# "According to passage 2, …": a marker in words, whose figure no source has.
_NAMED_PASSAGE = re.compile(
    r"^\s*(?:根据|按照|依据)?\s*资料\s*[\[（(]?(\d{1,3})[\]）)]?\s*中?(?:提到|指出|显示|说明|表明)?\s*[，,:：]?\s*"
    r"|^\s*(?:according to |as )?(?:the )?passage \[?(\d{1,3})\]?(?: (?:states|says|shows))?(?: that)?[,:]?\s+",
    re.IGNORECASE,
)
# A name or a figure in common says more than so many shared characters of other words: over a
# language border it is all that is shared.
_FACT_WEIGHT = 6
_BULLET = re.compile(r"^\s*(?:[-*+]\s+)?")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence with its valid markers in front of its full stop, and their citations."""

    text: str
    citations: tuple[Citation, ...]
    n_unknown_markers: int


def cite(sentence: str, passages: Sequence[Passage]) -> CitedSentence:
    """Resolve the handles of a sentence; unknown ones are removed and counted.

    Args:
        sentence: One sentence as the model wrote it, with handles such as "[2]", a passage, or
            "[2.4]", a statement of it.
        passages: The numbered passages; marker 1 is the first.

    Returns:
        The sentence with its markers gathered before the closing punctuation, at most three, each
        with the statement that bears it out best, or the one that was named.
    """
    named = [(int(marker), int(number or 0)) for marker, number in HANDLE.findall(sentence)]
    named += [(int(match[1] or match[2]), 0) for match in _NAMED_PASSAGE.finditer(sentence)]
    bare = without_markers(sentence)
    citations: dict[int, Citation] = {}
    n_unknown = 0
    for marker, number in named:
        if not 1 <= marker <= len(passages):
            n_unknown += 1
        elif marker not in citations and len(citations) < _MAX_CITATIONS:
            citations[marker] = _quote(bare, marker, number, passages[marker - 1])
    return CitedSentence(place_markers(bare, list(citations)), tuple(citations.values()), n_unknown)


def cite_statement(statement: Statement) -> CitedSentence:
    """Show a statement of a passage as a sentence of the answer, its quote the statement itself."""
    citation = quote_span(statement.passage, statement.marker, statement.start, statement.end)
    return CitedSentence(place_markers(statement.text, [statement.marker]), (citation,), 0)


def without_markers(text: str) -> str:
    """Remove everything that reads as a marker, and the number of a passage named in front."""
    bare = _MARKER_GAP.sub("", text).strip()
    unnamed = _NAMED_PASSAGE.sub("", bare)
    return bare if unnamed == bare else unnamed[:1].upper() + unnamed[1:]


def quote_passage(sentence: str, marker: int, passage: Passage) -> Citation:
    """Quote the statement of a passage that shares most words, names and figures with a sentence.

    Longer words weigh more: a shared "140/90mmhg" says more than a shared character. Where nothing
    is shared, the whole passage is quoted.
    """
    wanted = _features(sentence)
    best, best_score = None, 0.0
    for statement in find_statements([passage]):
        found = _features(statement.text)
        shared = sum(wanted[key] for key in wanted.keys() & found.keys())
        # Divided by the root of the length, so that a short statement that says just this wins over
        # a long one that says this and more.
        score = shared / (sum(found.values()) or 1) ** 0.5
        if score > best_score:
            best, best_score = statement, score
    if best is None:
        return quote_span(passage, marker, 0, len(passage.text))
    return quote_span(passage, marker, best.start, best.end)


def _quote(sentence: str, marker: int, number: int, passage: Passage) -> Citation:
    for statement in find_statements([passage]) if number else ():
        if statement.number == number:
            return quote_span(passage, marker, statement.start, statement.end)
    return quote_passage(sentence, marker, passage)


@lru_cache(maxsize=2048)
def _features(text: str) -> dict[str, int]:
    """Weigh what a text holds: its terms by their length, its figures and names more."""
    found = {term: len(term) for term in terms(text)}
    found |= {f"figure {figure}": _FACT_WEIGHT for figure in numbers(fold_text(text))}
    found |= {f"name {concept.names[0]}": _FACT_WEIGHT for concept in find_concepts(text)}
    return found


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
