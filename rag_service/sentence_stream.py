"""Sentences out of a stream of tokens."""

import re

from knowledge.sentences import sentence_spans

MARKER = re.compile(r"\[(\d{1,3})\]")

_LEADING_MARKERS = re.compile(r"\s*(?:\[\d{1,3}\]\s*)+")
# Right after a stop a marker settles that the stop ends a sentence, whatever word stands before it:
# "vitamin C. [1]", "140/90.[1]".
_MARKED_STOP = re.compile(r"[.。！？!?][\"'”’)\]）】」』]*\s*(?:\[\d{1,3}\]\s*)+")
_OPEN_MARKER = re.compile(r"\s*(?:\[\d{1,3}\]\s*)*(?:\[\d{0,3})?$")


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
    spans = sentence_spans(text)
    if not spans:
        return None
    end = spans[0][1]
    markers = _LEADING_MARKERS.match(text, end)
    if markers is not None:
        end = markers.end()
    marked = _MARKED_STOP.search(text)
    if marked is not None:
        end = min(end, marked.end())
    if at_end:
        return end
    # What follows may still be, or become, a marker of this sentence.
    return None if _OPEN_MARKER.match(text, end) else end
