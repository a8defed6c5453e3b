"""Generation: tokens from a vLLM server, or any other that speaks OpenAI's protocol."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp  # noqa: TID251 - this is the one module
import orjson

from rag_service.errors import EngineFailed, EngineTimedOut, EngineUnavailable
from rag_service.prompts import Prompt
from rag_service.protocol import Usage
from rag_service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A prompt, and the grammar the answer must follow (None for free text)."""

    prompt: Prompt
    grammar: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of text as the engine sent it; the last one carries the usage and no text."""

    text: str = ""
    usage: Usage | None = None


class Generator(Protocol):
    """Writes an answer to a prompt."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it is written; closing the iterator cancels the generation."""

    async def is_reachable(self) -> bool:
        """Tell whether the engine answers right now."""


class VllmGenerator:
    """A `Generator` on `POST /v1/chat/completions`.

    Closing the iterator closes the connection, which makes vLLM abort the request.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._url = settings.engine_url.rstrip("/").removesuffix("/v1")
        key = settings.engine_api_key
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the answer as the engine writes it.

        Raises:
            EngineUnavailable: No connection, or it was lost.
            EngineTimedOut: The engine sent nothing for too long.
            EngineFailed: The engine refused the request or sent what is not its protocol.
        """
        try:
            async with self._client().post(
                f"{self._url}/v1/chat/completions", data=self._body(request)
            ) as response:
                if response.status >= 400:
                    raise EngineFailed(await _reason(response, self._settings))
                async for event in _events(response.content):
                    yield _delta(event)
        except aiohttp.SocketTimeoutError as error:
            waited = self._settings.engine_silence_timeout_s
            raise EngineTimedOut(f"the language model sent nothing for {waited:g} s") from error
        except aiohttp.ClientError as error:
            raise EngineUnavailable(
                f"no connection to the language model at {self._url} ({type(error).__name__}); "
                "start it with `medcite-serve engine` or set MEDCITE_ENGINE_URL"
            ) from error

    async def is_reachable(self) -> bool:
        """Ask the engine's health route; False on any failure, also when it is slow to answer."""
        patience = aiohttp.ClientTimeout(total=self._settings.engine_connect_timeout_s)
        try:
            async with self._client().get(f"{self._url}/health", timeout=patience) as response:
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
            connect = self._settings.engine_connect_timeout_s
            silence = self._settings.engine_silence_timeout_s
            self._session = aiohttp.ClientSession(
                headers={"Content-Type": "application/json", **self._headers},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=silence),
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._session

    def _body(self, request: GenerationRequest) -> bytes:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.engine_model,
            "messages": [
                {"role": "system", "content": request.prompt.system},
                {"role": "user", "content": request.prompt.user},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.answer_tokens,
            # The same question over the same passages gives the same answer.
            "seed": 0,
        }
        if request.grammar is not None:
            body["structured_outputs"] = {"grammar": request.grammar}
        return orjson.dumps(body)


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the data of each server-sent event, reading network chunks rather than lines."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield data


def _delta(data: bytes) -> Delta:
    try:
        event = orjson.loads(data)
        if "error" in event:
            # Its message may repeat the question.
            raise EngineFailed(f"the language model broke off with an error ({event['error'].get('type')})")
        choices = event["choices"]
        text = (choices[0]["delta"].get("content") or "") if choices else ""
        usage = event.get("usage")
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise EngineFailed("the language model sent an event that is not in OpenAI's format") from error
    return Delta(text, _usage(usage) if usage else None)


def _usage(counts: dict[str, Any]) -> Usage:
    details = counts.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=counts.get("prompt_tokens") or 0,
        completion_tokens=counts.get("completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
    )


async def _reason(response: aiohttp.ClientResponse, settings: ServiceSettings) -> str:
    body = (await response.content.read(2000)).decode(errors="replace")
    try:
        fault = orjson.loads(body)
        message = str(fault.get("error", fault).get("message"))
    except (orjson.JSONDecodeError, AttributeError):
        message = ""
    # Only what names a setting is passed on: the engine's message may repeat the question.
    hint = (
        f"; it does not serve {settings.engine_model!r} (MEDCITE_ENGINE_MODEL)"
        if response.status == 404
        else ""
    )
    if "maximum context length" in message or "max_model_len" in message:
        hint = "; the prompt is longer than its context: lower MEDCITE_CONTEXT_TOKENS or raise the engine's length"
    return f"the language model answered with status {response.status}{hint}"
