"""Generation: tokens from a vLLM server, or any other that speaks OpenAI's protocol."""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple, Protocol

import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random

from rag_service.engine_client import EngineClient, is_worth_another_try
from rag_service.engine_events import Delta, read_deltas
from rag_service.engine_tokenizer import EngineTokenizer
from rag_service.errors import EngineBusy, ServiceError
from rag_service.prompts import Prompt
from rag_service.settings import ServiceSettings

__all__ = ["Delta", "GenerationRequest", "Generator", "VllmGenerator"]

_CHAT = "/v1/chat/completions"
# Short, because someone waits and gets quotations instead: with the most retries that can be set,
# a refused connection takes 1.5 s. Jittered, so that questions that failed together do not return together.
_PAUSE = wait_random(0.1, 0.3)
# vLLM gives no more unless it is started with a higher --max-logprobs.
_N_LIKELIEST = 20
_YES = frozenset({"yes", "是", "对", "有"})
_NO = frozenset({"no", "否", "不", "没有", "无"})


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A prompt, the form its answer must have, and how to sample it.

    Args:
        prompt: What is asked.
        grammar: The grammar the answer must follow; None for free text.
        json_schema: The JSON schema it must follow instead.
        seed: The same one gives the same answer to the same prompt.
        max_tokens: Most tokens of the answer; None for the setting.
        temperature: None for the setting.

    Raises:
        ValueError: Both a grammar and a schema are given.
    """

    prompt: Prompt
    grammar: str | None = None
    json_schema: dict[str, Any] | None = None
    seed: int = 0
    max_tokens: int | None = None
    temperature: float | None = None

    def __post_init__(self) -> None:
        if self.grammar is not None and self.json_schema is not None:
            raise ValueError("an answer follows a grammar or a JSON schema, not both; leave one out")


class Generator(Protocol):
    """Writes an answer to a prompt."""

    def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the answer as it is written; closing the iterator cancels the generation."""

    async def is_reachable(self) -> bool:
        """Tell whether the engine answers right now."""

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Count the tokens of each text; None where the engine cannot."""

    async def context_length(self) -> int | None:
        """Give the most tokens of prompt and answer; None where the engine does not say."""

    async def yes_probability(self, prompt: Prompt) -> float | None:
        """Give the probability of yes, over yes and no; None where the engine gives none."""


class VllmGenerator:
    """A `Generator` on `POST /v1/chat/completions`.

    Closing the iterator closes the connection, which makes vLLM abort the request.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client = EngineClient(settings)
        self._tokenizer = EngineTokenizer(self._client, settings.engine_model)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the answer as the engine writes it.

        Until the first delta a lost connection or a busy engine is tried again; later never.

        Raises:
            EngineUnavailable: No connection, or it was lost; EngineBusy where the engine said so.
            EngineTimedOut: The engine sent nothing for too long, or took too long in all.
            EngineFailed: The engine refused the request or sent what is not its protocol.
        """
        begin = AsyncRetrying(
            stop=stop_after_attempt(1 + self._settings.engine_retries),
            wait=_pause_s,
            retry=retry_if_exception(is_worth_another_try),
            reraise=True,
        )
        deadline = monotonic() + self._settings.engine_total_timeout_s
        begun: _Begun = await begin(self._begin, request, deadline)
        async with aclosing(begun.rest):
            if begun.first is not None:
                yield begun.first
            async for delta in begun.rest:
                yield delta

    async def is_reachable(self) -> bool:
        """Ask the engine's health route; False on any failure, also when it is slow to answer."""
        return await self._client.is_reachable()

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Count the tokens of each text by the engine's tokenizer; None where it cannot in two seconds."""
        return await self._tokenizer.count_tokens(texts)

    async def context_length(self) -> int | None:
        """Give the most tokens of prompt and answer; None where the engine does not say or is away."""
        return await self._tokenizer.context_length()

    async def yes_probability(self, prompt: Prompt) -> float | None:
        """Ask a question of yes or no and weigh the two by the likeliest first tokens.

        Returns:
            The share of yes, 0 to 1. None when neither is among the likeliest tokens, and when the
            engine gives no probabilities, refuses, is away or silent.
        """
        body = {
            "model": self._settings.engine_model,
            "messages": prompt.messages(),
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": _N_LIKELIEST,
        }
        try:
            # One token is the whole answer, so that its silence is the time in all.
            answer = await self._client.ask(_CHAT, body, self._settings.engine_silence_timeout_s)
        except ServiceError:
            return None
        return _yes_share(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _begin(self, request: GenerationRequest, deadline: float) -> "_Begun":
        """Send the request and wait for the first delta."""
        pieces = self._client.stream(_CHAT, self._body(request), deadline - monotonic())
        deltas = read_deltas(pieces, self._max_tokens(request))
        return _Begun(await anext(deltas, None), deltas)

    def _max_tokens(self, request: GenerationRequest) -> int:
        return self._settings.answer_tokens if request.max_tokens is None else request.max_tokens

    def _body(self, request: GenerationRequest) -> bytes:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.engine_model,
            "messages": request.prompt.messages(),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": settings.temperature if request.temperature is None else request.temperature,
            "top_p": settings.top_p,
            "max_tokens": self._max_tokens(request),
            "seed": request.seed,
        }
        if request.grammar is not None:
            body["structured_outputs"] = {"grammar": request.grammar}
        if request.json_schema is not None:
            body["structured_outputs"] = {"json": request.json_schema}
        return orjson.dumps(body)


class _Begun(NamedTuple):
    """An answer that has begun: its first delta, None where it ended without one, and the others."""

    first: Delta | None
    rest: AsyncGenerator[Delta, None]


def _pause_s(attempt: RetryCallState) -> float:
    error = attempt.outcome.exception() if attempt.outcome else None
    told_s = error.retry_after_s if isinstance(error, EngineBusy) else None
    return _PAUSE(attempt) if told_s is None else told_s


def _yes_share(answer: object) -> float | None:
    try:
        # Bound here only: what does not have this form is given up as a whole.
        likeliest: Any = answer
        likeliest = likeliest["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        # A logarithm above 0 is no probability.
        weights = [(one["token"].strip().casefold(), math.exp(min(one["logprob"], 0.0))) for one in likeliest]
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    yes = math.fsum(weight for token, weight in weights if token in _YES)
    no = math.fsum(weight for token, weight in weights if token in _NO)
    return yes / (yes + no) if yes + no > 0 else None
