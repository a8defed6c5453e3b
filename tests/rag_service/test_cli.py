import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rag_service.factories import GENERATION, pressure, publish

START = "from rag_service.cli import app; app(prog_name='medcite-serve')"


@pytest.fixture
def serve(tmp_path):
    """Run medcite-serve with a small model folder and an index that is not there yet."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")

    def serve(*arguments, **variables):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "COLUMNS": "300",
            "MEDCITE_KNOWLEDGE_PATH": str(tmp_path / "knowledge"),
            "MEDCITE_EMBEDDING_MODEL": str(tmp_path / "model"),
            **variables,
        }
        return subprocess.run(
            [sys.executable, "-c", START, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=20,
        )

    return serve


def outcome_of(done):
    """Give the exit status and whether the fault was told in one line."""
    return done.returncode, len(done.stderr.splitlines()), done.stderr.startswith("medcite-serve: ")


def test_a_taken_port_is_told_in_one_line_with_the_remedy(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve("run", "--port", str(port))
    told = rf"medcite-serve: .*127.0.0.1:{port}: Address already in use.*; choose another with --port .*\n"
    assert (1, True) == (done.returncode, re.fullmatch(told, done.stderr) is not None)


def test_a_host_that_is_not_ours_is_told_in_one_line(serve):
    assert (1, 1, True) == outcome_of(serve("run", "--host", "192.0.2.1", "--port", "0"))


def test_a_misspelled_setting_is_told_in_one_line(serve):
    done = serve("run", MEDCITE_PROT="9000")
    assert (1, "medcite-serve: unknown setting MEDCITE_PROT; did you mean MEDCITE_PORT?\n") == (
        done.returncode,
        done.stderr,
    )


def test_a_wrong_setting_of_the_engine_stops_the_service_too(serve):
    assert (1, 1, True) == outcome_of(serve("run", MEDCITE_ENGINE_MAX_NUM_SEQS="0"))


def test_a_corrupt_index_is_told_in_one_line(serve, tmp_path):
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "current").write_text(GENERATION)
    assert (1, 1, True) == outcome_of(serve("run", "--port", "0"))


def test_an_index_of_another_embedder_is_told_in_one_line(serve, tmp_path):
    asyncio.run(publish(tmp_path / "knowledge", pressure()))
    done = serve("run", "--port", "0")
    assert (1, 1, True, True) == (*outcome_of(done), "built with the embedder hashing@64" in done.stderr)


def test_a_dry_run_prints_the_command_of_the_engine(serve):
    done = serve("engine", "--dry-run", MEDCITE_ENGINE_URL="http://127.0.0.1:1234")
    assert (0, True) == (done.returncode, "-m vllm.entrypoints.openai.api_server" in done.stderr)


def test_a_dry_run_prints_brackets_as_they_are(serve):
    assert "--model org/[b]" in serve("engine", "--dry-run", MEDCITE_ENGINE_MODEL="org/[b]").stderr.replace(
        "'", ""
    )


def test_an_engine_elsewhere_is_not_started(serve):
    assert (1, 1, True) == outcome_of(serve("engine", MEDCITE_ENGINE_URL="http://engine:8001"))


def test_a_missing_vllm_is_told_with_what_to_install(serve):
    assert "install medcite[engine-cpu] or medcite[engine-gpu]" in serve("engine").stderr


def test_the_engine_takes_the_place_of_the_command(serve, tmp_path):
    package = tmp_path / "vllm" / "entrypoints" / "openai"
    package.mkdir(parents=True)
    (package / "api_server.py").write_text(
        "import os, sys\nprint(os.environ['VLLM_NO_USAGE_STATS'], sys.argv[1])\n"
    )
    # A name to be looked up on the PATH, as a shell would.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = serve(
        "engine", PYTHONPATH=str(tmp_path), PATH=path, MEDCITE_ENGINE_PYTHON=Path(sys.executable).name
    )
    assert (0, "1 --model\n") == (done.returncode, done.stdout)


def test_without_a_command_the_help_is_shown(serve):
    done = serve()
    assert ("", True) == (done.stderr, "Serve questions over HTTP." in done.stdout)
