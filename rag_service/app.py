"""The application: what it is made of and how it starts and stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from rag_service.answering import Answerer
from rag_service.generation import Generator, VllmGenerator
from rag_service.library import Library
from rag_service.problems import install_problem_handlers
from rag_service.request_log import RequestLog
from rag_service.routes import router
from rag_service.screening import Policy
from rag_service.search_routes import router as search_router
from rag_service.settings import ServiceSettings

STATIC_PATH = Path(__file__).parent / "static"

_NOT_BUILT = (
    "<!doctype html><title>medcite</title><p>The chat page has not been built. Run <code>make web</code>. "
    'The API works: see <a href="/docs">/docs</a>.'
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of; tests put a fake in one place of it."""

    settings: ServiceSettings
    library: Library
    generator: Generator
    policy: Policy


def create_app(parts: Parts) -> FastAPI:
    """Make the application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.library.close()
        if isinstance(parts.generator, VllmGenerator):
            await parts.generator.close()

    app = FastAPI(title="medcite", version="0.1.0", lifespan=lifespan, description=__doc__)
    app.state.settings = parts.settings
    app.state.library = parts.library
    app.state.generator = parts.generator
    app.state.answerer = Answerer(parts.library, parts.generator, parts.policy, parts.settings)
    app.add_middleware(RequestLog)
    install_problem_handlers(app)
    app.include_router(router)
    app.include_router(search_router)
    _mount_page(app)
    return app


def _mount_page(app: FastAPI) -> None:
    if (STATIC_PATH / "index.html").is_file():
        # Not one mount at "/": that would answer a wrong method with 404 and a wrong path with 405.
        # Vite puts everything but the page itself under assets.
        files = _PageFiles(directory=STATIC_PATH)
        app.mount("/assets", _PageFiles(directory=STATIC_PATH / "assets"), name="assets")

        @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
        async def page(request: Request) -> Response:
            return await files.get_response("index.html", request.scope)

        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> HTMLResponse:
        return HTMLResponse(_NOT_BUILT, status_code=503)


class _PageFiles(StaticFiles):
    """The built page, with headers that keep foreign code out of it."""

    def file_response(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202
        """Add the headers to the file's own."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(_SECURITY_HEADERS)
        return response
