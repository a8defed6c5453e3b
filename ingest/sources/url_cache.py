"""Bodies of web addresses, kept on disk with what a server needs to say "not modified"."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import orjson

# Room for the largest collection that is fetched and a few thousand pages beside it.
MAX_CACHE_BYTES = 8 * 2**30
# A file without a head is the rest of a run that was killed, or the work of one that goes on.
_LEFTOVER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class CachedBody:
    """The body of an address. `checked_at` is when the server last vouched for it, Unix time in s."""

    url: str
    etag: str
    last_modified: str
    media_type: str
    body: str
    n_bytes: int
    checked_at: float

    def is_fresh(self, refresh: timedelta) -> bool:
        """Tell whether it was checked within `refresh`; a time in the future is a clock that was wrong."""
        return 0 <= time.time() - self.checked_at < refresh.total_seconds()


class UrlCache:
    """A folder of bodies, for one run at a time.

    Every body lies in a file of its own that is written once; a small head beside it names it, and
    is replaced in one step. What a killed run leaves behind is never taken for a body.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def find(self, url: str) -> CachedBody | None:
        """Look up an address; None when it is not kept, or its file is damaged."""
        held = _load(self._head(url))
        if held is None or held.url != url:
            return None
        try:
            whole = self.path(held).stat().st_size == held.n_bytes
        except OSError:
            return None
        return held if whole else None

    def path(self, held: CachedBody) -> Path:
        """Name the file of a body."""
        return self._folder / held.body

    def store(
        self, url: str, validators: tuple[str, str], media_type: str, pieces: Iterable[bytes]
    ) -> CachedBody:
        """Write a body as it arrives; the old one stays until the new one is complete.

        Args:
            url: Its address.
            validators: The headers ETag and Last-Modified, empty where the server sent none.
            media_type: The header Content-Type.
            pieces: The body.

        Raises:
            OSError: The folder cannot be written; nothing has changed.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        before = _load(self._head(url))
        path = self._folder / f"{_key(url)}-{secrets.token_hex(4)}.body"
        try:
            with path.open("wb") as file:
                n_bytes = sum(file.write(piece) for piece in pieces)
                file.flush()
                os.fsync(file.fileno())
            held = CachedBody(url, *validators, media_type, path.name, n_bytes, time.time())
            self._write_head(held)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if before is not None:
            self.path(before).unlink(missing_ok=True)
        return held

    def confirm(self, held: CachedBody) -> CachedBody:
        """Note that the server said "not modified" just now."""
        confirmed = CachedBody(**{**asdict(held), "checked_at": time.time()})
        self._write_head(confirmed)
        return confirmed

    def forget(self, url: str) -> None:
        """Drop an address that is gone."""
        held = _load(self._head(url))
        self._head(url).unlink(missing_ok=True)
        if held is not None:
            self.path(held).unlink(missing_ok=True)

    def prune(self) -> None:
        """Drop what was not checked for longest until the rest has room, and leftovers of killed runs."""
        heads = [held for path in self._folder.glob("*.head") if (held := _load(path)) is not None]
        n_bytes = sum(held.n_bytes for held in heads)
        for held in sorted(heads, key=lambda held: held.checked_at):
            if n_bytes <= self._max_bytes:
                break
            self.forget(held.url)
            n_bytes -= held.n_bytes
        named = {held.body for held in heads}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            is_old = time.time() - path.stat().st_mtime > _LEFTOVER_S
            if is_old and path.suffix in (".body", ".part") and path.name not in named:
                path.unlink(missing_ok=True)

    def _head(self, url: str) -> Path:
        return self._folder / f"{_key(url)}.head"

    def _write_head(self, held: CachedBody) -> None:
        part = self._folder / f"{held.body}.part"
        part.write_bytes(orjson.dumps(asdict(held)))
        part.replace(self._head(held.url))


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _load(path: Path) -> CachedBody | None:
    try:
        held = CachedBody(**orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError):
        return None
    # Only ever a plain name: a head that somebody else wrote must not point out of the folder.
    return held if held.body == Path(str(held.body)).name else None
