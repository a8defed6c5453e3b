"""Cleaning: what no reader sees or needs leaves a document; its words stay as they are.

The order of the steps matters: no later step may make work for an earlier one, so that cleaning
twice is cleaning once.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise

from ingest.boilerplate import BOILERPLATE_LINE, running_lines
from ingest.offsets import Edit, MarkedText
from knowledge.document import Document, Page, Section

VERSION = "cleaner-1"

# Control characters except tab and line feed, halves of surrogate pairs, non-characters and what
# Unicode lists as Default_Ignorable_Code_Point (DerivedCoreProperties.txt, 16.0): zero-width and bidi
# characters, variation selectors, the tags that spell hidden ASCII. Marks of a broken word come below.
_UNSEEN_CHARS = (
    "\\x00\\x01\\x03-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN = re.compile(f"[{_UNSEEN_CHARS}]+")
_SPECIAL = re.compile(f"[{_UNSEEN_CHARS}\\r\x0b\x0c\x85\u2028\u2029\\x02\\xad\ufffe]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = [chr(code) for code in (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)]
# Where a line was broken inside a word PDFium writes U+FFFE, older releases U+0002; others leave the
# soft hyphen. Inside a line a soft hyphen shows nothing, except between figures, where typesetters
# use it as a dash: without it "10-20 mg" would become "1020 mg".
_BREAK_MARK = re.compile("(?<=\\w)(?:[\\x02\ufffe][ \\t]*\\n?|\\xad[ \\t]*\\n)[ \\t]*(?=\\w)")
_FIGURE_DASH = re.compile("(?<=\\d)\\xad(?=\\d)")
_STRAY_MARK = re.compile("[\\x02\\xad]+|(?<!\\w)\ufffe+|\ufffe+(?!\\w)")
_BREAK = "\ufffe"

# Look-alikes of < > | _ [ ]; the table is one to one, so offsets hold.
_PLAIN = {0xFF01 + i: chr(0x21 + i) for i in range(94)} | str.maketrans("▁ǀ∣❘〈〉⟨⟩‹›〈〉", "_|||<><><><>")
# Chat templates: ChatML, Llama 2 to 4, Mistral, Gemma, DeepSeek, Phi, Qwen. None holds a blank, so the
# blank that takes a token's place keeps what is left of it from forming another.
_OPENING = "<[＜［〈⟨‹〈"
_CHAT_TOKEN = re.compile(
    r"<\|/?[a-z0-9_]{1,40}\|>|<</?sys>>|\[/?(?:inst|available_tools|tool_results|tool_calls|system_prompt)\]"
    r"|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_(?:turn|image)>|</?(?:think|tool_call|tool_response)>",
    re.IGNORECASE,
)

_BLANKS = re.compile(r"[ \t]{2,}|\t|(?<![^\n]) | (?![^\n])")
_ITEM_MARK = re.compile(r"(?:[-*+•◦]|\d{1,3}[.)])[ \t]+[^\s]")
_MAX_INDENT_CHARS = 16
_TOO_MANY_BREAKS = re.compile(r"\A\n+|\n{3,}")

# A word broken at the ends of lines. What may stand before it is named, so that no chat token forms; a
# longer chain is a list, not a word. The quantifiers never give back, so the time stays linear.
_JOINT = f"(?:-\n|{_BREAK})"
_BROKEN_WORD = re.compile(rf"(?<![^\s(\"'“‘（，。；：、*—])[A-Za-z][a-z]++(?:{_JOINT}[a-z]{{2,}}+)++")
_GOES_ON = re.compile(rf"[\w{_BREAK}-]")
_MAX_JOINTS = 3
_BROKEN_FIGURE = re.compile(rf"(?<=[A-Z0-9])-\n(?=\d)(?!\d{{1,3}}[.)、])|{_BREAK}")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_COMPOUND_HEADS = frozenset(
    "non self well long short low high full half first second third one two three four five six seven eight nine "
    "ten alpha beta gamma delta cross double single multi follow side drug dose age patient evidence life risk".split()
)
_COMPOUND_TAILS = frozenset(
    "acting associated based blind blocker blockers centered controlled dependent derived dose effective free "
    "hour induced like line mediated month negative old positive related release resistant risk specific term "
    "threatening threshold to up year".split()
)


def clean_document(document: Document) -> Document:
    """Take out what is no content, and fold what has no meaning, in one document.

    Unseen characters, HTML comments, chat-template tokens and boilerplate lines leave; exotic blanks
    become plain ones; runs of blanks and of line breaks shrink; words broken at line ends are whole
    again; the text is in Unicode NFC (not NFKC: "m²", "½" and "～" stay).

    Returns:
        The document with its sections and pages where their text now is. Sections left without text
        are gone. Cleaning it again changes nothing.
    """
    parts: tuple[Section | Page, ...] = (*document.sections, *document.pages)
    edges = tuple(edge for part in parts for edge in (part.start, part.end))
    marked = _clean_characters(MarkedText(document.text, edges))
    marked = _mend_words(marked).rewritten(BOILERPLATE_LINE, "")
    n_sections = len(document.sections)
    page_spans = _pairs(marked.marks[2 * n_sections :])
    marked = marked.edited(running_lines(marked.text, page_spans)).rewritten(
        _TOO_MANY_BREAKS, lambda match: "" if match.start() == 0 else "\n\n"
    )
    spans = _pairs(marked.marks)
    imprint = document.imprint
    return Document(
        imprint=replace(imprint, title=clean_line(imprint.title), publisher=clean_line(imprint.publisher)),
        text=marked.text,
        sections=tuple(
            Section(tuple(filter(None, map(clean_line, section.path))), start, end)
            for section, (start, end) in zip(document.sections, spans[:n_sections], strict=True)
            if start < end
        ),
        pages=tuple(
            Page(page.number, start, end)
            for page, (start, end) in zip(document.pages, spans[n_sections:], strict=True)
        ),
    )


def clean_line(words: str) -> str:
    """Clean a title or a heading and put it on one line."""
    return " ".join(_mend_words(_clean_characters(MarkedText(words))).text.split())


def _pairs(marks: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(marks[::2], marks[1::2], strict=True))


# The tests before the steps cost nothing beside them, and most texts need none of them.
def _clean_characters(marked: MarkedText) -> MarkedText:
    if _SPECIAL.search(marked.text):
        marked = marked.rewritten(UNSEEN, "").rewritten(_LINE_BREAK, "\n")
        marked = marked.rewritten(_BREAK_MARK, _BREAK).rewritten(_FIGURE_DASH, "-").rewritten(_STRAY_MARK, "")
    marked = marked.edited(_compositions(marked.text))
    text = marked.text
    for space in _SPACES:
        text = text.replace(space, " ")
    marked = replace(marked, text=text)
    marked = marked.edited(_comments(marked.text))
    if any(char in marked.text for char in _OPENING):
        plain = marked.text.translate(_PLAIN)
        marked = marked.edited(Edit(m.start(), m.end(), " ") for m in _CHAT_TOKEN.finditer(plain))
    if any(blanks in f"\n{marked.text}\n" for blanks in ("  ", "\t", "\n ", " \n")):
        marked = marked.rewritten(_BLANKS, _fold_blanks)
    return marked


def _compositions(text: str) -> Iterator[Edit]:
    """Compose letters with the accents that follow them, letter by letter to keep the edits small."""
    if unicodedata.is_normalized("NFC", text):
        return
    starts = [i for i, char in enumerate(text) if not _joins(char)]
    for start, end in pairwise([0, *starts[1 if starts[:1] == [0] else 0 :], len(text)]):
        if not unicodedata.is_normalized("NFC", text[start:end]):
            yield Edit(start, end, unicodedata.normalize("NFC", text[start:end]))


def _joins(char: str) -> bool:
    """Tell whether a character may compose with the one before: accents, Hangul vowels and finals."""
    return char > "\u02ff" and (unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff")


def _comments(text: str) -> Iterator[Edit]:
    # Not a pattern: one with a lazy gap reads on to the end for every comment that is not closed.
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield Edit(start, end + 3, " ")
        start = text.find("<!--", end + 3)


def _fold_blanks(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    if end == len(text) or text[end] == "\n":
        return ""
    if start and text[start - 1] != "\n":
        return " "
    # The indent of a list item says which item it belongs to.
    is_item = _ITEM_MARK.match(text, end) is not None
    return match.group().replace("\t", "    ")[:_MAX_INDENT_CHARS] if is_item else ""


def _mend_words(marked: MarkedText) -> MarkedText:
    """Put words together that a line end had broken.

    The hyphen stays when the document writes the word with one elsewhere, when both halves are words
    of the document by themselves, or when one of them usually stands in a compound ("beta-blocker");
    it goes when the document writes the word in one, and otherwise ("hyper-tension").
    """
    if "-\n" not in marked.text and _BREAK not in marked.text:
        return marked
    if _BROKEN_WORD.search(marked.text):
        counts = Counter(_WORD.findall(_BROKEN_WORD.sub(" ", marked.text).lower()))
        marked = marked.rewritten(_BROKEN_WORD, lambda match: _mend_chain(match, counts))
    return marked.rewritten(_BROKEN_FIGURE, "-")


def _mend_chain(match: re.Match[str], counts: Counter[str]) -> str:
    parts = re.split(_JOINT, match[0], maxsplit=_MAX_JOINTS + 1)
    if len(parts) > _MAX_JOINTS + 1 or _GOES_ON.match(match.string, match.end()):
        return match[0]
    return reduce(lambda left, right: _mend(left, right, counts), parts)


def _mend(left: str, right: str, counts: Counter[str]) -> str:
    head = left.lower()
    n_compound, n_whole = counts[f"{head}-{right}"], counts[head + right]
    is_compound = n_compound > n_whole or (
        not n_whole
        and (
            (bool(counts[head]) and bool(counts[right]))
            or head in _COMPOUND_HEADS
            or right in _COMPOUND_TAILS
        )
    )
    return f"{left}-{right}" if is_compound else left + right
