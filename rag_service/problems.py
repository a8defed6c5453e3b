"""Errors as problem documents (RFC 9457)."""

import re
from collections.abc import Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from knowledge.errors import KnowledgeError, StoreUnavailable
from rag_service.errors import ServiceError
from rag_service.protocol import Problem

log = structlog.get_logger()


class ProblemResponse(Response):
    """A problem document with its status and media type."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem) -> None:
        headers = {"Retry-After": "5"} if problem.status == 503 else None
        super().__init__(problem.model_dump_json(), status_code=problem.status, headers=headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error with a problem document; texts of foreign exceptions never leave."""

    @app.exception_handler(ServiceError)
    async def service_error(request: Request, error: ServiceError) -> Response:
        return _respond(request, error.status, error.title, str(error))

    @app.exception_handler(KnowledgeError)
    async def knowledge_error(request: Request, error: KnowledgeError) -> Response:
        log.error("knowledge_failed", error=type(error).__name__, detail=str(error))
        # Where the store is reached is no business of a visitor.
        away = isinstance(error, StoreUnavailable)
        detail = "the index cannot be reached right now; try again later" if away else str(error)
        return _respond(request, 503, "Knowledge not ready", detail)

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> Response:
        faults = error.errors()
        if any(fault["type"] == "json_invalid" for fault in faults):
            return _respond(
                request, 400, "Not JSON", "the body is not valid JSON; send an object with `question`"
            )
        # The offending input is left out: it may be the question. Once each: the route and what
        # prepares its draft both read the body.
        told = dict.fromkeys(f"{_field(fault['loc'])}: {fault['msg']}" for fault in faults)
        return _respond(request, 422, "Invalid request", "; ".join(told))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        asked = f"{request.method} {request.url.path}"
        response = _respond(request, error.status_code, str(error.detail), asked)
        response.headers.update(error.headers or {})  # Allow, with a 405
        return response


def _field(place: Sequence[int | str]) -> str:
    name = ".".join(str(part) for part in place[1:]) or "body"
    # An unknown field is named by whoever sent it: only what reads as a name is repeated.
    return name if re.fullmatch(r"[a-z0-9_.]{1,64}", name) else "a field"


def _respond(request: Request, status: int, title: str, detail: str) -> Response:
    request_id = request.scope.get("state", {}).get("request_id")
    return ProblemResponse(Problem(title=title, status=status, detail=detail, request_id=request_id))
