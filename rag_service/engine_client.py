"""The connection to the engine: one session, its headers, its limits, and its faults as our errors."""

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import aiohttp  # noqa: TID251 - the one module of this package
import orjson

from rag_service.errors import EngineBusy, EngineFailed, EngineTimedOut, EngineUnavailable
from rag_service.settings import ServiceSettings

# What a proxy answers for an engine that restarts, and an engine whose queue is full.
_BUSY = (429, 502, 503)
# The largest answer read whole: the token numbers of a long passage need some 100 kB.
_MAX_ANSWER_BYTES = 4 << 20
# A longer wait than this is not worth it: whoever asked has quotations sooner.
_MAX_RETRY_AFTER_S = 3.0
# vLLM closes an idle connection after 5 s (VLLM_HTTP_TIMEOUT_KEEP_ALIVE): a request must not meet that.
_KEEP_ALIVE_S = 4.0


class EngineClient:
    """Sends requests to the engine at `engine_url`; does not follow redirects."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._url = settings.engine_url.rstrip("/").removesuffix("/v1")
        key = settings.engine_api_key
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, path: str, body: bytes, total_s: float) -> AsyncGenerator[bytes, None]:
        """Yield an event stream in the pieces the network brings; closing it closes the connection.

        Args:
            path: With its leading slash.
            body: JSON.
            total_s: Until the stream must have ended.

        Raises:
            EngineBusy: The engine takes no requests at the moment.
            EngineUnavailable: No connection, or it was lost.
            EngineTimedOut: The engine sent nothing for too long, or did not end in time.
            EngineFailed: The engine refused the request, or it is no engine.
        """
        settings = self._settings
        limits = aiohttp.ClientTimeout(
            # aiohttp reads 0 as no limit.
            total=max(total_s, 0.001),
            sock_connect=settings.engine_connect_timeout_s,
            sock_read=settings.engine_silence_timeout_s,
        )
        with self._faults(settings.engine_total_timeout_s):
            async with self._client().post(
                self._url + path, data=body, timeout=limits, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise await self._refusal(response)
                if response.content_type != "text/event-stream":
                    raise EngineFailed(
                        f"what answers at {self._url} sends no stream of tokens; set MEDCITE_ENGINE_URL to a "
                        "server that speaks OpenAI's protocol"
                    )
                async for piece in response.content.iter_any():
                    yield piece

    async def ask(self, path: str, body: object | None, total_s: float) -> object:
        """Give the JSON a route answers with: `POST` with a body, `GET` without.

        Args:
            path: With its leading slash.
            body: What becomes the JSON sent.
            total_s: Until the answer must have come.

        Raises:
            EngineBusy: The engine takes no requests at the moment.
            EngineUnavailable: No connection, or it was lost.
            EngineTimedOut: The answer did not come in time.
            EngineFailed: The engine refused the request or sent what is not JSON; `engine_status`
                is the status it answered with.
        """
        limits = aiohttp.ClientTimeout(total=total_s, sock_connect=self._settings.engine_connect_timeout_s)
        with self._faults(total_s):
            async with self._client().request(
                "GET" if body is None else "POST",
                self._url + path,
                data=None if body is None else orjson.dumps(body),
                timeout=limits,
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise await self._refusal(response)
                answer = await _read(response, _MAX_ANSWER_BYTES)
        try:
            return orjson.loads(answer)
        except orjson.JSONDecodeError as error:
            raise EngineFailed(f"the language model answered {path} with what is not JSON") from error

    async def is_reachable(self) -> bool:
        """Ask the engine's health route; False on any failure, also when it is slow to answer."""
        patience = aiohttp.ClientTimeout(total=self._settings.engine_connect_timeout_s)
        try:
            async with self._client().get(
                f"{self._url}/health", timeout=patience, allow_redirects=False
            ) as response:
                return response.status < 500
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        # Made at first use because a session belongs to the running event loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Content-Type": "application/json", **self._headers},
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
            )
        return self._session

    @contextmanager
    def _faults(self, total_s: float) -> Iterator[None]:
        try:
            yield
        except aiohttp.SocketTimeoutError as error:
            silence_s = self._settings.engine_silence_timeout_s
            raise EngineTimedOut(f"the language model sent nothing for {silence_s:g} s") from error
        except aiohttp.ClientResponseError as error:
            raise EngineFailed(
                f"what answers at {self._url} does not speak HTTP; correct MEDCITE_ENGINE_URL"
            ) from error
        except aiohttp.ClientError as error:
            raise EngineUnavailable(
                f"no connection to the language model at {self._url} ({type(error).__name__}); "
                "start it with `medcite-serve engine` or set MEDCITE_ENGINE_URL"
            ) from error
        except TimeoutError as error:
            raise EngineTimedOut(f"the language model did not finish within {total_s:g} s") from error

    async def _refusal(self, response: aiohttp.ClientResponse) -> EngineFailed | EngineBusy:
        status = response.status
        told = f"the language model answered with status {status}"
        if status in _BUSY:
            return EngineBusy(f"{told}: it takes no requests at the moment", _retry_after_s(response))
        return EngineFailed(told + await self._hint(response), engine_status=status)

    async def _hint(self, response: aiohttp.ClientResponse) -> str:
        if 300 <= response.status < 400:
            return "; set MEDCITE_ENGINE_URL to where it redirects to"
        message = _message(await _read(response, _MAX_ANSWER_BYTES))
        # Only what names a setting is passed on: the engine's message may repeat the question.
        if "maximum context length" in message or "max_model_len" in message:
            return "; the prompt is longer than its context: lower MEDCITE_CONTEXT_TOKENS or raise the engine's length"
        if response.status in (401, 403):
            return "; set MEDCITE_ENGINE_API_KEY"
        if response.status == 404:
            return f"; it does not serve {self._settings.engine_model!r} (MEDCITE_ENGINE_MODEL)"
        return ""


def is_worth_another_try(error: BaseException) -> bool:
    """Tell whether the same request may go through in a moment."""
    if isinstance(error, EngineBusy):
        return (error.retry_after_s or 0.0) <= _MAX_RETRY_AFTER_S
    # What could not connect in time has used up the patience of whoever waits, and a URL stays wrong.
    lasting = (aiohttp.ServerTimeoutError, aiohttp.InvalidURL)
    return isinstance(error, EngineUnavailable) and not isinstance(error.__cause__, lasting)


def _retry_after_s(response: aiohttp.ClientResponse) -> float | None:
    # The other form, a date, is left to those who wait for minutes.
    told = response.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(r"[0-9]{1,9}", told) else None


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > max_bytes:
            raise EngineFailed(f"the language model's answer is longer than {max_bytes} bytes")
    return bytes(body)


def _message(body: bytes) -> str:
    try:
        fault = orjson.loads(body)
        return str(fault.get("error", fault).get("message"))
    except (orjson.JSONDecodeError, AttributeError):
        return ""
