"""Sentence boundaries in Chinese and English text, with offsets."""

import re

# A full stop ends a sentence only before white space or the end of the text, so that "2.5 mg",
# "e.g.," and "v2.1" stay whole; Chinese stops end it wherever they stand. Closing quotes and
# brackets and the white space after them belong to the sentence they close.
_END = re.compile(r"(?:[。！？!?]+|\.(?=[\s\"'”’)\]）】」』]|$))[\"'”’)\]）】」』]*\s*|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(（])(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|dr|mr|mrs|ms|prof|st|al|ca|max|min|u\.s|u\.k|[a-z])\.$",
    re.IGNORECASE,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Cut a text into sentences.

    Returns:
        (start, end) code-point offsets; the spans tile the text without gap or overlap. A line
        break always ends a sentence, so a table row or a list item is one.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        # The window is bounded because an abbreviation is short: the scan stays linear.
        head = text[max(start, match.start() - 12) : match.start() + 1]
        if text[match.start()] == "." and "\n" not in match.group() and _ABBREVIATION.search(head):
            continue
        spans.append((start, match.end()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans
