"""Chinese statutes: chapters, sections and articles as headings, and the date of a version.

The forms are fixed by 《立法技术规范（试行）》 of the Legislative Affairs Commission (2009), part 3.
"""

import re
from collections.abc import Sequence
from datetime import date

from ingest.loaders.dates import read_date
from ingest.loaders.writing.sections import Heading
from ingest.loaders.writing.words import fold

_NUMBER = r"[〇零一二三四五六七八九十百千]+"
_ARTICLE = re.compile(rf"^[ \t\u3000]*(第{_NUMBER}条(?:之{_NUMBER})?)(?=[ \t\u3000])", re.MULTILINE)
_PART = re.compile(
    rf"^[ \t\u3000]*(第{_NUMBER}([编章节])(?:[ \t\u3000]+\S.{{0,40}})?)[ \t\u3000]*$", re.MULTILINE
)
_LEVELS = {"编": 2, "章": 3, "节": 4}
# Below any heading of Markdown.
_ARTICLE_LEVEL = 7
# A text that quotes two articles is no statute.
_MIN_ARTICLES = 3
_DATED_NAME = re.compile(r"[(（](\d{4}-\d{2}-\d{2})[)）]$")
_HEAD_LINE = re.compile(r"^[ \t]*(\d{4}年\d{1,2}月\d{1,2}日)(.*)$", re.MULTILINE)


def article_headings(text: str, found: Sequence[Heading] = ()) -> list[Heading]:
    """List the headings of a statute: its parts, chapters and sections, and "第三条" before its words.

    Args:
        text: The document's text.
        found: Headings known already; chapters are looked for only where there are none.

    Returns:
        All headings in order; `found` alone when the text is no statute.
    """
    articles = [
        Heading(match.start(1), match.end(1), _ARTICLE_LEVEL, match.group(1))
        for match in _ARTICLE.finditer(text)
    ]
    if len(articles) < _MIN_ARTICLES:
        return list(found)
    parts = [
        Heading(match.start(1), match.end(1), _LEVELS[match.group(2)], fold(match.group(1)))
        for match in ([] if found else _PART.finditer(text))
    ]
    return sorted([*found, *parts, *articles], key=lambda heading: heading.start)


def dated_name(name: str) -> date | None:
    """Read the date at the end of a file's name: "护士条例(2020-03-27)"."""
    match = _DATED_NAME.search(name)
    return read_date(match.group(1)) if match else None


def dated_head(head: str) -> date | None:
    """Read the latest date on which a statute was adopted, amended or promulgated.

    Args:
        head: The lines between the title and the first chapter. A line on when the statute takes
            effect (施行) does not date it.
    """
    dates = [read_date(day) for day, what in _HEAD_LINE.findall(head) if "施行" not in what]
    return max(filter(None, dates), default=None)
