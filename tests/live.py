"""The real parts, started for tests: the vLLM engine, the embedder, the index, the service."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.demo import DEMO_ENVIRONMENT, ROOT

BIN = Path(sys.executable).parent
STARTER = ROOT / "knowledge" / "starter"
_STOP_WAIT_S = 30


@dataclass(frozen=True)
class Live:
    """A running service: its base URL, the environment it was started with, its log."""

    url: str
    environment: dict[str, str]
    log: Path


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Make an environment with the demo's settings, an index of its own and these settings."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("MEDCITE_")}
    cache = {"MEDCITE_CACHE": os.environ["MEDCITE_CACHE"]} if "MEDCITE_CACHE" in os.environ else {}
    named = {f"MEDCITE_{name.upper()}": value for name, value in settings.items()}
    return {**bare, **cache, **DEMO_ENVIRONMENT, "MEDCITE_KNOWLEDGE_PATH": str(folder / "knowledge"), **named}


@contextmanager
def running(command: list[str], env: dict[str, str], url: str, log: Path, wait_s: float) -> Iterator[None]:
    """Run a program until the block ends; begin once `url` answers with 200.

    Raises:
        AssertionError: The program ended or did not answer in time; the message has its last lines.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, start_new_session=True)
    try:
        deadline = time.monotonic() + wait_s
        while not answers(url):
            tail = log.read_text(errors="replace")[-3000:]
            assert process.poll() is None, f"{command[0]} ended:\n{tail}"
            assert time.monotonic() < deadline, f"{url} did not answer within {wait_s} s:\n{tail}"
            time.sleep(0.25)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    """Tell whether a GET of the URL gives 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def get(url: str) -> Any:
    """GET a JSON document."""
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


def post(url: str, body: object) -> tuple[int, Any]:
    """POST JSON; give back the status and the JSON of the response, of an error too."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def stream(url: str, question: str) -> list[dict[str, Any]]:
    """Ask a question and collect the data of all server-sent events."""
    body = json.dumps({"question": question, "stream": True}).encode()
    request = urllib.request.Request(f"{url}/v1/answers", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        lines = response.read().decode().split("\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
