"""Vectors already made: of the last revision of a changed document, of a run that was killed."""

import hashlib
import sqlite3
from collections.abc import Sequence
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


class VectorCache:
    """A file of vectors by (embedder, hash of the embedded text).

    It only saves work: a file that cannot be used is made anew, and without one everything is
    embedded. Each run clears it after publishing, since the generation itself then has the vectors.

    Args:
        folder: Where the file lies.
        fingerprint: The embedder; each has a file of its own.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / f"{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.sqlite"
        self._connection = self._open()

    def lookup(self, texts: Sequence[str]) -> list[Vectors | None]:
        """Find the vector of each text, float32 of shape (dimension,), None where there is none."""
        hashes = [_hash(text) for text in texts]
        found: dict[bytes, bytes] = {}
        for start in range(0, len(hashes), _LOOKUP_CHUNK):
            chunk = hashes[start : start + _LOOKUP_CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT text_hash, vector FROM vectors WHERE text_hash IN ({marks})"  # noqa: S608 - marks only
            found.update(self._execute(query, chunk))
        return [np.frombuffer(found[h], dtype=np.float32) if h in found else None for h in hashes]

    def store(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of texts; `vectors` has shape (len(texts), dimension)."""
        rows = [(_hash(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)]
        self._execute_many("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def clear(self) -> None:
        """Forget everything and give the space back."""
        self._execute("DELETE FROM vectors", [])
        self._execute("VACUUM", [])

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> sqlite3.Connection | None:
        for attempt in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                # Autocommit, and no waiting for the disk: after a power cut a lost row costs one
                # embedding, a torn file is made anew.
                connection = sqlite3.connect(self._path, isolation_level=None)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=OFF")
                connection.execute(_SCHEMA)
            except (sqlite3.Error, OSError) as error:
                log.warning("vector_cache_unusable", path=str(self._path), error=str(error), attempt=attempt)
                self._path.unlink(missing_ok=True)
            else:
                return connection
        return None

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
        self.close()
        self._connection = None


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
