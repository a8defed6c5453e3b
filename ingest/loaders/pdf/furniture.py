"""Furniture: running heads, feet and page numbers."""

import re
from collections import Counter
from collections.abc import Iterable

from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.page import PageContent

_MARGIN_SHARE = 0.1
_MIN_REPEATS = 3
_ROMAN = r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_PAGE_NUMBER = re.compile(
    rf"\W*(?:page|p\.|第)?\s*(?:\d{{1,4}}|{_ROMAN})\s*(?:(?:of|/|页\s*共?|,?\s*共)\s*\d{{1,4}}\s*页?|页)?\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b")


def margin_keys(page: PageContent) -> list[str]:
    """Describe the lines in the upper and lower margin of a page, numbers in them left open."""
    return sorted({key for _, key in _margin_lines(page)})


def repeated_keys(pages: Iterable[Iterable[str]]) -> list[str]:
    """Find what repeats from page to page: on three pages of a document, or on all of two."""
    counts: Counter[str] = Counter()
    n_pages = 0
    for keys in pages:
        counts.update(keys)
        n_pages += 1
    return [key for key, n in counts.items() if n >= _MIN_REPEATS or n == n_pages > 1]


def drop_furniture(page: PageContent, repeated: Iterable[str]) -> None:
    """Drop the lines in the margins that repeat, and page numbers.

    On the first page only numbers are dropped: there the line says something, often the version.
    """
    known = set(repeated) if page.number > 1 else set()
    dropped = {
        id(line)
        for line, key in _margin_lines(page)
        if key in known or _PAGE_NUMBER.fullmatch(line.text.strip())
    }
    page.lines = [line for line in page.lines if id(line) not in dropped]


def _margin_lines(page: PageContent) -> list[tuple[Line, str]]:
    """Lines in the margins, each with what it has in common with its like on other pages."""
    margin = _MARGIN_SHARE * (page.top - page.bottom)
    low, high = page.bottom + margin, page.top - margin
    return [
        (line, ("top " if line.y > high else "foot ") + _NUMBER.sub("#", " ".join(line.text.split()).lower()))
        for line in page.lines
        if line.y > high or line.y <= low
    ]
