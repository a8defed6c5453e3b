"""A server on the loopback that plays vLLM, and a generator that speaks to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from aiohttp import web  # noqa: TID251 - plays the server that engine_client.py speaks to

from rag_service.errors import ServiceError
from rag_service.generation import Delta, GenerationRequest, VllmGenerator
from rag_service.prompts import Prompt
from rag_service.settings import ServiceSettings

Play = Callable[["EngineStub", web.Request], Awaitable[web.StreamResponse]]

PROMPT = Prompt("instructions", "a private question")
ASKED = GenerationRequest(PROMPT, 'root ::= "yes"')


@dataclass
class EngineStub:
    """What the server was asked, and whether its client has left."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[dict] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serve_engine(play: Play) -> AsyncIterator[EngineStub]:
    """Serve `play` at every route."""
    stub = EngineStub()

    async def handle(request: web.Request) -> web.StreamResponse:
        stub.paths.append(request.path)
        stub.headers.append(dict(request.headers))
        if request.can_read_body:
            stub.bodies.append(orjson.loads(await request.read()))
        try:
            return await play(stub, request)
        except asyncio.CancelledError:
            stub.left.set()
            raise

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
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


@asynccontextmanager
async def generator_on(play: Play, **changed: object) -> AsyncIterator[tuple[EngineStub, VllmGenerator]]:
    """Serve `play` and give a generator for it; nothing is tried twice unless `engine_retries` says so."""
    async with serve_engine(play) as stub:
        generator = VllmGenerator(ServiceSettings(**{"engine_url": stub.url, "engine_retries": 0, **changed}))
        try:
            yield stub, generator
        finally:
            await generator.close()


async def deltas_of(generator: VllmGenerator, asked: GenerationRequest = ASKED) -> list[Delta]:
    """Read an answer to its end."""
    return [delta async for delta in generator.stream(asked)]


async def deltas_from(play: Play, **changed: object) -> list[Delta]:
    """Read the answer that `play` gives."""
    async with generator_on(play, **changed) as (_, generator):
        return await deltas_of(generator)


async def error_from(play: Play, **changed: object) -> ServiceError:
    """Give the error that reading the answer ends with."""
    async with generator_on(play, **changed) as (_, generator):
        with pytest.raises(ServiceError) as caught:
            await deltas_of(generator)
        return caught.value


def unused_url() -> str:
    """Give an address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def chunk(text: str | None, finish_reason: str | None = None) -> bytes:
    """Write an event that carries text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


def usage(**counts: object) -> bytes:
    """Write the event that carries the counts and no choice."""
    return b"data: " + orjson.dumps({"choices": [], "usage": counts}) + b"\n\n"


DONE = b"data: [DONE]\n\n"
END = chunk("", "stop") + DONE


def sending(
    *pieces: bytes, pause_s: float = 0.0, then: str = "end", content_type: str = "text/event-stream"
) -> Play:
    """Send these bytes piece by piece, then end, hang or break off."""

    async def play(_stub: EngineStub, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
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


async def broken(_stub: EngineStub, request: web.Request) -> web.StreamResponse:
    """Break the connection off before a byte of the answer."""
    request.transport.abort()
    return web.Response()


def answering(status: int, body: bytes = b"", **headers: str) -> Play:
    """Answer with this status and body; `Retry_After` is the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def play(_stub: EngineStub, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json", headers=named)

    return play


def in_turn(*plays: Play) -> Play:
    """Play one after the other, the last one for all requests that are left."""

    async def play(stub: EngineStub, request: web.Request) -> web.StreamResponse:
        return await plays[min(len(stub.paths), len(plays)) - 1](stub, request)

    return play
