"""The events of a chat completion, out of the bytes of its stream."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from rag_service.errors import EngineFailed, EngineUnavailable
from rag_service.protocol import Usage

# An event is a few hundred bytes; one that carries a whole answer, escaped, is still below this.
_MAX_LINE_BYTES = 1 << 20
# The longest tokens of the usual vocabularies are runs of blanks; words stay below this.
_MAX_CHARS_PER_TOKEN = 16
# vLLM sends an event a token; the one of the role, the end and the usage come on top, and other
# servers send empty ones in between.
_MAX_EVENTS_PER_TOKEN = 2
_MORE_EVENTS = 16
# What reading an event of another form ends with.
_FOREIGN = (orjson.JSONDecodeError, LookupError, TypeError, AttributeError, ValidationError)


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of text as the engine sent it.

    The last one with text, or the one after it, says why the answer ended: "stop", or "length" when
    it was cut at the most tokens allowed. One more carries the usage.
    """

    text: str = ""
    usage: Usage | None = None
    finish_reason: str | None = None


async def read_deltas(pieces: AsyncGenerator[bytes, None], max_tokens: int) -> AsyncGenerator[Delta, None]:
    """Yield what each event carries; one that carries nothing is passed over.

    An engine that sends more than `max_tokens` can make is cut off: the last delta then says
    "length", as if it had kept the limit itself.

    Raises:
        EngineUnavailable: The stream ended before the answer did.
        EngineFailed: An event is an error or is not in OpenAI's format.
    """
    n_events_left = _MAX_EVENTS_PER_TOKEN * max_tokens + _MORE_EVENTS
    n_chars_left = _MAX_CHARS_PER_TOKEN * max_tokens
    has_ended = False
    async with aclosing(_events(pieces)) as events:
        async for event in events:
            if event == b"[DONE]":
                return
            delta = _delta(event)
            n_events_left -= 1
            n_chars_left -= len(delta.text)
            if n_events_left < 0 or n_chars_left < 0:
                if not has_ended:
                    # Without the characters that are too many.
                    yield Delta(delta.text[: min(n_chars_left, 0) or None], finish_reason="length")
                return
            has_ended = has_ended or delta.finish_reason is not None
            if delta != Delta():
                yield delta
    if not has_ended:
        raise EngineUnavailable("the connection to the language model ended before the answer did")


async def _events(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the data of each server-sent event, reading network pieces rather than lines."""
    rest = bytearray()
    async with aclosing(pieces):
        async for piece in pieces:
            head, *lines = piece.split(b"\n")
            rest += head
            for line in lines:
                if rest.startswith(b"data:"):
                    yield bytes(rest[5:]).strip()
                rest[:] = line
            if len(rest) > _MAX_LINE_BYTES:
                raise EngineFailed(
                    f"the language model sent a line of more than {_MAX_LINE_BYTES} bytes; "
                    "MEDCITE_ENGINE_URL may name another kind of server"
                )


def _delta(data: bytes) -> Delta:
    try:
        event = orjson.loads(data)
        if event.get("error"):
            raise EngineFailed(f"the language model broke off with an error{_kind(event['error'])}")
        usage = _usage(event["usage"]) if event.get("usage") else None
        if not event["choices"]:
            return Delta(usage=usage)
        choice = event["choices"][0]
        text = _text(choice["delta"].get("content"))
        finish_reason = _text(choice.get("finish_reason"))
    except _FOREIGN as error:
        raise EngineFailed("the language model sent an event that is not in OpenAI's format") from error
    if finish_reason == "abort":
        # vLLM says so when it is shut down in the middle of an answer.
        raise EngineUnavailable("the language model gave the answer up before its end")
    return Delta(text or "", usage, finish_reason)


def _text(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(type(value))
    return value


def _kind(fault: dict[str, Any]) -> str:
    # Its message may repeat the question, and what is no plain name may too.
    kind = fault.get("type")
    return f" ({kind})" if isinstance(kind, str) and re.fullmatch(r"\w{1,40}", kind, re.ASCII) else ""


def _usage(counts: dict[str, Any]) -> Usage:
    details = counts.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=counts.get("prompt_tokens") or 0,
        completion_tokens=counts.get("completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
    )
