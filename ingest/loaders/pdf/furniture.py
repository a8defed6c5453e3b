"""Furniture: running heads, feet and page numbers."""

import re
from collections import Counter
from collections.abc import Iterable

from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.page import PageContent

_MARGIN_SHARE = 0.1
_MIN_REPEATS = 3
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:(?:of|/|页\s*共?|,?\s*共)\s*\d{1,4}\s*页?|页)?\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")


def margin_keys(page: PageContent) -> list[str]:
    """Describe the lines in the upper and lower margin of a page, numbers in them left open."""
    return sorted({key for line in page.lines if (key := _key(line, page))})


def repeated_keys(pages: Iterable[Iterable[str]]) -> list[str]:
    """Find what repeats from page to page: on three pages of a document, or on all of two."""
    counts: Counter[str] = Counter()
    n_pages = 0
    for keys in pages:
        counts.update(keys)
        n_pages += 1
    return [key for key, n in counts.items() if n >= _MIN_REPEATS or n == n_pages > 1]


def drop_furniture(page: PageContent, repeated: Iterable[str]) -> None:
    """Drop the lines in the margins that repeat, and page numbers."""
    known = set(repeated)
    page.lines = [
        line
        for line in page.lines
        if not (key := _key(line, page)) or not (key in known or _PAGE_NUMBER.fullmatch(line.text.strip()))
    ]


def _key(line: Line, page: PageContent) -> str:
    margin = _MARGIN_SHARE * (page.top - page.bottom)
    is_top = line.y > page.top - margin
    if not is_top and line.y > page.bottom + margin:
        return ""
    return ("top " if is_top else "foot ") + _NUMBER.sub("#", " ".join(line.text.split()).lower())
