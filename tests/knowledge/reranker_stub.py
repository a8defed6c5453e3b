"""A server on the loopback that plays a vLLM with a cross-encoder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web  # noqa: TID251 - plays the server that engine_reranker.py speaks to


@dataclass
class RerankerStub:
    """What the server was asked, and whether its client has left."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def serve_reranker(
    answer: bytes, status: int = 200, delay_s: float = 0.0
) -> AsyncIterator[RerankerStub]:
    """Give this answer to every request."""
    stub = RerankerStub()

    async def handle(request: web.Request) -> web.Response:
        stub.paths.append(request.path)
        stub.headers.append(dict(request.headers))
        stub.bodies.append(orjson.loads(await request.read()))
        try:
            await asyncio.sleep(delay_s)
        except asyncio.CancelledError:
            stub.left.set()
            raise
        return web.Response(status=status, body=answer, content_type="application/json")

    application = web.Application()
    application.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        stub.url = f"http://{host}:{port}"
        yield stub
    finally:
        await runner.cleanup()


def reranked(*scores: float) -> bytes:
    """Write the answer of /rerank: best first, each with the index of its document."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    results = [
        {"index": i, "document": {"text": "…", "multi_modal": None}, "relevance_score": scores[i]}
        for i in order
    ]
    usage = {"prompt_tokens": 56, "total_tokens": 56}
    return orjson.dumps({"id": "rerank-1", "model": "m", "usage": usage, "results": results})


def scored(*scores: float) -> bytes:
    """Write the answer of /score: in the order of the texts."""
    data = [{"index": i, "object": "score", "score": score} for i, score in enumerate(scores)]
    return orjson.dumps({"id": "score-1", "object": "list", "model": "m", "data": data, "usage": {}})
