"""One web address at a time: politely, within limits, and only what has changed."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx2
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from ingest.errors import SourceMissing, UnreadableDocument
from ingest.sources.address import check_target
from ingest.sources.url_cache import CachedBody, UrlCache

_GONE = (404, 410)
_TRY_AGAIN = (408, 425, 429)
_MAX_REDIRECTS = 5
# A server that names a longer wait than this does not want to be read tonight.
_MAX_WAIT_S = 60.0
# After so many addresses of a host that failed one after another, the others are not tried: a dead
# host with a thousand addresses would take the night.
_MAX_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How a server is treated.

    Args:
        delay_s: Between two requests to one host.
        timeout_s: For a connection, and between two pieces of a body.
        deadline_s: For a whole body.
        wait_s: At most, before the second attempt; doubled for each one after it.
        attempts: How often an address is tried.
    """

    delay_s: float = 1.0
    timeout_s: float = 30.0
    deadline_s: float = 1800.0
    wait_s: float = 1.0
    attempts: int = 4


class _TryAgain(Exception):
    """The server is busy or broken for the moment; it may have said for how long."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Fetcher:
    """Fetches addresses into a cache.

    `named_hosts` are those that the operator wrote down: only they may have a private address.
    """

    def __init__(self, cache: UrlCache, limits: Limits, named_hosts: frozenset[str]) -> None:
        self._cache = cache
        self._limits = limits
        self._named_hosts = named_hosts
        self._asked_at: dict[str, float] = {}
        self._n_failures: Counter[str] = Counter()
        # gzip alone: other codings have no bound on what a few bytes unpack to.
        headers = {"User-Agent": "medcite-ingest", "Accept-Encoding": "gzip"}
        self._client = httpx2.Client(headers=headers, timeout=limits.timeout_s, follow_redirects=False)

    def __enter__(self) -> Self:
        """Use the connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._client.close()

    def fetch(self, url: str, refresh: timedelta, max_bytes: int) -> CachedBody | None:
        """Bring the cached body of an address up to date.

        Returns:
            The body, from the cache when the server says that it has not changed or was asked within
            `refresh`; None when the server says that it is gone (404, 410).

        Raises:
            SourceMissing: The server cannot be reached or fails, after retries; whether the document
                still exists is not known.
            UnreadableDocument: The server refuses it, it is too large or it leads where no request
                may go; to try again later is of no use.
        """
        held = self._cache.find(url)
        if held is not None and held.is_fresh(refresh):
            return held
        host = httpx2.URL(url).host
        if self._n_failures[host] >= _MAX_FAILURES:
            raise SourceMissing(f"{url} was not asked for: {_MAX_FAILURES} others on {host} failed")
        retrying = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._wait,
            retry=retry_if_exception_type((_TryAgain, httpx2.TransportError)),
            reraise=True,
        )
        try:
            body = retrying(self._ask, url, held, max_bytes)
        except (_TryAgain, httpx2.TransportError) as error:
            self._n_failures[host] += 1
            reason = str(error) or type(error).__name__
            raise SourceMissing(
                f"{url} cannot be fetched ({self._limits.attempts} attempts): {reason}; run again when it can"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UnreadableDocument(f"cannot be fetched: {error}") from error
        except OSError as error:
            raise SourceMissing(f"{url} cannot be kept: {error}; make room or name another cache") from error
        self._n_failures[host] = 0
        return body

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_s if isinstance(error, _TryAgain) else None
        if asked is not None:
            return min(asked, _MAX_WAIT_S)
        return wait_random_exponential(self._limits.wait_s, _MAX_WAIT_S)(state)

    def _ask(self, url: str, held: CachedBody | None, max_bytes: int) -> CachedBody | None:
        target = httpx2.URL(url)
        for _ in range(_MAX_REDIRECTS + 1):
            check_target(target, self._named_hosts)
            self._take_turn(target.host)
            with self._client.stream("GET", target, headers=_validators(held)) as response:
                if not response.has_redirect_location:
                    return self._receive(url, held, response, max_bytes)
                target = target.join(response.headers["Location"])
        raise UnreadableDocument(f"redirects more than {_MAX_REDIRECTS} times; name its final address")

    def _receive(
        self, url: str, held: CachedBody | None, response: httpx2.Response, max_bytes: int
    ) -> CachedBody | None:
        status, headers = response.status_code, response.headers
        if status == httpx2.codes.NOT_MODIFIED and held is not None:
            return self._cache.confirm(held)
        if status in _GONE:
            self._cache.forget(url)
            return None
        if status in _TRY_AGAIN or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            wait = headers.get("Retry-After", "")
            raise _TryAgain(f"answered {status}", float(wait) if wait.isdecimal() else None)
        if status != httpx2.codes.OK:
            raise UnreadableDocument(
                f"the server answered {status}; check that it may be read without a login"
            )
        validators = (headers.get("ETag", ""), headers.get("Last-Modified", ""))
        pieces = self._pieces(response, max_bytes)
        return self._cache.store(url, validators, headers.get("Content-Type", ""), pieces)

    def _pieces(self, response: httpx2.Response, max_bytes: int) -> Iterator[bytes]:
        """Give the body piece by piece, within the limits."""
        if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", ""):
            raise UnreadableDocument("comes in a coding that was not asked for")
        deadline = time.monotonic() + self._limits.deadline_s
        n_bytes = 0
        for piece in response.iter_bytes():
            n_bytes += len(piece)
            if n_bytes > max_bytes:
                raise UnreadableDocument(f"has more than {max_bytes} bytes, the most that is fetched")
            if time.monotonic() > deadline:
                raise UnreadableDocument(f"did not arrive within {self._limits.deadline_s:g} s")
            yield piece

    def _take_turn(self, host: str) -> None:
        """Wait until the host may be asked again."""
        due = self._asked_at.get(host, float("-inf")) + self._limits.delay_s
        time.sleep(max(0.0, due - time.monotonic()))
        self._asked_at[host] = time.monotonic()


def _validators(held: CachedBody | None) -> dict[str, str]:
    if held is None:
        return {}
    pairs = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    return {name: value for name, value in pairs.items() if value}
