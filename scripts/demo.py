"""The demo: models, starter corpus, engine and service, then one question answered."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.bootstrap import CACHE, ENGINE_ENV, ROOT

app = typer.Typer(add_completion=False, help=__doc__)
console = Console(highlight=False)

# Tells our processes from others that got the same number; not a MEDCITE_ setting.
_MARK = "DEMO_OF_MEDCITE"
RUN_PATH = CACHE / "run"
# Small enough for two cores without a GPU: the first sentence of an answer takes seconds.
DEMO_ENVIRONMENT = {
    "MEDCITE_ENGINE_MODEL": "qwen2.5-coder-0.5b-instruct",
    "MEDCITE_ENGINE_PYTHON": str(ENGINE_ENV / "bin" / "python"),
    "MEDCITE_ENGINE_MAX_MODEL_LEN": "8192",
    "MEDCITE_ENGINE_MAX_NUM_SEQS": "8",
    "MEDCITE_ENGINE_DTYPE": "bfloat16",
    "MEDCITE_ENGINE_ENFORCE_EAGER": "true",
    "MEDCITE_ENGINE_CPU_KVCACHE_GIB": "2",
    "MEDCITE_MAX_PASSAGES": "4",
    "MEDCITE_EMBEDDING_MODEL": "multilingual-e5-small",
}
_QUESTION = "在家自己量血压，多少算高血压？"
_ENGINE_WAIT_S = 300
_SERVICE_WAIT_S = 60


@dataclass(frozen=True)
class Program:
    """A background program of the demo: its name and its command."""

    name: str
    command: tuple[str, ...]

    @property
    def pid_path(self) -> Path:
        """Where its process id is kept."""
        return RUN_PATH / f"{self.name}.pid"

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return RUN_PATH / f"{self.name}.log"

    def pid(self) -> int | None:
        """Its process id while it runs; a stale file, its number re-used by another, does not count."""
        try:
            pid = int(self.pid_path.read_text())
            arguments = Path(f"/proc/{pid}/environ").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if f"{_MARK}={self.name}".encode() in arguments else None


ENGINE = Program("engine", (str(ROOT / ".venv/bin/medcite-serve"), "engine"))
SERVICE = Program("service", (str(ROOT / ".venv/bin/medcite-serve"), "run"))


@app.command()
def up(ask: Annotated[bool, typer.Option(help="Ask a sample question at the end.")] = True) -> None:
    """Build what is missing, start engine and service, print the address of the page."""
    started = time.monotonic()
    environment = {**DEMO_ENVIRONMENT, **os.environ}
    python = str(ROOT / ".venv/bin/python")
    _step([python, "-m", "scripts.models"], environment, worst=0)
    is_ours = _start(ENGINE, environment)
    try:
        _step([str(ROOT / ".venv/bin/medcite-ingest"), "run", str(ROOT / "knowledge/starter")], environment)
    except SystemExit:
        if is_ours:
            _stop(ENGINE)
        raise
    _start(SERVICE, environment)
    base = f"http://{environment.get('MEDCITE_HOST', '127.0.0.1')}:{environment.get('MEDCITE_PORT', '8000')}"
    _wait(SERVICE, f"{base}/livez", _SERVICE_WAIT_S)
    console.print(f"Page: [bold]{base}/[/] (until the engine is up, answers are quotations)")
    _wait(ENGINE, f"{environment.get('MEDCITE_ENGINE_URL', 'http://127.0.0.1:8001')}/health", _ENGINE_WAIT_S)
    _wait(SERVICE, f"{base}/readyz", _SERVICE_WAIT_S)
    if ask:
        _ask(base)
    console.print(f"\nReady after {time.monotonic() - started:.0f} s. Page: [bold]{base}/[/]", soft_wrap=True)
    console.print(
        f"  curl -sN {base}/v1/answers -H 'content-type: application/json' "
        """-d '{"question": "What is the maximum daily dose of ibuprofen?", "stream": true}'""",
        soft_wrap=True,
    )
    console.print(f"  logs: {RUN_PATH}    stop: make stop", soft_wrap=True)


@app.command()
def down() -> None:
    """Stop engine and service."""
    for program in (SERVICE, ENGINE):
        if program.pid() is None:
            console.print(f"{program.name}: not running")
            continue
        _stop(program)


def _step(command: list[str], environment: dict[str, str], worst: int = 1) -> None:
    """Run a command; ingest's exit code 1, some entries quarantined, is no reason to stop."""
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode > worst:
        _fail(f"`{' '.join(command)}` failed")


def _start(program: Program, environment: dict[str, str]) -> bool:
    """Start a program unless it runs; tell whether it was started."""
    if program.pid() is not None:
        console.print(f"{program.name}: already running")
        return False
    RUN_PATH.mkdir(parents=True, exist_ok=True)
    with program.log_path.open("wb") as log:
        process = subprocess.Popen(
            program.command,
            cwd=ROOT,
            env={**environment, _MARK: program.name},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    program.pid_path.write_text(str(process.pid))
    return True


def _stop(program: Program) -> None:
    pid = program.pid()
    if pid is None:
        return
    os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while program.pid() is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    if program.pid() is not None:
        os.killpg(pid, signal.SIGKILL)
    program.pid_path.unlink(missing_ok=True)
    console.print(f"{program.name}: stopped")


def _wait(program: Program, url: str, limit_s: float) -> None:
    """Wait until a program answers, saying how long it has been."""
    started = time.monotonic()
    with console.status(f"{program.name}: starting") as status:
        while time.monotonic() - started < limit_s:
            if program.pid() is None:
                _fail(
                    f"the {program.name} ended; last lines of {program.log_path}:\n{_tail(program.log_path)}"
                )
            if _answers(url):
                waited = time.monotonic() - started
                console.print(f"{program.name}: ready ({waited:.0f} s)")
                return
            status.update(f"{program.name}: starting, {time.monotonic() - started:.0f} s")
            time.sleep(0.5)
    _fail(f"the {program.name} did not answer at {url} within {limit_s:.0f} s; see {program.log_path}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _ask(base: str) -> None:
    console.print(f"\n[bold]{_QUESTION}[/]")
    body = json.dumps({"question": _QUESTION}).encode()
    request = urllib.request.Request(f"{base}/v1/answers", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as response:
        answer = json.load(response)
    console.print(answer["text"], soft_wrap=True, markup=False)
    for sentence in answer["sentences"]:
        for citation in sentence["citations"]:
            source = answer["sources"][citation["marker"] - 1]
            where = " › ".join([source["title"], *source["section_path"]])
            console.print(
                f"  [{citation['marker']}] {where}: “{citation['quote']}”", soft_wrap=True, markup=False
            )
    console.print(f"  first sentence after {answer['timings_ms'].get('first_sentence', 0) / 1000:.1f} s")


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])


def _fail(message: str) -> None:
    console.print(f"[red]demo[/]: {message}", soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    app()
