"""One question's way, top to bottom."""

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from knowledge.document import guess_language
from knowledge.errors import KnowledgeError
from knowledge.search import SearchQuery
from rag_service import prompts
from rag_service.citations import cite, without_markers
from rag_service.draft import Draft, ms_since
from rag_service.errors import EngineTimedOut, EngineUnavailable, InvalidQuestion, KnowledgeAway, ServiceError
from rag_service.extractive import extract
from rag_service.generation import GenerationRequest, Generator
from rag_service.grammar import answer_grammar
from rag_service.library import Library
from rag_service.packing import pack
from rag_service.protocol import (
    Answer,
    AnswerCompleted,
    AnswerFailed,
    AnswerRefused,
    AnswerRequest,
    AnswerStarted,
    Event,
    Notice,
    NoticeEvent,
    Problem,
    SourcesEvent,
    Versions,
)
from rag_service.screening import Policy, screen_question
from rag_service.sentence_stream import SentenceStream
from rag_service.settings import ServiceSettings, short_model_name


class Answerer:
    """Answers questions: `prepare` may raise and becomes a status, `stream` only yields events."""

    def __init__(
        self, library: Library, generator: Generator, policy: Policy, settings: ServiceSettings
    ) -> None:
        self._library = library
        self._generator = generator
        self._policy = policy
        self._settings = settings
        self._model = short_model_name(settings.engine_model)

    async def prepare(self, request: AnswerRequest) -> Draft:
        """Screen the question, find passages, pack them.

        Raises:
            InvalidQuestion: The question is empty, too long or not Unicode.
            KnowledgeAway: There is no index.
            KnowledgeError: The index or the embedder failed.
        """
        started_at = time.perf_counter()
        timings_ms: dict[str, float] = {}
        question = _validated(request.question, self._settings.question_max_chars)
        language = request.language or guess_language(question)

        emergency = screen_question(question, language, self._policy)
        timings_ms["screen"] = ms_since(started_at)

        retrieved_at = time.perf_counter()
        limit = request.max_passages or self._settings.max_passages
        try:
            query = SearchQuery(question, limit, request.filters.admitting())
            generation, retrieved = await self._library.retrieve(query)
            is_enough = retrieved.sufficiency >= self._settings.least_sufficiency
            hits = retrieved.chosen if is_enough else []
        except (KnowledgeAway, KnowledgeError):
            # Someone in danger is told whom to call, index or no index.
            if emergency is None:
                raise
            generation, hits = "", []
        timings_ms["retrieve"] = ms_since(retrieved_at)

        packed_at = time.perf_counter()
        passages = pack(hits, self._settings.context_tokens)
        timings_ms["pack"] = ms_since(packed_at)
        return Draft(
            answer_id=uuid.uuid4().hex,
            question=question,
            language=language,
            generation=generation,
            passages=passages,
            notices=[Notice(kind="emergency", text=emergency)] if emergency else [],
            timings_ms=timings_ms,
            started_at=started_at,
        )

    async def stream(self, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield the events of the answer, from `answer.started` to the one that ends it.

        An error becomes an `answer.failed` event: the status line has been sent by then. Closing
        the iterator cancels the generation.
        """
        yield AnswerStarted(
            answer_id=draft.answer_id,
            model=self._model,
            generation=draft.generation,
            language=draft.language,
            policy_version=self._policy.version,
            prompt_version=prompts.VERSION,
        )
        for notice in draft.notices:
            yield NoticeEvent(**notice.model_dump())
        yield SourcesEvent(sources=draft.sources())
        if draft.passages:
            try:
                async with aclosing(self._sentences(draft)) as events:
                    async for event in events:
                        yield event
            except ServiceError as error:
                problem = Problem(title=error.title, status=error.status, detail=str(error))
                yield AnswerFailed(problem=problem)
                return
        yield draft.add_notice("disclaimer", prompts.DISCLAIMER[draft.language])
        yield self._finish(draft)

    async def _sentences(self, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield each sentence once it is finished, cited and verified.

        Without an engine, before the first sentence, the passages are quoted instead.
        """
        try:
            async with aclosing(self._written(draft)) as written:
                async for text in written:
                    words = without_markers(text)
                    if words in prompts.NO_ANSWER.values():
                        draft.says_no_answer = True
                    elif words:
                        yield draft.release(cite(text, draft.passages))
        except (EngineUnavailable, EngineTimedOut):
            if draft.sentences:
                raise
            yield draft.add_notice("degraded", prompts.DEGRADED[draft.language])
            for quotation in extract(draft.question, draft.passages):
                yield draft.release(quotation)

    async def _written(self, draft: Draft) -> AsyncGenerator[str, None]:
        """Yield the sentences as the model writes them."""
        prompt = prompts.write_prompt(draft.question, draft.language, draft.passages)
        constrained = self._settings.engine_grammar
        grammar = answer_grammar(draft.language, len(draft.passages)) if constrained else None
        sentences = SentenceStream()
        async with aclosing(self._generator.stream(GenerationRequest(prompt, grammar))) as deltas:
            async for delta in deltas:
                draft.usage = delta.usage or draft.usage
                for sentence in sentences.feed(delta.text):
                    yield sentence
        for sentence in sentences.close():
            yield sentence

    def _finish(self, draft: Draft) -> AnswerCompleted | AnswerRefused:
        draft.timings_ms["total"] = ms_since(draft.started_at)
        refusal = draft.refusal()
        separator = "" if draft.language == "zh" else " "
        answer = Answer(
            answer_id=draft.answer_id,
            text=refusal.text if refusal else separator.join(sentence.text for sentence in draft.sentences),
            sentences=tuple(draft.sentences),
            sources=draft.sources(),
            notices=tuple(draft.notices),
            refusal=refusal,
            generation=draft.generation,
            model=self._model,
            versions=Versions(
                policy=self._policy.version,
                prompt=prompts.VERSION,
                embedder=self._library.embedder_fingerprint,
            ),
            usage=draft.usage,
            timings_ms=draft.timings_ms,
        )
        kind = AnswerRefused if refusal else AnswerCompleted
        return kind(**dict(answer))


def _validated(question: str, max_chars: int) -> str:
    stripped = question.strip()
    if not stripped:
        raise InvalidQuestion("the question is empty; send text in the field `question`")
    if len(stripped) > max_chars:
        raise InvalidQuestion(
            f"the question has {len(stripped)} characters, at most {max_chars} are read; shorten it"
        )
    # JSON can write one, UTF-8 cannot: neither the embedder nor the engine could be sent it.
    if any("\ud800" <= char <= "\udfff" for char in stripped):
        raise InvalidQuestion("the question has half a surrogate pair; send whole Unicode characters")
    return stripped
