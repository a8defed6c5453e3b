"""Vectors already made: of the last revision of a changed document, of a run that was killed."""

import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np
import structlog

from knowledge.embedding import Vectors

log = structlog.get_logger()

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (text_hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
)
# SQLite takes at most 32,766 values in one statement; a window of passages is far below.
_LOOKUP_CHUNK = 1024
_CHECKSUM_BYTES = 4


class VectorCache:
    """A file of vectors by (embedder, hash of the embedded text).

    It only saves work: a file that is broken is made anew, and where there can be none everything
    is embedded. Each run clears it after publishing, since the generation itself then has the
    vectors.

    Args:
        folder: Where the file lies.
        fingerprint: The embedder; each has a file of its own.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / f"{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.sqlite"

    @cached_property
    def _connection(self) -> sqlite3.Connection | None:
        return self._open()

    def lookup(self, texts: Sequence[str]) -> list[Vectors | None]:
        """Find the vector of each text, float32 of shape (dimension,), None where there is none."""
        hashes = [_hash(text) for text in texts]
        found: dict[bytes, bytes] = {}
        for start in range(0, len(hashes), _LOOKUP_CHUNK):
            chunk = hashes[start : start + _LOOKUP_CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT text_hash, vector FROM vectors WHERE text_hash IN ({marks})"  # noqa: S608 - marks only
            found.update(self._execute(query, chunk))
        return [_unpack(found[h]) if h in found else None for h in hashes]

    def store(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of texts; `vectors` has shape (len(texts), dimension)."""
        rows = [(_hash(text), _pack(vector)) for text, vector in zip(texts, vectors, strict=True)]
        self._execute_many("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def clear(self) -> None:
        """Forget everything and give the space back."""
        self._execute("DELETE FROM vectors", [])
        self._execute("VACUUM", [])

    def close(self) -> None:
        """Close the file; it is opened at the first use."""
        connection = self.__dict__.get("_connection")
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                self._remove_broken(error)
                return self._connect()
        except (sqlite3.Error, OSError) as error:
            log.warning("vector_cache_unusable", path=str(self._path), error=str(error))
            return None

    def _connect(self) -> sqlite3.Connection:
        # Autocommit, and no waiting for the disk: after a power cut a lost row costs one embedding,
        # and a torn one is known by its checksum.
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _remove_broken(self, error: sqlite3.Error) -> None:
        """Remove a file that is no database any more; another fault, such as a full disk, is not its own."""
        if isinstance(error, sqlite3.OperationalError):
            return
        log.warning("vector_cache_broken", path=str(self._path), error=str(error))
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _execute(self, statement: str, values: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        try:
            return self._connection.execute(statement, values).fetchall() if self._connection else []
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def _execute_many(self, statement: str, rows: list[tuple[bytes, bytes]]) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute("BEGIN")
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: sqlite3.Error) -> None:
        log.warning("vector_cache_lost", path=str(self._path), error=str(error))
        with suppress(sqlite3.Error):
            self.close()
        self._connection = None
        with suppress(OSError):
            self._remove_broken(error)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _pack(vector: Vectors) -> bytes:
    raw = vector.tobytes()
    return zlib.crc32(raw).to_bytes(_CHECKSUM_BYTES) + raw


def _unpack(packed: object) -> Vectors | None:
    # A damaged file may give a number where bytes were.
    if not isinstance(packed, bytes):
        return None
    checksum, raw = packed[:_CHECKSUM_BYTES], packed[_CHECKSUM_BYTES:]
    if zlib.crc32(raw).to_bytes(_CHECKSUM_BYTES) != checksum:
        return None
    return np.frombuffer(raw, dtype=np.float32)
