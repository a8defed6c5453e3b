"""Markdown with YAML front matter."""

import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, cast, get_args

import yaml

from ingest.errors import UnreadableDocument
from ingest.loaders.encoding import decode
from ingest.loaders.language import name_language
from ingest.loaders.markdown_html import show_html
from ingest.loaders.statute import article_headings, dated_head, dated_name
from ingest.loaders.writing.sections import Heading, cut_sections
from ingest.loaders.writing.words import fold
from knowledge.document import Document, Imprint, Status

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)\n*", re.DOTALL)
# A line of text, none that begins a list, a quotation or a table.
_PARAGRAPH = re.compile(r" {0,3}(?![-*+>|#]|\d+[.)])\S")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*\n?")
_HEAD_END = "<!-- INFO END -->"
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"[ \t]*(```|~~~)")


def load_markdown(raw: bytes, name: str) -> Document:
    """Load Markdown; the front matter gives the imprint, the headings give the sections.

    Front matter keys: `id`, `title`, `language` (or `lang`), `publisher`, `url`, `published_on`,
    `reviewed_on` (ISO dates), `license`, `supersedes`, `status`, `document_type`. Others are ignored. Without it
    the file's name is the id and the first heading the title, and a statute has the date in its
    name or the latest one in its head. Comments and hidden HTML are left out, other tags dropped.

    Raises:
        UnreadableDocument: The encoding is not certain, or the front matter is not YAML or has a
            wrong value.
    """
    content = decode(raw)
    match = _FRONT_MATTER.match(content)
    fields = _parse(match.group(1)) if match else {}
    text = content[match.end() :] if match else content
    head = text.partition(_HEAD_END)[0] if _HEAD_END in text else ""
    text = show_html(text)
    headings = _headings(text)
    title = str(fields.get("title") or (headings[0].words if headings else PurePosixPath(name).name))
    imprint = _imprint(fields, name, title, text)
    if imprint.published_on is None:
        imprint = replace(imprint, published_on=dated_name(name) or dated_head(head))
    return Document(
        imprint=imprint, text=text, sections=cut_sections(text, article_headings(text, headings), title)
    )


def _parse(front_matter: str) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(front_matter)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise UnreadableDocument(
            f"front matter is not YAML{where}: {getattr(error, 'problem', error)}"
        ) from error
    except (ValueError, RecursionError) as error:
        # PyYAML lets these out: 2026-02-30, a number of 5,000 digits, brackets nested a thousand deep.
        raise UnreadableDocument(f"front matter holds a value that cannot be read: {error}") from error
    if not isinstance(fields, dict):
        raise UnreadableDocument("front matter is not a list of `key: value` lines")
    for key, value in fields.items():
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise UnreadableDocument(f"front matter: {key} holds half of a character; write it as UTF-8")
    return fields


def _imprint(fields: dict[str, Any], name: str, title: str, text: str) -> Imprint:
    language = fields.get("language") or fields.get("lang") or name_language(text)
    if str(language)[:2] not in ("zh", "en"):
        raise UnreadableDocument(f"front matter: language {language!r} is not zh or en")
    return Imprint(
        document_id=str(fields.get("id") or name),
        title=title,
        language="zh" if str(language).startswith("zh") else "en",
        publisher=str(fields.get("publisher") or ""),
        url=_text(fields, "url"),
        published_on=_date(fields, "published_on"),
        reviewed_on=_date(fields, "reviewed_on"),
        license=_text(fields, "license"),
        supersedes=_text(fields, "supersedes"),
        status=_status(fields),
        document_type=_text(fields, "document_type") or "",
    )


def _status(fields: dict[str, Any]) -> Status:
    status = fields.get("status") or "current"
    for known in get_args(Status):
        if status == known:
            return cast(Status, known)
    raise UnreadableDocument(f"front matter: status {status!r} is not one of {', '.join(get_args(Status))}")


def _text(fields: dict[str, Any], key: str) -> str | None:
    return str(fields[key]) if fields.get(key) else None


def _date(fields: dict[str, Any], key: str) -> date | None:
    value = fields.get(key)
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UnreadableDocument(f"front matter: {key} {value!r} is not a date like 2026-01-31") from error


def _headings(text: str) -> list[Heading]:
    """List the headings outside code fences: "# A", and lines underlined with "=" or "-"."""
    found: list[Heading] = []
    offset, fence = 0, ""
    above, above_above = "", ""
    for line in text.splitlines(keepends=True):
        mark, heading, end = _FENCE.match(line), _HEADING.match(line), offset + len(line.rstrip())
        if mark and not fence:
            fence = mark.group(1)
        elif mark and fence == mark.group(1):
            fence = ""
        elif heading and not fence:
            words = heading.group(2).rstrip()
            words = fold(words.rstrip("#")) or words
            found.append(Heading(offset, end, len(heading.group(1)), words))
        elif not fence and _UNDERLINE.fullmatch(line) and _PARAGRAPH.match(above) and not above_above.strip():
            level = 1 if line.lstrip()[0] == "=" else 2
            found.append(Heading(offset - len(above), end, level, fold(above)))
        above, above_above = line, above
        offset += len(line)
    return found
