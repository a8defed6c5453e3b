"""Token counts and the context length, as the engine itself knows them."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic

from rag_service.engine_client import EngineClient
from rag_service.errors import EngineFailed, ServiceError

_TOKENIZE = "/tokenize"
_MODELS = "/v1/models"
# A server without the route says so with one of these; vLLM has it since 0.2.
_NO_SUCH_ROUTE = (404, 405)
# 16 bytes a key: the cache stays below 2 MB.
_CACHE_SIZE = 8192
# vLLM counts on a thread beside the engine's; more at once would only wait there.
_MAX_AT_ONCE = 16


class EngineTokenizer:
    """Counts tokens by vLLM's `POST /tokenize`, and keeps the counts.

    Counts are kept under a hash: the texts, of which one may be a question, are not.
    """

    def __init__(
        self,
        client: EngineClient,
        model: str,
        *,
        time_box_s: float = 2.0,
        kept_for_s: float = 60.0,
        away_for_s: float = 5.0,
    ) -> None:
        self._client = client
        self._model = model
        self._time_box_s = time_box_s
        self._kept_for_s = kept_for_s
        # An engine that hangs would else hold up each question by the time box, several times.
        self._away_for_s = away_for_s
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        self._absent_until = 0.0
        self._context_length: int | None = None
        self._context_length_until = 0.0

    async def count_tokens(self, texts: Sequence[str]) -> list[int] | None:
        """Count the tokens of each text, without the special ones around a prompt.

        Returns:
            One count a text, or None where the engine cannot count: it has no such route (asked
            again after a minute), is away or takes more than two seconds.
        """
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        counts = {key: self._counts[key] for key in keys if key in self._counts}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in counts}
        if missing and monotonic() < self._absent_until:
            return None
        try:
            async with asyncio.timeout(self._time_box_s):
                await self._ask(missing, counts)
        except EngineFailed as error:
            if error.engine_status in _NO_SUCH_ROUTE:
                self._absent_until = monotonic() + self._kept_for_s
            return None
        except (ServiceError, TimeoutError):
            self._absent_until = monotonic() + self._away_for_s
            return None
        finally:
            self._keep(counts)
        return [counts[key] for key in keys]

    async def context_length(self) -> int | None:
        """Give the most tokens of prompt and answer that the engine takes; asked again after a minute.

        Returns:
            None where the engine does not say, or is away and never said; asked again after seconds.
        """
        if monotonic() < self._context_length_until:
            return self._context_length
        try:
            models = await self._client.ask(_MODELS, None, self._time_box_s)
        except ServiceError:
            self._context_length_until = monotonic() + self._away_for_s
            return self._context_length
        self._context_length = _max_model_len(models, self._model)
        self._context_length_until = monotonic() + self._kept_for_s
        return self._context_length

    async def _ask(self, texts: dict[bytes, str], counts: dict[bytes, int]) -> None:
        """Add each count as it comes, so that those which came in time are kept."""
        at_once = asyncio.Semaphore(_MAX_AT_ONCE)

        async def count(key: bytes, text: str) -> None:
            async with at_once:
                asked = {"model": self._model, "prompt": text, "add_special_tokens": False}
                counts[key] = _count(await self._client.ask(_TOKENIZE, asked, self._time_box_s))

        tasks = [asyncio.create_task(count(key, text)) for key, text in texts.items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            # After one has failed, the others are asked in vain.
            for task in tasks:
                task.cancel()

    def _keep(self, counts: dict[bytes, int]) -> None:
        for key, count in counts.items():
            self._counts[key] = count
            self._counts.move_to_end(key)
        while len(self._counts) > _CACHE_SIZE:
            self._counts.popitem(last=False)


def _count(answer: object) -> int:
    count = answer.get("count") if isinstance(answer, dict) else None
    if not isinstance(count, int) or count < 0:
        raise EngineFailed(f"the language model answered {_TOKENIZE} without a count")
    return count


def _max_model_len(models: object, model: str) -> int | None:
    cards = models.get("data") if isinstance(models, dict) else None
    for card in cards if isinstance(cards, list) else []:
        if isinstance(card, dict) and card.get("id") == model:
            length = card.get("max_model_len")
            return length if isinstance(length, int) and length > 0 else None
    return None
