"""Binding: the blocks of all pages to one text with headings, its hyphens resolved."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.blocks import Block
from ingest.loaders.pdf.mending import Mender
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.words import fold

_MAX_HEADING_CHARS = 160
_LARGER = 1.12
_BOLD = re.compile(r"bold|black|heavy|-bd|semibold|demi", re.IGNORECASE)
# A style is one of headings when most of what is set in it is short and it is a small part of all.
_MIN_SHORT_SHARE = 0.7
_MAX_STYLE_SHARE = 0.2
_SENTENCE_END = re.compile(r"[.!?:;。！？：；…][\"'”’)\]）」』]*$")
_NO_HEADING = re.compile(r"[.;,。；，、]$|https?://|www\.")
_ENUMERATED = re.compile(r"(?:\d+(?:\.\d+)*|[A-Z]|[IVX]+|第.{1,4}[章节条])[.)、\s]")
_MAX_LEVEL = 6

Style = tuple[str, float]


@dataclass(frozen=True, slots=True)
class PageBlocks:
    """The blocks of one page; `number` counts from 1."""

    number: int
    blocks: list[Block]


def bind(pages: Sequence[PageBlocks], title: str, manuscript: Manuscript) -> None:
    """Write all pages; a paragraph that goes on over a column or page is joined.

    Args:
        pages: In order.
        title: The title that the file states; its repetition on the first page is no heading.
        manuscript: Written to.
    """
    levels = _heading_levels([block for page in pages for block in page.blocks])
    mender = Mender(_texts(pages))
    last: Block | None = None
    for page in pages:
        manuscript.begin_page(page.number)
        for block in _merge_headings(page.blocks, levels):
            words = mender.mend(block.text)
            level = _level(block, levels)
            if block.kind == "table":
                manuscript.table([[mender.mend(cell) for cell in row] for row in block.rows])
            elif level and fold(words).lower() not in title.lower():
                manuscript.heading(level, words if block.kind == "text" else f"{block.mark} {words}")
            elif last is not None and not level and _continues(last, block):
                manuscript.go_on(words, "" if _is_cjk(last.text[-1:]) and _is_cjk(words[:1]) else " ")
            elif block.kind == "item":
                manuscript.item(words, mark=block.mark)
            else:
                manuscript.paragraph(words)
            last = None if level or block.kind == "table" else block


def _texts(pages: Sequence[PageBlocks]) -> Iterator[str]:
    for page in pages:
        for block in page.blocks:
            yield block.text
            for row in block.rows:
                yield from row


def _style(block: Block) -> Style:
    return block.font, round(block.size * 2) / 2


def _heading_levels(blocks: Sequence[Block]) -> dict[Style, int]:
    """Find the styles of headings and rank them: by size, bold ones of the same size last."""
    n_chars: Counter[Style] = Counter()
    n_short: Counter[Style] = Counter()
    for block in blocks:
        if block.kind != "table":
            n_chars[_style(block)] += len(block.text)
            if len(block.text) <= _MAX_HEADING_CHARS and block.is_even:
                n_short[_style(block)] += len(block.text)
    if not n_chars:
        return {}
    body = max(n_chars, key=lambda style: n_chars[style])
    total = sum(n_chars.values())
    ranked = sorted(
        {
            (-size, not _BOLD.search(font)): None
            for font, size in n_chars
            if (font, size) != body
            and _stands_out((font, size), body)
            and n_short[font, size] >= _MIN_SHORT_SHARE * n_chars[font, size]
            and n_chars[font, size] <= _MAX_STYLE_SHARE * total
        }
    )
    ranks = {key: min(_MAX_LEVEL, n + 1) for n, key in enumerate(ranked)}
    return {
        (font, size): ranks[-size, not _BOLD.search(font)]
        for font, size in n_chars
        if (font, size) != body
        and (-size, not _BOLD.search(font)) in ranks
        and _stands_out((font, size), body)
    }


def _stands_out(style: Style, body: Style) -> bool:
    (font, size), (body_font, body_size) = style, body
    if size >= _LARGER * body_size:
        return True
    is_italic = "ital" in font.lower() or "obli" in font.lower()
    is_bold = bool(_BOLD.search(font)) and not _BOLD.search(body_font)
    is_other_family = font.split("-")[0][-6:] != body_font.split("-")[0][-6:]
    return (is_bold and size >= 0.8 * body_size) or (
        is_other_family and not is_italic and size >= 0.98 * body_size
    )


def _level(block: Block, levels: dict[Style, int]) -> int:
    words = block.text
    if (
        block.kind == "table"
        or (block.kind == "item" and block.mark == "-")
        or not block.is_even
        or len(words) > _MAX_HEADING_CHARS
        or "\n" in words
    ):
        return 0
    if _NO_HEADING.search(words) or not re.search(r"[^\W\d_]{2}", words):
        return 0
    return levels.get(_style(block), 0)


def _merge_headings(blocks: Sequence[Block], levels: dict[Style, int]) -> list[Block]:
    """Join the lines of a heading that was set too far apart to be one block."""
    merged: list[Block] = []
    for block in blocks:
        above = merged[-1] if merged else None
        if (
            above is not None
            and _level(block, levels)
            and _level(above, levels)
            and _style(above) == _style(block)
            and block.kind == "text"
            and not _ENUMERATED.match(block.text)
            and len(above.text) + len(block.text) <= _MAX_HEADING_CHARS
        ):
            above.text = f"{above.text} {block.text}"
        else:
            merged.append(block)
    return merged


def _continues(last: Block, block: Block) -> bool:
    """Tell whether a block goes on with the sentence of the one before it."""
    if block.kind != "text" or not last.goes_on or _SENTENCE_END.search(last.text):
        return False
    first = block.text[:1]
    same_size = abs(last.size - block.size) <= 0.06 * last.size
    return same_size and (first.islower() or _is_cjk(first) or last.text.endswith(("\ufffe", ",")))


def _is_cjk(text: str) -> bool:
    return "\u2e80" <= text <= "\uffef"
