"""One log line a request, and its id; never a question or an answer."""

import time
import uuid
from pathlib import Path
from traceback import extract_tb

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag_service.problems import ProblemResponse
from rag_service.protocol import Problem

log = structlog.get_logger()


class RequestLog:
    """ASGI middleware: gives each request an id, returns it as `X-Request-ID`, logs the outcome.

    Plain ASGI because Starlette's BaseHTTPMiddleware queues every chunk of a stream.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        start = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - passed on, the server would log it with its message
            # The type and the place alone: a message may repeat what the user wrote.
            places = [f"{Path(at.filename).name}:{at.lineno}" for at in extract_tb(error.__traceback__)[-3:]]
            log.error("request_failed", request_id=request_id, error=type(error).__name__, places=places)
            # After the first byte the server closes the connection, which tells the client.
            if not status:
                await ProblemResponse(_unexpected(request_id))(scope, receive, send_with_id)
        finally:
            elapsed_ms = round((time.perf_counter() - start) * 1000, 1)
            route = getattr(scope.get("route"), "path", "unmatched")
            log.info("request", request_id=request_id, route=route, status=status, elapsed_ms=elapsed_ms)


def _unexpected(request_id: str) -> Problem:
    detail = "an unexpected error; the log has it under the request id"
    return Problem(title="Internal error", status=500, detail=detail, request_id=request_id)
