"""HTML inside Markdown: what a reader sees of it."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from lxml import etree

from ingest.loaders.html import parse_html
from ingest.loaders.html.hidden import is_hidden, remove_hidden
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import write_markup
from ingest.loaders.writing.words import lower_words, raise_words

# Names of elements; "<5 mg>" and "<https://…>" are text.
_TAG = re.compile(
    r"<(?P<end>/?)(?P<tag>a|abbr|b|blockquote|br|center|code|dd|del|details|div|dl|dt|em|figcaption|figure|font|"
    r"h[1-6]|hr|i|iframe|img|ins|kbd|li|mark|object|ol|p|s|script|section|small|span|strike|strong|style|sub|"
    r"summary|sup|table|tbody|td|template|textarea|th|thead|tr|u|ul|video|audio|svg|noscript)\b"
    r"(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^\"'<>])*)>",
    re.IGNORECASE,
)
_MARK = re.compile(r"^[ \t]*(?P<fence>```+|~~~+)|(?P<ticks>`+)|(?P<comment><!--)", re.MULTILINE)
_UNREAD = frozenset(
    "script style template textarea iframe object video audio svg noscript del s strike".split()
)
_EMPTY = frozenset({"br", "hr", "img"})
_MAX_RAISED_CHARS = 80
_LINES = frozenset(
    "p div br hr li tr blockquote details summary figure figcaption section dd dt center".split()
)


def show_html(text: str) -> str:
    """Write a Markdown text without comments and HTML: hidden elements go, visible ones lose their tags.

    Tables in HTML become tables in Markdown. Code is left as it is.
    """
    if "<" not in text:
        return text
    parts = groupby(_parts(text), key=itemgetter(0))
    runs = ((is_code, "".join(part for _, part in run)) for is_code, run in parts)
    return "".join(run if is_code else _show(run) for is_code, run in runs)


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Cut a text into code (True) and the rest, without comments."""
    start, position = 0, 0
    while mark := _MARK.search(text, position):
        if mark["comment"]:
            end = text.find("-->", mark.end()) + 3
            if end < 3:
                # An unclosed comment hides the rest only where it begins a line (CommonMark 4.6).
                line = text.rfind("\n", 0, mark.start()) + 1
                is_open = not text[line : mark.start()].strip()
                yield False, text[start : mark.start() if is_open else len(text)]
                return
            yield False, text[start : mark.start()]
            start = position = end
            continue
        end = _end_of_code(text, mark)
        if end > mark.end():
            yield False, text[start : mark.start()]
            yield True, text[mark.start() : end]
            start = end
        position = max(end, mark.end())
    yield False, text[start:]


def _end_of_code(text: str, mark: re.Match[str]) -> int:
    """Where code ends that a mark begins; 0 when it begins none."""
    if mark["fence"]:
        closing = re.compile(rf"^[ \t]*{re.escape(mark['fence'])}", re.MULTILINE).search(text, mark.end())
        return closing.end() if closing else len(text)
    line_end = text.find("\n", mark.end())
    end = text.find(mark["ticks"], mark.end(), line_end if line_end >= 0 else len(text))
    return end + len(mark["ticks"]) if end >= 0 else 0


def _show(text: str) -> str:
    shown: list[str] = []
    start = 0
    for match in _TAG.finditer(text):
        if match.start() < start:
            continue
        shown.append(text[start : match.start()])
        start = match.end()
        tag = match["tag"].lower()
        replacement = None if match["end"] else _whole(text, match, tag, shown[-1])
        if replacement is not None:
            start += replacement[0]
            shown.append(replacement[1])
        elif tag in _LINES:
            shown.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join([*shown, text[start:]]))


def _whole(text: str, opening: re.Match[str], tag: str, before: str) -> tuple[int, str] | None:
    """What stands for a whole element, and how many characters after its first tag that replaces.

    Returns:
        None when only its tags go.
    """
    element = next(parse_html(opening.group()).iter(tag), etree.Element(tag))
    is_unread = tag in _UNREAD or is_hidden(element)
    if tag in _EMPTY or opening["attributes"].rstrip().endswith("/"):
        return (0, "") if is_unread else None
    if not is_unread and tag not in ("table", "sup", "sub"):
        return None
    if not is_unread and tag != "table":
        return _raised(text[opening.end() : opening.end() + _MAX_RAISED_CHARS], tag, before)
    inside, n_chars = _inside(text, opening.end(), tag)
    return n_chars, "" if is_unread else _table(f"<table>{inside}</table>")


def _raised(text: str, tag: str, before: str) -> tuple[int, str] | None:
    """Write a superscript or subscript that ends within a text; None when it does not."""
    end = re.search(rf"</{tag}\s*>", text, re.IGNORECASE)
    words = re.sub(r"<[^<>]*>", "", text[: end.start()]).strip() if end else ""
    if end is None or not words:
        return None
    return end.end(), (raise_words if tag == "sup" else lower_words)(words, before)


def _inside(text: str, start: int, tag: str) -> tuple[str, int]:
    """Content of an element, and its length with the closing tag; all the rest when it has none."""
    depth = 1
    for match in re.compile(rf"<(/?){tag}\b[^<>]*>", re.IGNORECASE).finditer(text, start):
        depth += -1 if match[1] else 1
        if depth == 0:
            return text[start : match.start()], match.end() - start
    return text[start:], len(text) - start


def _table(source: str) -> str:
    manuscript = Manuscript()
    root = parse_html(source)
    remove_hidden(root)
    write_markup(root, manuscript)
    return f"\n\n{manuscript.text}\n"
