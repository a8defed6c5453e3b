"""Files of records: every record is a document of its own, and a long file is read piece by piece."""

import codecs
import re
from collections.abc import Iterator
from posixpath import splitext
from typing import IO

from ingest.errors import SourceMissing, UnreadableDocument
from ingest.sources.entry import MAX_ENTRY_BYTES, Entry, clean_name, too_large
from ingest.sources.file import File
from ingest.sources.unpacking import UNPACK_ERRORS, buffered

RECORD_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")

_LINE_SUFFIXES = (".jsonl", ".ndjson")
_TABLE_SUFFIXES = (".csv", ".tsv")
# A table is cut into blocks of whole rows: large enough that the header, repeated in each, costs
# nothing, small enough that memory stays flat.
_BLOCK_BYTES = 8 * 2**20
_PIECE_BYTES = 2**20
_TOPICS = re.compile(rb"\A[^<]*(?:<[?!][^>]*>[^<]*)*<health-topics[\s>]")
_SHOWN = 5


def holds_topics(raw: bytes) -> bool:
    """Tell MedlinePlus' list of health topics from other XML by its root."""
    return _TOPICS.match(raw[:4096]) is not None


def read_records(file: File) -> Iterator[Entry]:
    """Give the records of a file as entries named `file#record`.

    A line of JSON Lines that cannot be read, or is larger than an entry may be, is a fault of its own.

    Raises:
        SourceMissing: There is no record, or some cannot be read; all others have been yielded by then. Which
            documents they held is not known, so none may be taken for removed.
    """
    n_entries = 0
    try:
        for entry in _read(file):
            yield entry
            n_entries += 1
    except UnreadableDocument as error:
        raise SourceMissing(f"{file.place}: its records cannot be read: {error}") from error
    except UNPACK_ERRORS as error:
        raise SourceMissing(f"{file.place} cannot be read to its end: {error}") from error
    if not n_entries:
        raise SourceMissing(f"{file.place} holds no record; if that is meant, remove the file")


def cut_table(stream: IO[bytes], block_bytes: int = _BLOCK_BYTES) -> Iterator[bytes]:
    """Cut a table into blocks of whole rows, each of about `block_bytes` and with the header row.

    A line break inside quotes does not end a row. In GB18030 and Big5 no second byte looks like a
    quote or a line break, so that bytes can be counted before the encoding is known.

    Raises:
        UnreadableDocument: A row is larger than an entry may be.
    """
    header, rows, n_bytes, quoted = b"", list[bytes](), 0, False
    for line in _lines(stream):
        if line is None or n_bytes + len(line) > MAX_ENTRY_BYTES:
            raise UnreadableDocument(f"a row {too_large(None)}; look for a quote that is not closed")
        rows.append(line)
        n_bytes += len(line)
        quoted ^= line.count(b'"') % 2 == 1
        if quoted:
            continue
        if not header:
            header = b"".join(rows)
        elif n_bytes >= block_bytes:
            yield b"".join(rows)
            rows, n_bytes = [header], len(header)
    if b"".join(rows) != header or not header.strip():
        yield b"".join(rows)


def _read(file: File) -> Iterator[Entry]:
    suffix = splitext(file.filename)[1].lower()
    if suffix not in (*_LINE_SUFFIXES, *_TABLE_SUFFIXES) or _is_utf16(file):
        yield from _split(file, _whole(file))
    elif suffix in _LINE_SUFFIXES:
        yield from _read_lines(file)
    else:
        for block in cut_table(file.stream):
            yield from _split(file, block)


def _read_lines(file: File) -> Iterator[Entry]:
    broken: list[int] = []
    for number, line in enumerate(_lines(file.stream), start=1):
        try:
            yield from _split_line(file, line)
        except UnreadableDocument as error:
            broken.append(number)
            yield file.fault(f"{_stem(file)}#line-{number}", f"line {number}: {error}")
    if broken:
        shown = ", ".join(map(str, broken[:_SHOWN])) + (", …" if len(broken) > _SHOWN else "")
        raise SourceMissing(
            f"{file.place}: {len(broken)} lines cannot be read ({shown}); until they are put right, no record "
            "counts as removed"
        )


def _split_line(file: File, line: bytes | None) -> Iterator[Entry]:
    if line is None:
        raise UnreadableDocument(too_large(None))
    return _split(file, line) if line.strip() else iter(())


def _split(file: File, raw: bytes) -> Iterator[Entry]:
    # The loaders know what a record is, and they know entries: imported at the top, each would
    # wait for the other.
    from ingest.loaders.columns import ColumnMap
    from ingest.loaders.records import split_records

    for record_id, record in split_records(raw, file.filename, ColumnMap(**file.source.columns)):
        yield file.entry(f"{_stem(file)}#{clean_name(record_id)}", record, is_record=True)


def _is_utf16(file: File) -> bool:
    """Tell UTF-16, in which a line break is two bytes and cannot be looked for as one."""
    return buffered(file.stream).peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _stem(file: File) -> str:
    return file.name or file.filename


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Give the lines of a stream, None for one that is longer than an entry may be."""
    while line := stream.readline(MAX_ENTRY_BYTES + 1):
        if len(line) <= MAX_ENTRY_BYTES:
            yield line
            continue
        while not line.endswith(b"\n") and (line := stream.readline(_PIECE_BYTES)):
            pass
        yield None


def _whole(file: File) -> bytes:
    raw = b"".join(iter(lambda: file.stream.read(_PIECE_BYTES), b""))
    if len(raw) > MAX_ENTRY_BYTES:
        raise UnreadableDocument(f"{too_large(None)}; write JSON Lines, which are read line by line")
    return raw
