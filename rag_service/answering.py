"""One question's way, top to bottom."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from traceback import extract_tb

import structlog

from knowledge.errors import KnowledgeError
from rag_service import prompts, wording
from rag_service.answer_request import AnswerRequest
from rag_service.asked import read_request
from rag_service.citations import cite_statement, without_markers
from rag_service.conflicts import find_conflicts
from rag_service.draft import Draft, ms_since
from rag_service.errors import KnowledgeAway, ServiceError
from rag_service.events import (
    AnswerCompleted,
    AnswerFailed,
    AnswerRefused,
    AnswerStarted,
    Event,
    NoticeEvent,
    SourcesEvent,
)
from rag_service.extractive import extract, is_said
from rag_service.gathering import Gathered, Gatherer
from rag_service.generation import Generator
from rag_service.library import Library
from rag_service.protocol import Answer, Notice, Problem, Versions
from rag_service.proving import prove, quoted
from rag_service.screening import Policy, screen_question
from rag_service.sections import find_section, split_label
from rag_service.settings import ServiceSettings, short_model_name
from rag_service.writing import Writer

log = structlog.get_logger()


class Answerer:
    """Answers questions: `prepare` may raise and becomes a status, `stream` only yields events."""

    def __init__(
        self, library: Library, generator: Generator, policy: Policy, settings: ServiceSettings
    ) -> None:
        self._library = library
        self._gatherer = Gatherer(library, generator, settings)
        self._writer = Writer(generator, settings)
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
        asked = read_request(request, self._settings)
        emergency = screen_question(asked.question, asked.language, self._policy)
        screened_ms = ms_since(started_at)
        limit = request.max_passages or self._settings.max_passages
        gathered_at = time.perf_counter()
        try:
            gathered = await self._gatherer.gather(asked, limit, request.filters.admitting())
        except (KnowledgeAway, KnowledgeError):
            # Someone in danger is told whom to call, index or no index.
            if emergency is None:
                raise
            gathered = Gathered()
        return Draft(
            answer_id=uuid.uuid4().hex,
            asked=asked,
            gathered=gathered,
            notices=[Notice(kind="emergency", text=emergency)] if emergency else [],
            timings_ms={"screen": screened_ms, "gather": ms_since(gathered_at)},
            started_at=started_at,
            policy=self._settings.unproved,
            n_candidates=1 if request.stream else request.candidates,
            is_structured=request.format == "structured",
        )

    async def stream(self, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield the events of the answer, from `answer.started` to the one that ends it.

        An engine that fails is stood in for by quotations; any other error becomes an `answer.failed`
        event, as the status line has been sent by then. Closing the iterator cancels the generation.
        """
        yield AnswerStarted(
            answer_id=draft.answer_id,
            model=self._model,
            generation=draft.gathered.generation,
            language=draft.asked.language,
            policy_version=self._policy.version,
            prompt_version=prompts.VERSION,
        )
        for notice in draft.notices:
            yield NoticeEvent(**notice.model_dump())
        yield SourcesEvent(sources=draft.sources())
        try:
            if draft.passages:
                async with aclosing(self._body(draft)) as events:
                    async for event in events:
                        yield event
        except Exception as error:  # noqa: BLE001 - a client must learn of the end, whatever it was
            # Its type and place alone: a message may repeat the question.
            places = [f"{Path(at.filename).name}:{at.lineno}" for at in extract_tb(error.__traceback__)[-3:]]
            log.error("answer failed", error=type(error).__name__, places=places, answer_id=draft.answer_id)
            yield AnswerFailed(problem=_problem(error))
            return
        is_quoted = all(sentence.origin == "quoted" for sentence in draft.sentences)
        texts = wording.DISCLAIMER_QUOTED if draft.sentences and is_quoted else wording.DISCLAIMER
        yield draft.add_notice("disclaimer", texts[draft.asked.language])
        yield self._finish(draft)

    async def _body(self, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield what the model writes, proved sentence by sentence, then what is quoted below it."""
        for conflict in find_conflicts(draft.passages, draft.asked.language):
            yield draft.add_notice("conflict", conflict)
        comparing = asyncio.create_task(self._compare(draft))
        try:
            if self._settings.answerer == "model":
                async with aclosing(self._written(draft)) as events:
                    async for event in events:
                        yield event
            if draft.says_no_answer and draft.gathered.sufficiency > self._settings.believed_sufficiency:
                yield draft.add_notice("caution", wording.CLOSEST[draft.asked.language])
                draft.says_no_answer = False
            if not draft.says_no_answer:
                similarities = await comparing
                for event in self._quoted(draft, similarities):
                    yield event
        finally:
            comparing.cancel()

    async def _written(self, draft: Draft) -> AsyncGenerator[Event, None]:
        """Yield each sentence that the model has finished, cited and proved.

        A model that is away or breaks off leaves a notice; the quotations that follow stand in.
        """
        try:
            async with aclosing(self._writer.write(draft)) as sentences:
                async for sentence in sentences:
                    section, sentence = split_label(sentence)
                    words = without_markers(sentence)
                    if words in prompts.NO_ANSWER.values():
                        draft.says_no_answer = not draft.sentences
                    elif words:
                        proved = await self._writer.confirm(draft, prove(sentence, draft.passages))
                        if (event := draft.release(proved, "written", section)) is not None:
                            yield event
        except ServiceError as error:
            # The engine's messages never repeat what it was sent.
            log.warning("language model failed", error=type(error).__name__, detail=str(error))
            texts = wording.INTERRUPTED if draft.sentences else wording.DEGRADED
            yield draft.add_notice("degraded", texts[draft.asked.language])

    def _quoted(self, draft: Draft, similarities: list[float] | None) -> list[Event]:
        """Quote the statements that bear most on the question, unless the answer has said them."""
        written = [sentence.text for sentence in draft.sentences if sentence.verdict == "supported"]
        statements = extract(draft.gathered.candidates, similarities, self._settings.quotations)
        events: list[Event] = []
        for statement in statements:
            section = find_section(statement) if draft.is_structured else None
            if is_said(statement.quote, written) or (draft.is_structured and section is None):
                continue
            if (event := draft.release(quoted(cite_statement(statement)), "quoted", section)) is not None:
                events.append(event)
        return events

    async def _compare(self, draft: Draft) -> list[float] | None:
        """Compare the statements that may be quoted with the question; None where that fails."""
        candidates = draft.gathered.candidates
        texts = [(each.compared_text, each.statement.passage.imprint.language) for each in candidates]
        compared_at = time.perf_counter()
        try:
            return await self._library.compare(draft.asked.searched, texts)
        except (KnowledgeAway, KnowledgeError) as error:
            log.warning("statements not compared", error=type(error).__name__)
            return None
        finally:
            draft.timings_ms["compare"] = ms_since(compared_at)

    def _finish(self, draft: Draft) -> AnswerCompleted | AnswerRefused:
        draft.timings_ms["total"] = ms_since(draft.started_at)
        refusal = draft.refusal()
        separator = "" if draft.asked.language == "zh" else " "
        answer = Answer(
            answer_id=draft.answer_id,
            text=refusal.text if refusal else separator.join(sentence.text for sentence in draft.sentences),
            sentences=tuple(draft.sentences),
            sources=draft.sources(),
            notices=tuple(draft.notices),
            refusal=refusal,
            structured=draft.structured(),
            withheld=tuple(draft.withheld),
            packing=tuple(draft.gathered.packing.trace),
            generation=draft.gathered.generation,
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


def _problem(error: Exception) -> Problem:
    if isinstance(error, ServiceError):
        return Problem(title=error.title, status=error.status, detail=str(error))
    return Problem(title=ServiceError.title, status=500, detail="the service failed; see its log")
