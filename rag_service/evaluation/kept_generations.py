"""Generations that are kept: an evaluation of other settings need not wait for the engine again."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from rag_service.generation import Delta, GenerationRequest, Generator
from rag_service.prompts import Prompt
from rag_service.protocol import Usage
from rag_service.settings import ServiceSettings


class KeptGenerator:
    """A `Generator` that keeps what another one writes, and gives it back to the same request.

    Each generation is a file in a folder, named by a hash of the model, the prompt and how it is
    sampled. What checks, citations or quotations make of it can so be measured in minutes. Only
    whole generations are kept.
    """

    def __init__(self, generator: Generator, folder: Path, settings: ServiceSettings) -> None:
        self._generator = generator
        self._folder = folder
        self._sampled = settings.model_dump(include={"engine_model", "temperature", "top_p", "answer_tokens"})
        folder.mkdir(parents=True, exist_ok=True)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta, None]:
        """Yield the generation, from the folder where it is there."""
        path = self._folder / f"{self._key(request)}.json"
        if path.is_file():
            for delta in orjson.loads(await asyncio.to_thread(path.read_bytes)):
                yield Delta(
                    delta["text"], Usage(**delta["usage"]) if delta["usage"] else None, delta["finish_reason"]
                )
            return
        kept = []
        async for delta in self._generator.stream(request):
            usage = delta.usage.model_dump() if delta.usage else None
            kept.append({"text": delta.text, "usage": usage, "finish_reason": delta.finish_reason})
            yield delta
        await asyncio.to_thread(_write, path, orjson.dumps(kept))

    async def is_reachable(self) -> bool:
        """Tell whether the engine answers right now."""
        return await self._generator.is_reachable()

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Count the tokens of each text; None where the engine cannot."""
        return await self._generator.count_tokens(texts)

    async def context_length(self) -> int | None:
        """Give the most tokens of prompt and answer; None where the engine does not say."""
        return await self._generator.context_length()

    async def yes_probability(self, prompt: Prompt) -> float | None:
        """Give the probability of yes; it is not kept."""
        return await self._generator.yes_probability(prompt)

    def _key(self, request: GenerationRequest) -> str:
        asked = {"settings": self._sampled, "request": asdict(request)}
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
