"""The HTTP routes."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from knowledge.passage import Passage
from rag_service.answer_request import AnswerRequest
from rag_service.answering import Answerer
from rag_service.dependencies import AnswererDep, DraftDep, GeneratorDep, LibraryDep, SettingsDep
from rag_service.draft import Draft
from rag_service.events import AnswerCompleted, AnswerFailed, AnswerRefused, Event
from rag_service.health import Health, Readiness
from rag_service.problems import ProblemResponse
from rag_service.protocol import Answer, Problem
from rag_service.resources import DocumentResource, PassageResource, SectionResource, passage_resource
from rag_service.settings import short_model_name

router = APIRouter()

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {400: "Not JSON", 422: "Invalid question", 503: "No index or no engine"}.items()
}
_SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.post(
    "/v1/answers",
    response_model=Answer,
    responses={**_PROBLEMS, 200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def answer(asked: AnswerRequest, draft: DraftDep, answerer: AnswererDep, request: Request) -> Response:
    """Answer a question, as one JSON object or as server-sent events."""
    if asked.stream:
        events = _server_sent(answerer, draft)
        return StreamingResponse(events, media_type="text/event-stream", headers=_SSE_HEADERS)
    async with aclosing(answerer.stream(draft)) as stream:
        async for event in stream:
            if isinstance(event, AnswerFailed):
                request_id = request.state.request_id
                return ProblemResponse(event.problem.model_copy(update={"request_id": request_id}))
            if isinstance(event, AnswerCompleted | AnswerRefused):
                whole = event.model_dump_json(exclude={"type"})
                return Response(whole, media_type="application/json", headers={"Cache-Control": "no-store"})
    raise AssertionError("a stream of events ends with completed, refused or failed")


@router.get("/v1/passages/{passage_id}", responses={404: {"model": Problem}})
async def passage(passage_id: str, library: LibraryDep) -> PassageResource:
    """Give a passage of the current generation."""
    return passage_resource(await library.passage(passage_id))


@router.get("/v1/documents/{document_id:path}", responses={404: {"model": Problem}})
async def document(document_id: str, library: LibraryDep) -> DocumentResource:
    """Give a whole document of the current generation."""
    passages = await library.document(document_id)
    return DocumentResource(
        **asdict(passages[0].imprint),
        text="".join(passage.text for passage in passages),
        sections=tuple(_sections(passages)),
    )


@router.get("/health")
async def health(settings: SettingsDep) -> Health:
    """Say that the process is alive and which model it answers with."""
    return Health(model=short_model_name(settings.engine_model))


@router.get("/livez")
async def livez(settings: SettingsDep) -> Health:
    """Say that the process is alive, for a liveness probe."""
    return Health(model=short_model_name(settings.engine_model))


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(response: Response, library: LibraryDep, generator: GeneratorDep) -> Readiness:
    """Say whether questions can be answered in full; 503 and the reasons if not."""
    reasons = await library.faults()
    if not await generator.is_reachable():
        reasons.append("the language model is not reachable; answers are quotations until it is")
    response.status_code = 503 if reasons else 200
    return Readiness(status="not_ready" if reasons else "ready", reasons=tuple(reasons))


async def _server_sent(answerer: Answerer, draft: Draft) -> AsyncIterator[bytes]:
    async with aclosing(answerer.stream(draft)) as events:
        number = 0
        async for event in events:
            yield _encode(event, number)
            number += 1


def _encode(event: Event, number: int) -> bytes:
    return format_sse_event(data_str=event.model_dump_json(), event=event.type, id=str(number))


def _sections(passages: list[Passage]) -> list[SectionResource]:
    grouped = [list(group) for _, group in groupby(passages, key=lambda passage: passage.section_path)]
    return [SectionResource(path=g[0].section_path, start=g[0].start, end=g[-1].end) for g in grouped]
