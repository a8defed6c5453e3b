import sys
from pathlib import Path

import pytest

from rag_service.engine import (
    check_installed,
    engine_command,
    engine_environment,
    is_cpu_build,
    locate_model,
)
from rag_service.errors import EngineFailed
from rag_service.settings import EngineSettings, ServiceSettings


def command_of(service=None, **engine):
    return engine_command(ServiceSettings(**(service or {})), EngineSettings(**engine), Path("/no/models"))


def value_of(flag, command):
    return command[command.index(flag) + 1]


def test_the_module_is_started_with_the_interpreter_of_the_settings():
    expected = ["/venv/bin/python", "-m", "vllm.entrypoints.openai.api_server"]
    assert expected == command_of(engine_python=Path("/venv/bin/python"))[:3]


@pytest.mark.parametrize(
    ("expected", "flag", "engine"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "--model", {}),
        ("127.0.0.1", "--host", {}),
        ("8001", "--port", {}),
        ("2", "--tensor-parallel-size", {"engine_tensor_parallel_size": 2}),
        ("4096", "--max-model-len", {"engine_max_model_len": 4096}),
        ("8", "--max-num-seqs", {"engine_max_num_seqs": 8}),
        ("bfloat16", "--dtype", {"engine_dtype": "bfloat16"}),
    ],
)
def test_a_setting_becomes_a_flag(expected, flag, engine):
    assert expected == value_of(flag, command_of(**engine))


def test_the_model_is_served_under_its_name_and_its_short_name():
    command = command_of()
    at = command.index("--served-model-name")
    assert ["Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b"] == command[at + 1 : at + 3]


def test_a_model_whose_short_name_is_its_name_is_served_once():
    command = command_of({"engine_model": "llama"})
    at = command.index("--served-model-name")
    assert ["llama", "--host"] == command[at + 1 : at + 3]


@pytest.mark.parametrize(("expected", "eager"), [(True, True), (False, False)])
def test_graph_compilation_is_skipped_when_the_settings_say_so(expected, eager):
    assert expected == ("--enforce-eager" in command_of(engine_enforce_eager=eager))


def test_the_tokens_from_the_prefix_cache_are_reported():
    assert "--enable-prompt-tokens-details" in command_of()


@pytest.mark.parametrize("is_cpu", [True, False])
def test_the_cpu_build_reads_prompts_whole(is_cpu):
    command = engine_command(ServiceSettings(), EngineSettings(), Path("/no/models"), is_cpu=is_cpu)
    assert is_cpu == ("--no-enable-chunked-prefill" in command)


def test_the_cpu_build_takes_the_longest_prompt_at_once():
    command = engine_command(ServiceSettings(), EngineSettings(), Path("/no/models"), is_cpu=True)
    assert value_of("--max-model-len", command) == value_of("--max-num-batched-tokens", command)


@pytest.mark.parametrize("python", [Path(sys.executable), Path("/no/python")])
def test_an_interpreter_without_the_cpu_build_is_none(python):
    assert not is_cpu_build(EngineSettings(engine_python=python))


@pytest.mark.parametrize("url", ["http://localhost:1234", "http://127.0.0.1:1234/v1", "http://[::1]:1234"])
def test_an_address_on_this_machine_gives_its_port(url):
    assert "1234" == value_of("--port", command_of({"engine_url": url}))


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:8001",
        "http://engine:8001",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "http://[::1",
        "",
        "8001",
    ],
)
def test_an_address_elsewhere_or_without_a_port_is_refused(url):
    with pytest.raises(EngineFailed, match="an engine is started on this machine only"):
        command_of({"engine_url": url})


def test_a_model_folder_is_given_with_its_whole_path(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "mine") == locate_model("mine", tmp_path / "models")


def test_a_model_built_under_the_cache_is_found_by_its_hub_name(tmp_path):
    (tmp_path / "qwen2.5-7b-instruct").mkdir()
    assert str(tmp_path / "qwen2.5-7b-instruct") == locate_model("Qwen/Qwen2.5-7B-Instruct", tmp_path)


def test_a_model_that_is_nowhere_here_is_left_to_the_hub(tmp_path):
    assert "Qwen/Qwen2.5-7B-Instruct" == locate_model("Qwen/Qwen2.5-7B-Instruct", tmp_path)


def test_each_of_two_ranks_is_bound_to_a_core_of_its_own():
    environment = engine_environment(EngineSettings(engine_tensor_parallel_size=2), {})
    assert "0|1" == environment["VLLM_CPU_OMP_THREADS_BIND"]


def test_a_single_rank_is_not_bound():
    assert "VLLM_CPU_OMP_THREADS_BIND" not in engine_environment(EngineSettings(), {})


def test_the_memory_of_the_cache_is_told_in_gib():
    assert "9" == engine_environment(EngineSettings(engine_cpu_kvcache_gib=9), {})["VLLM_CPU_KVCACHE_SPACE"]


def test_no_usage_is_reported_to_anybody():
    assert "1" == engine_environment(EngineSettings(), {})["VLLM_NO_USAGE_STATS"]


def test_what_the_user_has_set_goes_before_what_we_would_set():
    inherited = {"VLLM_CPU_KVCACHE_SPACE": "40", "VLLM_CPU_OMP_THREADS_BIND": "0-7|8-15", "PATH": "/bin"}
    environment = engine_environment(EngineSettings(engine_tensor_parallel_size=2), inherited)
    assert inherited == {name: environment[name] for name in inherited}


def test_a_missing_interpreter_is_named_with_its_setting(tmp_path):
    with pytest.raises(EngineFailed, match=r"MEDCITE_ENGINE_PYTHON .*absent: No such file or directory"):
        check_installed(EngineSettings(engine_python=tmp_path / "absent"))


def test_an_interpreter_without_vllm_is_named_with_what_to_install(tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(EngineFailed, match=r"has no vLLM; install medcite\[engine-cpu\]"):
        check_installed(EngineSettings(engine_python=bare))


def test_an_interpreter_with_vllm_passes(tmp_path, monkeypatch):
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert check_installed(EngineSettings(engine_python=Path(sys.executable))) is None
