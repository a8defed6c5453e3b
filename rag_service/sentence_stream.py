"""Sentences out of a stream of tokens."""

import re

from knowledge.sentences import sentence_spans

MARKER = re.compile(r"\[(\d{1,3})\]")
# A passage, or one sentence of it: "[2]", "[2.4]".
HANDLE = re.compile(r"\[(\d{1,3})(?:\.(\d{1,3}))?\]")

# A bracket or quote that closes behind the marker belongs to the sentence it closes: "(It is so. [1])".
# The straight quote is left out: it may as well open the next sentence.
_HANDLES = rf"(?:{HANDLE.pattern}[”’)）】」』]*\s*)"
_LEADING_HANDLES = re.compile(rf"\s*{_HANDLES}+")
# Right after a stop a marker settles that the stop ends a sentence, whatever word stands before it:
# "vitamin C. [1]", "140/90.[1]".
_MARKED_STOP = re.compile(rf"[.。！？!?][\"'”’)\]）】」』]*\s*{_HANDLES}+")
_OPEN_HANDLE = re.compile(rf"\s*{_HANDLES}*(?:\[(?:\d{{0,3}}|\d{{1,3}}\.\d{{0,3}}))?\Z")
# The number of a list item ends with a full stop and ends no sentence: "1. Rest. [1]".
_ITEM_NUMBER = re.compile(r"\s*\d{1,2}\.[^\S\n]+")


class SentenceStream:
    """Collects pieces of text and gives back each sentence, with its markers, once it is finished.

    A marker may stand before or after the full stop. A piece may end anywhere, inside a number or
    a marker too: a sentence counts as finished only when something follows that is neither.
    """

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """Add a piece; give back the sentences it finished."""
        self._text += piece
        return self._take(at_end=False)

    def close(self) -> list[str]:
        """Give back what is left at the end of the stream."""
        return self._take(at_end=True)

    def _take(self, *, at_end: bool) -> list[str]:
        finished: list[str] = []
        while (end := _first_sentence_end(self._text, at_end=at_end)) is not None:
            sentence, self._text = self._text[:end].strip(), self._text[end:]
            if sentence:
                finished.append(sentence)
        return finished


def _first_sentence_end(text: str, *, at_end: bool) -> int | None:
    # A number stands alone only where its line ends behind it.
    ends = [end for start, end in sentence_spans(text) if not _ITEM_NUMBER.fullmatch(text, start, end)]
    end = ends[0] if ends else len(text)
    handles = _LEADING_HANDLES.match(text, end)
    if handles is not None:
        end = handles.end()
    marked = _MARKED_STOP.search(text)
    if marked is not None:
        end = min(end, marked.end())
    if at_end:
        return end if text else None
    # What follows may still be, or become, a marker of this sentence.
    return None if _OPEN_HANDLE.match(text, end) else end
