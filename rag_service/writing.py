"""Writing: the sentences of an answer as the model finishes them."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from rag_service import prompts
from rag_service.citations import without_markers
from rag_service.draft import Draft
from rag_service.errors import ServiceError
from rag_service.generation import GenerationRequest, Generator
from rag_service.grammar import answer_grammar
from rag_service.prompts import Brief
from rag_service.protocol import Check, Usage
from rag_service.proving import Proved, prove
from rag_service.sections import SECTIONS, split_label
from rag_service.sentence_stream import HANDLE, SentenceStream
from rag_service.settings import ServiceSettings
from rag_service.verification import Verification

# So many equal sentences in a row, and the model goes round in a circle.
_MOST_REPEATS = 3
_ENDED = re.compile(rf"(?:[.。！？!?…;；][\"'”’)\]）】」』]*|{HANDLE.pattern})\s*\Z")
# At or above this probability of yes the engine takes a sentence for proved.
_LIKELY = 0.5


class Writer:
    """Has the model write; yields whole sentences only, with their handles."""

    def __init__(self, generator: Generator, settings: ServiceSettings) -> None:
        self._generator = generator
        self._settings = settings

    async def write(self, draft: Draft) -> AsyncGenerator[str, None]:
        """Yield the sentences of the answer, of the best verified of several where several are wanted.

        Raises:
            ServiceError: The engine is away, silent or failed.
        """
        request = self._request(draft)
        if draft.n_candidates == 1:
            async with aclosing(self._sentences(draft, request)) as sentences:
                async for sentence in sentences:
                    yield sentence
            return
        requests = [replace(request, seed=seed) for seed in range(draft.n_candidates)]
        written = await asyncio.gather(
            *(self._whole(draft, each) for each in requests), return_exceptions=True
        )
        whole = [sentences for sentences in written if isinstance(sentences, list)]
        faults = [fault for fault in written if isinstance(fault, BaseException)]
        # An engine that fails one is no loss while there is another.
        fatal = [fault for fault in faults if not whole or not isinstance(fault, ServiceError)]
        if fatal:
            raise fatal[0]
        for sentence in max(whole, key=lambda sentences: _worth(sentences, draft)):
            yield sentence

    async def confirm(self, draft: Draft, proved: Proved) -> Proved:
        """Have the engine say whether the passages say a sentence, where the settings want that.

        It can take a proof away or complete a partial one; what a check has refuted stays refuted.
        """
        verdict = proved.verification.verdict
        if self._settings.entailment == "none" or verdict == "unsupported":
            return proved
        prompt = prompts.write_check(self._brief(draft), without_markers(proved.cited.text))
        probability = await self._generator.yes_probability(prompt)
        if probability is None:
            return proved
        is_entailed = probability >= _LIKELY
        checks = (*proved.verification.checks, Check(kind="entailment", passed=is_entailed))
        return replace(
            proved, verification=Verification("supported" if is_entailed else "partly_supported", checks)
        )

    async def _sentences(self, draft: Draft, request: GenerationRequest) -> AsyncGenerator[str, None]:
        stream = SentenceStream()
        finish_reason: str | None = None
        last, n_repeats = "", 0
        async with aclosing(self._generator.stream(request)) as deltas:
            async for delta in deltas:
                draft.usage = _added(draft.usage, delta.usage)
                finish_reason = delta.finish_reason or finish_reason
                for sentence in stream.feed(delta.text):
                    n_repeats = n_repeats + 1 if sentence == last else 0
                    if n_repeats >= _MOST_REPEATS:
                        return
                    last = sentence
                    yield sentence
        for sentence in stream.close():
            # Cut by the limit of tokens, its end and what it rests on are missing; so they are where
            # the engine stopped for another reason and there is neither a stop nor a handle.
            if finish_reason != "length" and _ENDED.search(sentence):
                yield sentence

    async def _whole(self, draft: Draft, request: GenerationRequest) -> list[str]:
        return [sentence async for sentence in self._sentences(draft, request)]

    def _request(self, draft: Draft) -> GenerationRequest:
        brief = self._brief(draft)
        sections = SECTIONS if draft.is_structured else ()
        grammar = answer_grammar(draft.asked.language, prompts.find_handles(brief), sections)
        return GenerationRequest(
            prompts.write_prompt(brief), grammar if self._settings.engine_grammar else None
        )

    def _brief(self, draft: Draft) -> Brief:
        handles = self._settings.engine_handles
        return draft.gathered.brief(draft.asked, handles, is_structured=draft.is_structured)


def _worth(sentences: list[str], draft: Draft) -> tuple[int, int]:
    """Rank a candidate: many proved sentences, then few that are not. No answer at all is worth least."""
    bare = [split_label(sentence)[1] for sentence in sentences]
    verdicts = [prove(sentence, draft.passages).verification.verdict for sentence in bare]
    n_supported = verdicts.count("supported")
    return n_supported, n_supported - len(verdicts)


def _added(usage: Usage, more: Usage | None) -> Usage:
    if more is None:
        return usage
    return Usage(
        prompt_tokens=usage.prompt_tokens + more.prompt_tokens,
        completion_tokens=usage.completion_tokens + more.completion_tokens,
        cached_tokens=usage.cached_tokens + more.cached_tokens,
    )
