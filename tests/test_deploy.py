"""What stands under deploy/ for the nightly ingest is well-formed and knows the program it starts."""

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ingest.cli import app
from ingest.metrics import HELP
from knowledge.settings import NAMES, PREFIX

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
CRON_JOB = DEPLOY / "k8s" / "ingest-cronjob.yaml"
UNITS = sorted((DEPLOY / "systemd").glob("medcite-ingest.*"))
FILES = [ALERTS, CRON_JOB, *UNITS]
RULES = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
BIN = Path(sys.executable).parent

SUCCESS, GENERATION = (
    "medcite_ingest_last_success_timestamp_seconds",
    "medcite_generation_created_timestamp_seconds",
)
GATE, EXIT_CODE = "medcite_gate_passed", "medcite_ingest_last_exit_code"
QUARANTINED = 'medcite_documents{state="quarantined"}'
# Prometheus forgets a sample after five minutes, so that is the distance of the samples.
_SAMPLES_PER_HOUR = 12


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The CronJob."""
    documents = yaml.safe_load_all(CRON_JOB.read_text("utf-8"))
    return next(each for each in documents if each["kind"] == "CronJob")


@pytest.fixture
def pod(job: dict[str, Any]) -> dict[str, Any]:
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    assert 1 == len(pod["containers"])
    return pod["containers"][0]


@pytest.fixture(scope="module")
def service() -> dict[str, list[str]]:
    return unit(DEPLOY / "systemd" / "medcite-ingest.service")["Service"]


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Section to key to values: a unit may have a key more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program, "promtool is missing: apt-get install prometheus, or make test, which does it"
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=60)


def run_in_pod(container: dict[str, Any], folder: Path, program: str) -> subprocess.Popen[bytes]:
    """Start the container's command with a shell program in the place of medcite-ingest."""
    stub = folder / "medcite-ingest"
    stub.write_text(f"#!/bin/sh\n{program}\n")
    stub.chmod(0o755)
    command = [*container["command"], *container["args"]]
    return subprocess.Popen(command, env={"PATH": f"{folder}:{os.environ['PATH']}"}, cwd=folder)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path):
    known = {f"{PREFIX}{name.upper()}" for name in NAMES}
    assert set() == set(re.findall(rf"{PREFIX}[A-Z_]+", path.read_text("utf-8"))) - known


@pytest.mark.parametrize("path", [CRON_JOB, UNITS[0]], ids=lambda path: path.name)
def test_the_command_and_its_options_exist(path: Path):
    line = re.search(r"medcite-ingest (run .*)", path.read_text("utf-8"))
    assert line
    command, *words = line[1].removesuffix(" &").split()
    options = {
        option for each in typer.main.get_command(app).commands[command].params for option in each.opts
    }
    assert set() == {word for word in words if word.startswith("-")} - options


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        for path in UNITS:
            parser = configparser.ConfigParser(strict=False, interpolation=None)
            parser.read_string(path.read_text("utf-8"))
            assert {"Unit", path.suffix[1:].title()} <= set(parser.sections())
        return
    for path in UNITS:
        here = path.read_text("utf-8").replace("/opt/medcite/.venv/bin", str(BIN))
        (tmp_path / path.name).write_text(here)
    paths = [tmp_path / path.name for path in UNITS]
    command = ["systemd-analyze", "verify", "--man=no", *paths]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "oneshot"),
        ("User", "medcite"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallFilter", "@system-service"),
        ("MemoryMax", "8G"),
        ("CPUWeight", "20"),
        ("Nice", "10"),
        ("SuccessExitStatus", "1"),
    ],
)
def test_the_service_is_confined(service: dict[str, list[str]], key: str, value: str):
    assert [value] == service[key]


