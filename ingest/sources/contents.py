"""What a file holds: one document, records, or the members of an archive."""

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from posixpath import splitext
from typing import IO

from ingest.sources.archives import archive_members, is_archive
from ingest.sources.entry import MAX_ENTRY_BYTES, Entry, too_large
from ingest.sources.file import File, read_each
from ingest.sources.record import RECORD_SUFFIXES, holds_topics, read_records
from ingest.sources.unpacking import COMPRESSED_SUFFIXES, UNPACK_ERRORS, Unpacked, buffered

_PIECE_BYTES = 2**20


def read_contents(file: File) -> Iterator[Entry]:
    """Give the documents of a file.

    An archive gives its members, but archives in archives are faults: nothing legitimate is packed
    twice, and bombs are. A table, JSON Lines, a JSON array or MedlinePlus' list of health topics
    gives its records. Anything else is one document, packed or not.

    Raises:
        SourceMissing: An archive or a file of records is broken; what comes before the break has
            been yielded.
    """
    if is_archive(file.filename):
        yield from _read_archive(file)
        return
    if file.filename.lower().endswith(COMPRESSED_SUFFIXES):
        file = _unpacked(file)
    if splitext(file.filename)[1].lower() in RECORD_SUFFIXES:
        yield from read_records(replace(file, stream=buffered(file.stream)))
    else:
        yield from _read_document(file)


def _read_archive(file: File) -> Iterator[Entry]:
    if file.is_member:
        yield file.fault(file.name, "is an archive in an archive; unpack the outer one")
    else:
        yield from read_each(file.source, (partial(_read_member, member) for member in archive_members(file)))


def _read_member(member: File | Entry) -> Iterator[Entry]:
    if isinstance(member, Entry):
        yield member
    else:
        yield from read_contents(member)


def _unpacked(file: File) -> File:
    """Look into a compressed file; `a.txt.gz` is the document `a.txt`."""
    stream = io.BufferedReader(Unpacked(file.stream, file.place), _PIECE_BYTES)
    suffix = splitext(file.filename)[1]
    return replace(
        file,
        name=(file.name or file.filename).removesuffix(suffix),
        filename=file.filename.removesuffix(suffix),
        stream=stream,
        n_bytes=None,
    )


def _read_document(file: File) -> Iterator[Entry]:
    if file.n_bytes is not None and file.n_bytes > MAX_ENTRY_BYTES:
        yield file.fault(file.name, too_large(file.n_bytes))
        return
    try:
        piece_bytes = _PIECE_BYTES if file.n_bytes is None else file.n_bytes + 1
        raw = read_up_to(file.stream, MAX_ENTRY_BYTES + 1, piece_bytes)
    except UNPACK_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        yield file.fault(file.name, f"cannot be read: {reason}")
        return
    if len(raw) > MAX_ENTRY_BYTES:
        yield file.fault(file.name, too_large(None))
    elif file.filename.lower().endswith(".xml") and holds_topics(raw):
        yield from read_records(replace(file, stream=io.BytesIO(raw)))
    else:
        yield file.entry(file.name, raw)


def read_up_to(stream: IO[bytes], n_bytes: int, piece_bytes: int = _PIECE_BYTES) -> bytes:
    """Read a stream to its end, or so many bytes of it, setting memory aside piece by piece."""
    pieces: list[bytes] = []
    while n_bytes > 0 and (piece := stream.read(min(n_bytes, piece_bytes))):
        pieces.append(piece)
        n_bytes -= len(piece)
    return b"".join(pieces)
