"""Fixtures that are too dear to make twice."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live import BIN, STARTER, Live, environment, free_port, running

_ENGINE_WAIT_S = 300
_SERVICE_WAIT_S = 90


@pytest.fixture(scope="session")
def index_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an index of the starter corpus, made with the real embedder."""
    folder = tmp_path_factory.mktemp("live")
    env = environment(folder, engine_url=f"http://127.0.0.1:{free_port()}", engine_tensor_parallel_size="2")
    subprocess.run([BIN / "medcite-ingest", "run", STARTER], env=env, check=True, timeout=300)
    return env


@pytest.fixture(scope="session")
def engine_environment(
    index_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The same with the real engine, at tensor parallel size 2, running at its engine_url."""
    url = index_environment["MEDCITE_ENGINE_URL"]
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    with running(
        [str(BIN / "medcite-serve"), "engine"], index_environment, f"{url}/health", log, _ENGINE_WAIT_S
    ):
        yield index_environment


@pytest.fixture(scope="session")
def live(engine_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real service on the real engine and the real index."""
    with _service(engine_environment, tmp_path_factory.mktemp("service"), "/readyz") as service:
        yield service


@pytest.fixture(scope="session")
def live_without_engine(
    index_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """The real service on the real index, with nothing at engine_url."""
    env = {**index_environment, "MEDCITE_ENGINE_URL": f"http://127.0.0.1:{free_port()}"}
    with _service(env, tmp_path_factory.mktemp("service"), "/livez") as service:
        yield service


@contextmanager
def _service(env: dict[str, str], folder: Path, probe: str) -> Iterator[Live]:
    port, log = free_port(), folder / "service.log"
    url = f"http://127.0.0.1:{port}"
    with running(
        [str(BIN / "medcite-serve"), "run", "--port", str(port)], env, url + probe, log, _SERVICE_WAIT_S
    ):
        yield Live(url, env, log)