def test_the_service_may_write_where_its_settings_point(service: dict[str, list[str]]):
    folders = [f"/var/lib/{name}" for name in service["StateDirectory"]]
    folders += [f"/var/cache/{name}" for name in service["CacheDirectory"]]
    folders += [path.lstrip("-") for path in service["ReadWritePaths"]]
    paths = [value.partition("=")[2] for value in service["Environment"]]
    assert [] == [path for path in paths if not any(Path(path).is_relative_to(each) for each in folders)]


def test_the_timer_starts_at_two_and_makes_up_for_a_missed_night():
    timer = unit(DEPLOY / "systemd" / "medcite-ingest.timer")["Timer"]
    assert (["*-*-* 02:00"], ["true"]) == (timer["OnCalendar"], timer["Persistent"])


def test_every_document_for_kubernetes_says_what_it_is():
    documents = list(yaml.safe_load_all(CRON_JOB.read_text("utf-8")))
    assert [("v1", "PersistentVolumeClaim", "medcite-cache"), ("batch/v1", "CronJob", "medcite-ingest")] == [
        (each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in documents
    ]


def test_the_cron_job_runs_at_two_once_at_a_time(job: dict[str, Any]):
    spec = job["spec"]
    assert ("0 2 * * *", "Forbid") == (spec["schedule"], spec["concurrencyPolicy"])


def test_a_job_ends_before_the_next_and_is_tried_again_once(job: dict[str, Any]):
    spec = job["spec"]["jobTemplate"]["spec"]
    assert (True, 1) == (0 < spec["activeDeadlineSeconds"] < 24 * 3600, spec["backoffLimit"])


def test_the_pod_is_nobody_and_gets_no_token(pod: dict[str, Any]):
    security = pod["securityContext"]
    assert (True, True, False, "Never", "RuntimeDefault") == (
        security["runAsNonRoot"],
        security["runAsUser"] > 0,
        pod["automountServiceAccountToken"],
        pod["restartPolicy"],
        security["seccompProfile"]["type"],
    )


def test_the_container_can_change_nothing_but_its_volumes(container: dict[str, Any]):
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]


def test_the_container_has_requests_and_a_limit_of_memory(container: dict[str, Any]):
    resources = container["resources"]
    assert ({"cpu", "memory"}, True) == (resources["requests"].keys(), "memory" in resources["limits"])


def test_the_image_has_a_version(container: dict[str, Any]):
    assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", container["image"])


def test_every_mount_is_a_volume_and_every_volume_is_mounted(pod: dict[str, Any], container: dict[str, Any]):
    assert sorted(volume["name"] for volume in pod["volumes"]) == sorted(
        mount["name"] for mount in container["volumeMounts"]
    )


def test_secrets_stand_in_the_file_by_reference_only(container: dict[str, Any]):
    secret = [each for each in container["env"] if re.search("KEY|TOKEN|PASSWORD|SECRET", each["name"])]
    assert [("MEDCITE_QDRANT_API_KEY", ["secretKeyRef"])] == [
        (each["name"], list(each.get("valueFrom", ()))) for each in secret
    ]


@pytest.mark.parametrize(("expected", "exit_code"), [(0, 0), (0, 1), (2, 2), (137, 137)])
def test_a_run_with_quarantined_entries_is_no_failure_to_kubernetes(
    container: dict[str, Any], tmp_path: Path, expected: int, exit_code: int
):
    assert expected == run_in_pod(container, tmp_path, f"exit {exit_code}").wait(10)


def test_a_pod_that_is_told_to_stop_lets_the_run_end(container: dict[str, Any], tmp_path: Path):
    program = "trap 'touch tidied; exit 2' TERM\ntouch begun\nwhile :; do sleep 0.02; done"
    process = run_in_pod(container, tmp_path, program)
    deadline = time.monotonic() + 10
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert (2, True) == (process.wait(10), (tmp_path / "tidied").exists())


def test_prometheus_takes_the_rules():
    done = promtool("check", "rules", ALERTS)
    assert 0 == done.returncode, done.stderr


