"""A stand-in for the engine, for unit tests."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from rag_service.generation import Delta, GenerationRequest
from rag_service.prompts import Prompt
from rag_service.protocol import Usage


@dataclass(frozen=True, slots=True)
class Script:
    """What is yielded for one request, then what is raised, or why it ended."""

    pieces: tuple[str, ...] = ()
    error: Exception | None = None
    finish_reason: str = "stop"


class ScriptedGenerator:
    """Yields the given pieces, waits, fails after them when told to, and counts what happened.

    Args:
        pieces: The script of every request.
        error: Raised after the pieces.
        delay_s: Before each piece.
        finish_reason: Why the answer ended, for scripts made of `pieces`.
        scripts: One for each request instead; the last one is repeated.

    `tokenizes`, `length` and `yes` are what the other questions are answered with, and may be set.
    """

    def __init__(
        self,
        *pieces: str,
        error: Exception | None = None,
        delay_s: float = 0.0,
        finish_reason: str = "stop",
        scripts: Sequence[Script] = (),
    ) -> None:
        self._scripts = list(scripts) or [Script(pieces, error, finish_reason)]
        self._delay_s = delay_s
        self.requests: list[GenerationRequest] = []
        self.asked: list[Prompt] = []
        self.n_cancelled = 0
        self.tokenizes = True
        self.length: int | None = None
        self.yes: float | None = None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the script."""
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        try:
            for piece in script.pieces:
                await asyncio.sleep(self._delay_s)
                yield Delta(piece)
        except (asyncio.CancelledError, GeneratorExit):
            self.n_cancelled += 1
            raise
        if script.error is not None:
            raise script.error
        yield Delta(finish_reason=script.finish_reason)
        yield Delta(usage=Usage(prompt_tokens=1, completion_tokens=len(script.pieces)))

    async def is_reachable(self) -> bool:
        """Be reachable unless the first script is to fail at once."""
        first = self._scripts[0]
        return first.error is None or bool(first.pieces)

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Count one token a Han character and one for every four others, rounded up."""
        return [_token_count(text) for text in texts] if self.tokenizes else None

    async def context_length(self) -> int | None:
        """Give `length`."""
        return self.length

    async def yes_probability(self, prompt: Prompt) -> float | None:
        """Give `yes`; the prompt is kept in `asked`."""
        self.asked.append(prompt)
        return self.yes


def _token_count(text: str) -> int:
    n_han = sum("\u4e00" <= char <= "\u9fff" for char in text)
    return n_han + (len(text) - n_han + 3) // 4
