"""The command `medcite-serve`."""

import asyncio
import logging
import os
import shlex
import socket
import sys
from collections.abc import Callable
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.markup import escape

from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings, read_settings
from rag_service import cli_evaluation
from rag_service.errors import ServiceError
from rag_service.settings import EngineSettings, ServiceSettings

app = typer.Typer(
    help="Serve medcite: cited medical answers over HTTP.", no_args_is_help=True, add_completion=False
)
app.add_typer(cli_evaluation.app, name="eval")

_console = Console(stderr=True)


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on (MEDCITE_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on (MEDCITE_PORT).", min=0, max=65535)
    ] = None,
) -> None:
    """Serve questions over HTTP."""
    _or_exit(lambda: _serve(host, port))


@app.command()
def engine(
    dry_run: Annotated[bool, typer.Option(help="Print the command instead of running it.")] = False,
) -> None:
    """Start a vLLM server for MEDCITE_ENGINE_MODEL at MEDCITE_ENGINE_URL; it replaces this process."""
    _or_exit(lambda: _start_engine(dry_run=dry_run))


def _serve(host: str | None, port: int | None) -> None:
    settings = read_settings(ServiceSettings)
    read_settings(EngineSettings)
    knowledge = read_settings(KnowledgeSettings)
    listener = _listen(host or settings.host, settings.port if port is None else port)
    _configure_logs()

    # In this order because the embedding model takes seconds to load: its process starts first.
    import uvloop

    from knowledge.embedding_process import EmbeddingProcess
    from knowledge.open_reranker import open_reranker
    from knowledge.open_store import open_store
    from knowledge.retrieval import Reranking
    from rag_service.library import Library

    embedder = EmbeddingProcess(knowledge.embedding_model, knowledge.models_path)
    reranker = open_reranker(knowledge)
    time_box_s = knowledge.reranker_time_box_ms / 1000
    reranking = Reranking(reranker, knowledge.reranker_candidates, time_box_s) if reranker else None
    store = open_store(knowledge)
    library = Library(store, embedder, reranking)
    # One loop for both: the connections that the check opens belong to the loop it ran in.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(library.open())

        import uvicorn

        from rag_service.app import Parts, create_app
        from rag_service.generation import VllmGenerator
        from rag_service.screening import load_policy

        application = create_app(Parts(settings, library, VllmGenerator(settings), load_policy()))
        shown_host, shown_port = listener.getsockname()[:2]
        _console.print(f"medcite listens on http://{shown_host}:{shown_port}", soft_wrap=True)
        config = uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=10)
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))
        runner.run(store.close())


def _start_engine(*, dry_run: bool) -> None:
    from rag_service.engine import check_installed, engine_command, engine_environment, is_cpu_build

    service = read_settings(ServiceSettings)
    settings = read_settings(EngineSettings)
    models_path = read_settings(KnowledgeSettings).models_path
    command = engine_command(service, settings, models_path, is_cpu=is_cpu_build(settings))
    _console.print(shlex.join(command), soft_wrap=True, highlight=False, markup=False)
    if dry_run:
        return
    check_installed(settings)
    os.execvpe(command[0], command, engine_environment(settings, os.environ))  # noqa: S606 - takes our place


def _listen(host: str, port: int) -> socket.socket:
    """Bind before anything is loaded, so that a taken port is known at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServiceError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port or MEDCITE_PORT"
        ) from error


def _configure_logs() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _or_exit(command: Callable[[], None]) -> None:
    try:
        command()
    except (KnowledgeError, ServiceError) as error:
        # Escaped, or "medcite[engine-cpu]" would lose its brackets.
        _console.print(f"[red]medcite-serve[/]: {escape(str(error))}", soft_wrap=True, highlight=False)
        raise typer.Exit(1) from error