def test_the_rules_ask_for_metrics_that_there_are():
    asked = {name for rule in RULES for name in re.findall(r"medcite_\w+", rule["expr"])}
    assert set() == asked - HELP.keys()


def test_every_alert_has_its_section_on_the_page_and_no_other_has():
    page = (ROOT / "docs" / "nightly.md").read_text("utf-8")
    assert [rule["alert"] for rule in RULES] == re.findall(r"^### (Medcite\w+)$", page, re.MULTILINE)


def test_every_alert_leads_to_its_section():
    assert [f"docs/nightly.md#{rule['alert'].lower()}" for rule in RULES] == [
        rule["annotations"]["runbook"] for rule in RULES
    ]


@pytest.mark.parametrize(
    ("fires", "alert", "after_h", "series"),
    [
        (False, "MedciteIngestNotSucceeding", 26, {SUCCESS: [(26, 0)]}),
        (True, "MedciteIngestNotSucceeding", 26.5, {SUCCESS: [(27, 0)]}),
        (False, "MedciteIngestNotSucceeding", 47, {SUCCESS: [(25, 0), (23, 25 * 3600)]}),
        (True, "MedciteIngestNotSucceeding", 1, {SUCCESS: [(2, 10 * 365 * 86400)]}),  # a clock that is ahead
        (False, "MedciteIngestMetricsMissing", 0.5, {}),
        (True, "MedciteIngestMetricsMissing", 1.5, {}),
        (False, "MedciteIngestMetricsMissing", 1.5, {SUCCESS: [(2, 0)]}),
        (True, "MedciteIngestMetricsMissing", 1.5, {EXIT_CODE: [(2, 2)]}),
        (True, "MedciteGateFailed", 1, {GATE: [(2, 0)], EXIT_CODE: [(2, 2)]}),
        (False, "MedciteGateFailed", 1, {GATE: [(2, 0)], EXIT_CODE: [(2, 0)]}),  # published by force
        (False, "MedciteGateFailed", 1, {GATE: [(2, 1)], EXIT_CODE: [(2, 2)]}),
        (True, "MedciteQuarantineGrowing", 25, {QUARANTINED: [(24, 3), (24, 5)]}),
        (True, "MedciteQuarantineGrowing", 25, {QUARANTINED: [(12, 3), (12, None), (24, 5)]}),
        (False, "MedciteQuarantineGrowing", 52, {QUARANTINED: [(24, 3), (30, 5)]}),  # told of for a day
        (False, "MedciteQuarantineGrowing", 25, {QUARANTINED: [(24, 5), (24, 3)]}),
        (False, "MedciteQuarantineGrowing", 5, {QUARANTINED: [(24, 5)]}),
        (False, "MedciteGenerationOld", 2, {GENERATION: [(3, -29 * 86400)]}),
        (True, "MedciteGenerationOld", 2, {GENERATION: [(3, -30 * 86400)]}),
    ],
)
def test_an_alert_fires_when_it_should(
    tmp_path: Path, fires: bool, alert: str, after_h: float, series: dict[str, list[tuple[int, float | None]]]
):
    """`series` has each metric as (hours, value) one after another; None is a gap. The clock begins at 0."""
    question = {
        "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
        "eval_time": f"{round(after_h * 60)}m",
        "exp_samples": [{"labels": "{}", "value": int(fires)}],
    }
    values = [
        {"series": name, "values": " ".join(samples(hours, value) for hours, value in parts)}
        for name, parts in series.items()
    ]
    test = {"interval": "5m", "input_series": values, "promql_expr_test": [question]}
    path = tmp_path / "test.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "5m", "tests": [test]})
    )
    done = promtool("test", "rules", path)
    assert 0 == done.returncode, done.stderr


def samples(hours: int, value: float | None) -> str:
    count = hours * _SAMPLES_PER_HOUR
    return f"_x{count}" if value is None else f"{value}+0x{count - 1}"
