"""Qdrant's local mode, made to fail as a server does."""

import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import orjson
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse


class LocalQdrant:
    """`AsyncQdrantClient(":memory:")`, with two differences to a server taken away.

    A missing or an existing collection is a `ValueError` in local mode, where a server answers with
    404 or 409; and local mode warns that it makes no payload indexes.
    """

    def __init__(self) -> None:
        self._client = AsyncQdrantClient(":memory:")

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(self._call, getattr(self._client, name))

    async def _call(self, method: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Payload indexes have no effect", UserWarning)
                return await method(*args, **kwargs)
        except ValueError as error:
            raise _as_server_says(str(error)) from error


def _as_server_says(message: str) -> UnexpectedResponse:
    status = 404 if message.endswith("not found") else 409 if message.endswith("already exists") else 400
    content = orjson.dumps({"status": {"error": message}, "time": 0.0})
    return UnexpectedResponse(status, httpx.codes.get_reason_phrase(status), content, httpx.Headers())
