"""The connection to a Qdrant server: its errors become ours, passing ones are asked again."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from json import JSONDecodeError
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stamina
from pydantic import ValidationError
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from knowledge.errors import (
    GenerationCorrupt,
    GenerationMissing,
    InvalidSettings,
    KnowledgeError,
    StoreLocked,
    StoreUnavailable,
)

Answer = TypeVar("Answer")
Request = Callable[[AsyncQdrantClient], Awaitable[Answer]]
Fields = Mapping[str, models.PayloadSchemaType]

_DEFAULT_PORT = 6333
# Longer than a busy cluster takes for one batch, shorter than anybody waits for an answer.
_TIMEOUT_S = 30
# A node of a cluster restarts within this time; ingest waits for it rather than lose a night.
_INGEST_PATIENCE_S = 120.0
_MAX_PAUSE_S = 15.0
_MAX_DETAIL_CHARS = 300

_NOT_FOUND = 404
_CONFLICT = 409
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Connection:
    """A client and the address it speaks to, which carries no credentials: it is shown.

    A server that fails is asked again for `patience_s`; requests must be idempotent then.
    """

    client: AsyncQdrantClient
    address: str
    patience_s: float = 0.0

    def patient(self) -> "Connection":
        """Give the same connection with the patience of an ingest."""
        return replace(self, patience_s=_INGEST_PATIENCE_S)

    async def ask(self, request: Request[Answer]) -> Answer:
        """Ask the server, and go on asking while it fails and patience lasts.

        Raises:
            StoreUnavailable: The server cannot be reached, is overloaded or fails.
            InvalidSettings: The server refuses the API key, or is no Qdrant server.
            GenerationMissing: The collection does not exist.
            StoreLocked: Another writer has just made the same collection.
            GenerationCorrupt: The server refuses the request for another reason.
        """
        if not self.patience_s:
            return await self._ask_once(request)
        async for attempt in stamina.retry_context(
            on=StoreUnavailable, attempts=None, timeout=self.patience_s, wait_max=_MAX_PAUSE_S
        ):
            with attempt:
                return await self._ask_once(request)
        raise AssertionError("the last attempt returns or raises")

    async def create(self, collection: str, fields: Fields, **config: Any) -> None:
        """Create a collection with its payload indexes unless it exists.

        A repeated attempt finds what the first one made.

        Raises:
            KnowledgeError: As `ask` does.
        """

        async def create_missing(client: AsyncQdrantClient) -> None:
            if not await client.collection_exists(collection):
                await client.create_collection(collection, **config)
            for field, schema in fields.items():
                await client.create_payload_index(collection, field, schema)

        await self.ask(create_missing)

    async def _ask_once(self, request: Request[Answer]) -> Answer:
        try:
            return await request(self.client)
        except (ResponseHandlingException, UnexpectedResponse, ResourceExhaustedResponse) as error:
            raise self._translated(error) from error
        except JSONDecodeError as error:  # the client lets it through, unlike other answers it cannot read
            raise _not_qdrant(self.address) from error

    def _translated(self, error: Exception) -> KnowledgeError:
        who = f"Qdrant at {self.address}"
        if isinstance(error, ResponseHandlingException):
            if isinstance(error.source, ValidationError):
                return _not_qdrant(self.address)
            reason = type(error.source).__name__
            return StoreUnavailable(
                f"{who} cannot be reached ({reason}); check that it runs and that MEDCITE_QDRANT_URL names it"
            )
        if isinstance(error, UnexpectedResponse):
            detail = _detail(error)
            if detail is None and error.status_code == _NOT_FOUND:
                return _not_qdrant(self.address)
            return _refusal(who, error.status_code or _SERVER_ERROR, detail or error.reason_phrase)
        return StoreUnavailable(f"{who} takes no more requests at the moment; try again later")


def connect(url: str, api_key: str | None) -> Connection:
    """Prepare a connection; nothing is sent yet.

    Args:
        url: Such as `https://qdrant:6333`; the port is 6333 when none is given.
        api_key: Sent with every request, never shown.

    Raises:
        InvalidSettings: The URL has no host or an impossible port.
    """
    try:
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.hostname}:{parts.port or _DEFAULT_PORT}"
        # The client would ask for the server's version in a thread of its own and warn on standard
        # error; the lock asks for it and refuses.
        client = AsyncQdrantClient(url=url, api_key=api_key, timeout=_TIMEOUT_S, check_compatibility=False)
    except ValueError as error:
        raise InvalidSettings("MEDCITE_QDRANT_URL is no URL such as https://qdrant:6333") from error
    return Connection(client, address)


def _refusal(who: str, status: int, detail: str) -> KnowledgeError:
    if status >= _SERVER_ERROR or status in (408, _TOO_MANY_REQUESTS):
        return StoreUnavailable(f"{who} fails (status {status}: {detail}); see its log, then try again")
    if status in (401, 403):
        return InvalidSettings(f"{who} refuses the API key (status {status}); set MEDCITE_QDRANT_API_KEY")
    if status == _NOT_FOUND:
        return GenerationMissing(
            f"{who}: {detail}. It was removed or never finished; run medcite-ingest, or raise "
            "MEDCITE_KEEP_GENERATIONS if it was needed"
        )
    if status == _CONFLICT:
        return StoreLocked(f"another ingest is at work on {who} ({detail}); wait for it to end")
    return GenerationCorrupt(f"{who} refuses a request (status {status}: {detail})")


def _not_qdrant(address: str) -> InvalidSettings:
    return InvalidSettings(f"{address} does not answer like Qdrant; check MEDCITE_QDRANT_URL")


def _detail(error: UnexpectedResponse) -> str | None:
    """Read what Qdrant says of an error; None when it is not Qdrant that says it."""
    try:
        return str(error.structured()["status"]["error"])[:_MAX_DETAIL_CHARS]
    except (ValueError, KeyError, TypeError):
        return None
