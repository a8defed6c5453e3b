"""Markdown with YAML front matter."""

import re
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, cast, get_args

import yaml

from ingest.errors import UnreadableDocument
from ingest.loaders.text import decode
from knowledge.document import Document, Imprint, Section, Status, guess_language

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)\n*", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"[ \t]*(```|~~~)")


def load_markdown(raw: bytes, name: str) -> Document:
    """Load Markdown; the front matter gives the imprint, the headings give the sections.

    Front matter keys: `id`, `title`, `language` (or `lang`), `publisher`, `url`, `published_on`,
    `reviewed_on` (ISO dates), `license`, `supersedes`, `status`. Others are ignored. Without it
    the file's name is the id and the first heading the title.

    Raises:
        UnreadableDocument: Not UTF-8, or the front matter is not YAML or has a wrong value.
    """
    content = decode(raw)
    match = _FRONT_MATTER.match(content)
    fields = _parse(match.group(1)) if match else {}
    text = content[match.end() :] if match else content
    headings = _headings(text)
    title = str(fields.get("title") or (headings[0][2] if headings else PurePosixPath(name).name))
    return Document(
        imprint=_imprint(fields, name, title, text),
        text=text,
        sections=_sections(text, headings, title),
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
    language = fields.get("language") or fields.get("lang") or guess_language(text)
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


def _headings(text: str) -> list[tuple[int, int, str]]:
    """List (offset, level, heading) of the headings outside code fences."""
    found: list[tuple[int, int, str]] = []
    offset, fence = 0, ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        heading = _HEADING.match(line)
        if mark and not fence:
            fence = mark.group(1)
        elif mark and fence == mark.group(1):
            fence = ""
        elif heading and not fence:
            text_of_it = heading.group(2).rstrip()
            found.append((offset, len(heading.group(1)), text_of_it.rstrip("#").rstrip() or text_of_it))
        offset += len(line)
    return found


def _sections(text: str, headings: list[tuple[int, int, str]], title: str) -> tuple[Section, ...]:
    starts = [offset for offset, _, _ in headings]
    sections: list[Section] = []
    start = 0
    if not starts or text[: starts[0]].strip():
        sections.append(Section((), 0, starts[0] if starts else len(text)))
        start = sections[0].end
    chain: list[tuple[int, str]] = []
    for (offset, level, heading), end in zip(headings, [*starts, len(text)][1:], strict=True):
        chain = [(depth, above) for depth, above in chain if depth < level] + [(level, heading)]
        has_body = "\n" in text[offset:end].strip()
        if not has_body and end < len(text):
            continue  # a heading straight above another begins that one's section
        # The title is shown beside the path already.
        path = tuple(above for _, above in chain if above != title)
        sections.append(Section(path, start, end))
        start = end
    return tuple(sections)
