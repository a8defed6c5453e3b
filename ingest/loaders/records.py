"""Records: tables and collections where each row or object is a document of its own."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import orjson

from ingest.errors import UnreadableDocument
from ingest.loaders.columns import ColumnMap
from ingest.loaders.dates import read_date
from ingest.loaders.encoding import decode
from ingest.loaders.html import parse_html
from ingest.loaders.html.hidden import remove_hidden
from ingest.loaders.language import name_language
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import write_markup
from ingest.loaders.writing.words import fold, fold_lines
from ingest.loaders.xml.medlineplus import split_topics
from knowledge.document import Document, Imprint

_HTML = re.compile(
    r"</?(?:p|ul|ol|li|br|div|h[1-6]|table|tr|td|em|strong|span|a|b|i|sup|sub)\b[^<>]*>", re.IGNORECASE
)
# Attributes as short as these are lines of one list, not sections.
_SHORT_CHARS = 400
# A field holds at most what a whole entry may.
_MAX_FIELD_CHARS = 64 * 2**20


def split_records(raw: bytes, name: str, columns: ColumnMap) -> Iterator[tuple[str, bytes]]:
    """Cut a collection into records.

    Read by suffix: `.csv` and `.tsv` with a heading row, `.jsonl` (`.ndjson`), `.json` (an array, an
    object of id and record or of title and text, or an object that holds one array), `.xml` of
    MedlinePlus health topics. A record without an id is named by the hash of its content, so that
    a new record above it does not rename it; the second of two with one id gets "~2".

    Args:
        raw: The file.
        name: Its name; the last suffix decides.
        columns: Which columns are which; the records come out under the default names.

    Yields:
        (record id, the record as one JSON object; for XML the topic's XML).

    Raises:
        UnreadableDocument: The collection is broken; the records before the break have been yielded.
    """
    suffix = PurePosixPath(name).suffix.lower()
    seen: Counter[str] = Counter()
    if suffix == ".xml":
        pairs: Iterator[tuple[str, bytes]] = split_topics(raw)
    else:
        pairs = (_canonical(record, columns) for record in _records(raw, suffix))
    for record_id, record in pairs:
        seen[record_id] += 1
        number = seen[record_id]
        yield (record_id if number == 1 else f"{record_id}~{number}"), record


def load_record(raw: bytes, name: str, columns: ColumnMap) -> Document:
    """Load one record, a JSON object; text in HTML is read as HTML.

    Raises:
        UnreadableDocument: Not a JSON object, without text, or in a language that is not served.
    """
    record = _parse(raw, "is")
    if not isinstance(record, dict):
        raise UnreadableDocument(f"is a JSON {type(record).__name__}, not an object")
    texts = columns.texts(record)
    if len(texts) == 1 and isinstance(value := next(iter(texts.values())), dict):
        texts = value
    manuscript = Manuscript()
    if len(texts) > 1 and all(len(str(value)) <= _SHORT_CHARS for value in texts.values()):
        _write(texts, manuscript)
    else:
        for heading, value in texts.items():
            if len(texts) > 1:
                manuscript.heading(1, str(heading))
            _write(value, manuscript)
    if not manuscript.text:
        raise UnreadableDocument(f"has no text in any of the columns {', '.join(columns.names('text'))}")
    return manuscript.document(_imprint(record, name, columns, manuscript))


def _records(raw: bytes, suffix: str) -> Iterator[dict[str, Any]]:
    if suffix in (".csv", ".tsv"):
        yield from _rows(decode(raw), "\t" if suffix == ".tsv" else None)
    elif suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
            if line.strip():
                record = _parse(line, f"line {number} is")
                if not isinstance(record, dict):
                    raise UnreadableDocument(f"line {number} is no JSON object")
                yield record
    elif suffix == ".json":
        yield from _members(_parse(raw.removeprefix(b"\xef\xbb\xbf"), "is"))
    else:
        raise UnreadableDocument(
            f"format {suffix!r} holds no records; known: .csv, .json, .jsonl, .tsv, .xml"
        )


def _rows(text: str, delimiter: str | None) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_MAX_FIELD_CHARS)
    heading = text.lstrip().split("\n", 1)[0]
    delimiter = delimiter or max(",;\t", key=heading.count)
    reader = csv.DictReader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if None in row:
                raise UnreadableDocument(f"line {reader.line_num} has more fields than the heading row")
            record = {fold(key): value for key, value in row.items() if key and value}
            if record:
                yield record
    except csv.Error as error:
        raise UnreadableDocument(f"line {reader.line_num} is not CSV: {error}") from error


def _members(top: Any) -> Iterator[dict[str, Any]]:
    if isinstance(top, dict):
        arrays = [value for value in top.values() if _is_objects(value)]
        if len(arrays) == 1:
            top = arrays[0]
        elif top and all(isinstance(value, str) for value in top.values()):
            top = [{"title": key, "text": value} for key, value in top.items()]
        elif top and all(isinstance(value, dict) for value in top.values()):
            top = [{"id": key, **value} for key, value in top.items()]
        else:
            top = [top]
    if not _is_objects(top):
        raise UnreadableDocument("is JSON, but neither an array of objects nor an object of records")
    yield from top


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(member, dict) for member in value)


def _canonical(record: dict[str, Any], columns: ColumnMap) -> tuple[str, bytes]:
    """Put a record under the default names: whoever loads it need not know the columns."""
    texts = columns.texts(record)
    plain: dict[str, Any] = {
        "text": next(iter(texts.values()))
        if len(texts) == 1
        else {str(key): value for key, value in texts.items()}
    }
    for field in ("id", "title", "language", "url", "publisher", "published_on", "reviewed_on", "license"):
        value = columns.first(record, field)
        if value is not None:
            plain[field] = value
    try:
        raw = orjson.dumps(plain)
    except (TypeError, RecursionError) as error:
        raise UnreadableDocument(f"a record cannot be written as JSON: {error}") from error
    return fold(str(plain.get("id") or "")) or hashlib.sha256(raw).hexdigest()[:16], raw


def _parse(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnreadableDocument(f"{what} not JSON: {error}") from error


def _write(value: Any, manuscript: Manuscript) -> None:
    if isinstance(value, list):
        if all(isinstance(member, str | int | float) for member in value):
            for member in value:
                manuscript.item(str(member))
        else:
            for member in value:
                _write(member, manuscript)
    elif isinstance(value, dict):
        for key, member in value.items():
            words = "; ".join(map(str, member)) if isinstance(member, list) else str(member)
            manuscript.item(f"{key}: {words}")
    elif isinstance(value, str) and _HTML.search(value):
        root = parse_html(value)
        remove_hidden(root)
        write_markup(root, manuscript)
    elif value is not None:
        manuscript.paragraph(fold_lines(str(value)))


def _imprint(record: dict[str, Any], name: str, columns: ColumnMap, manuscript: Manuscript) -> Imprint:
    def words(field: str) -> str:
        value = columns.first(record, field)
        return fold(str(value)) if isinstance(value, str | int | float) else ""

    def day(field: str) -> date | None:
        return read_date(words(field))

    return Imprint(
        document_id=name,
        title=words("title") or PurePosixPath(name).name,
        language=name_language(manuscript.text, words("language")),
        publisher=words("publisher"),
        url=words("url") or None,
        published_on=day("published_on"),
        reviewed_on=day("reviewed_on"),
        license=words("license") or None,
    )
