"""A stand-in for the engine, for unit tests."""

import asyncio
from collections.abc import AsyncGenerator

from rag_service.generation import Delta, GenerationRequest
from rag_service.protocol import Usage


class ScriptedGenerator:
    """Yields the given pieces, waits, fails after them when told to, and counts what happened."""

    def __init__(self, *pieces: str, error: Exception | None = None, delay_s: float = 0.0) -> None:
        self._pieces = pieces
        self._error = error
        self._delay_s = delay_s
        self.requests: list[GenerationRequest] = []
        self.n_cancelled = 0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the script."""
        self.requests.append(request)
        try:
            for piece in self._pieces:
                await asyncio.sleep(self._delay_s)
                yield Delta(piece)
        except (asyncio.CancelledError, GeneratorExit):
            self.n_cancelled += 1
            raise
        if self._error is not None:
            raise self._error
        yield Delta(usage=Usage(prompt_tokens=1, completion_tokens=len(self._pieces)))

    async def is_reachable(self) -> bool:
        """Be reachable unless the script is to fail at once."""
        return self._error is None or bool(self._pieces)
