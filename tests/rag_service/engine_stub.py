"""A server on the loopback that plays vLLM."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web  # noqa: TID251 - plays the server that generation.py speaks to

Play = Callable[["EngineStub", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class EngineStub:
    """What the server was asked, and whether its client has left."""

    url: str = ""
    bodies: list[dict] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serve_engine(play: Play) -> AsyncIterator[EngineStub]:
    """Serve `play` at the chat route and at the health route."""
    stub = EngineStub()

    async def handle(request: web.Request) -> web.StreamResponse:
        stub.headers.append(dict(request.headers))
        if request.can_read_body:
            stub.bodies.append(orjson.loads(await request.read()))
        try:
            return await play(stub, request)
        except asyncio.CancelledError:
            stub.left.set()
            raise

    application = web.Application()
    application.router.add_post("/v1/chat/completions", handle)
    application.router.add_get("/health", handle)
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        stub.url = f"http://{host}:{port}"
        yield stub
    finally:
        await runner.cleanup()


def chunk(text: str) -> bytes:
    """Write an event that carries text."""
    return b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}) + b"\n\n"


def usage(**counts: object) -> bytes:
    """Write the event that carries the counts and no choice."""
    return b"data: " + orjson.dumps({"choices": [], "usage": counts}) + b"\n\n"


DONE = b"data: [DONE]\n\n"


def sending(*pieces: bytes, pause_s: float = 0.0, then: str = "end") -> Play:
    """Send these bytes piece by piece, then end, hang or break off."""

    async def play(_stub: EngineStub, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(pause_s)
        if then == "hang":
            await asyncio.sleep(60)
        if then == "break":
            request.transport.abort()
        return response

    return play


async def silent(_stub: EngineStub, _request: web.Request) -> web.StreamResponse:
    """Accept the request and never answer it."""
    await asyncio.sleep(60)
    return web.Response()


def answering(status: int, body: bytes) -> Play:
    """Answer with this status and body."""

    async def play(_stub: EngineStub, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return play
