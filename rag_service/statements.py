"""Statements: what the passages say, one by one, each at its exact place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.passage import Passage
from knowledge.sentences import sentence_spans

_RULE = re.compile(r"\|[\s:|-]+\|\s*$")
_BULLET = re.compile(r"^\s*(?:[-*+•]\s+)?")
# The number of a list item ends with a full stop, which reads as the end of a sentence.
_ITEM_NUMBER = re.compile(r"\(?\d{1,2}[.)]$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LEAD_IN = ("：", ":")
# A reference number of the source's own, "[3]", would be read as a marker of the answer.
_REFERENCE = re.compile(r"\s?\[\d{1,3}(?:\s?[,，–-]\s?\d{1,3})*\]")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, a list item or a table row of a passage.

    `marker` numbers the passage and `number` the statement in it, both from 1. `start` and `end` are
    code-point offsets into the passage's text, blanks and bullets left out. `header` is the header
    row of the table that a row stands in, else empty.
    """

    marker: int
    number: int
    passage: Passage
    start: int
    end: int
    header: str = ""

    @property
    def quote(self) -> str:
        """The words as they stand in the passage."""
        return self.passage.text[self.start : self.end]

    @property
    def text(self) -> str:
        """The words as they are shown: a table row with its column names, the rest as it stands."""
        quote = _REFERENCE.sub("", self.quote)
        return _row_in_words(self.header, quote) if self.header else quote


def find_statements(passages: Sequence[Passage]) -> list[Statement]:
    """Cut passages into statements; headings, header rows and lead-ins of lists are none."""
    return [
        statement
        for marker, passage in enumerate(passages, start=1)
        for statement in _statements(marker, passage)
    ]


def _statements(marker: int, passage: Passage) -> Iterator[Statement]:
    # A passage that begins inside a table has the table's header row in its context.
    header = next((line for line in passage.context.split("\n")[1:] if line.startswith("|")), "")
    headings = set(passage.section_path)
    number = 0
    for start, end in _lines_and_sentences(passage.text):
        words = passage.text[start:end]
        if words.startswith("|"):
            if _RULE.match(words):
                continue
            if not header:
                header = words
                continue
        else:
            header = ""
            if words.startswith("#") or words in headings or words.endswith(_LEAD_IN):
                continue
            if _ITEM_NUMBER.match(words):
                continue
        number += 1
        yield Statement(marker, number, passage, start, end, header)


def _lines_and_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of sentences, a table row whole, without blanks and bullets around them."""
    row_end = 0
    for start, end in sentence_spans(text):
        if start < row_end:
            continue
        if text[start:end].lstrip().startswith("|"):
            line_end = text.find("\n", start)
            row_end = end = len(text) if line_end < 0 else line_end
        words = text[start:end]
        start += len(words) - len(_BULLET.sub("", words))
        end = start + len(text[start:end].rstrip())
        if start < end:
            yield start, end


def _row_in_words(header: str, row: str) -> str:
    names, cells = _cells(header), _cells(row)
    if len(names) != len(cells):
        return row
    is_chinese = bool(_HAN.search(header + row))
    colon, semicolon, stop = ("：", "；", "。") if is_chinese else (": ", "; ", ".")
    pairs = [
        f"{name}{colon}{cell}" if name else cell for name, cell in zip(names, cells, strict=True) if cell
    ]
    return semicolon.join(pairs) + stop


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]
