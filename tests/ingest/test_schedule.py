import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ingest.cli import app
from ingest.schedule import Daily, read_report, run_command

ROOT = Path(__file__).resolve().parents[2]
# Clocks that are put forward and back, by an hour and by half an hour, at 2:00, 1:00 and midnight.
ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Atlantic/Azores",
]
BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
REPORT = {
    "outcome": "published",
    "generation": "g1",
    "documents": {"new": 3},
    "passages_embedded": 9,
    "passages_total": 12,
    "quarantined": {"a.md": "is empty"},
    "seconds": {"embed": 1.5},
    "reason": "",
    "exit_code": 1,
}
_WAIT_S = 20


def fire_times(at: clock_time, zone: ZoneInfo, start: datetime, count: int) -> list[datetime]:
    """Let a trigger fire, each time a second late."""
    times: list[datetime] = []
    trigger, now = Daily(at, zone), start
    for _ in range(count):
        times.append(trigger.get_next_fire_time(times[-1] if times else None, now))
        now = times[-1].astimezone(UTC) + timedelta(seconds=1)
    return times


@contextmanager
def schedule(child: str, *changes: str) -> Iterator[subprocess.Popen[str]]:
    """Keep a schedule whose command, the Python program `child`, is due in a moment.

    It runs in a process of its own; `changes` are statements before it begins.
    """
    program = [
        "import sys, structlog",
        "from datetime import UTC, datetime, timedelta",
        "from ingest.schedule import Schedule",
        "structlog.configure([structlog.processors.JSONRenderer()])",
        "at = (datetime.now(UTC) + timedelta(seconds=0.5)).time()",
        "schedule = Schedule([sys.executable, '-c', sys.argv[1]], at, UTC)",
        *changes,
        "schedule.keep()",
    ]
    with running([sys.executable, "-u", "-c", "\n".join(program), child]) as process:
        assert next_line(process)["event"] == "schedule_started"
        yield process


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_line(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    return orjson.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, object]]]:
    """Send SIGTERM; give back the exit code and the lines that are left."""
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=_WAIT_S)
    return process.returncode, [orjson.loads(line) for line in output.splitlines()]


@given(
    st.sampled_from(ZONES),
    st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_local_date_has_one_run(zone: str, at: clock_time, start: datetime):
    dates = [each.date() for each in fire_times(at, ZoneInfo(zone), start, 400)]
    assert [dates[0] + timedelta(days=number) for number in range(400)] == dates


@given(
    st.sampled_from(ZONES),
    st.times(timezones=st.none()),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_run_is_later_than_now_and_at_most_a_day_and_a_shift_away(
    zone: str, at: clock_time, now: datetime
):
    assert timedelta(0) < fire_times(at, ZoneInfo(zone), now, 1)[0] - now <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("expected", "start"),
    [
        ("2026-11-25T02:00:00+01:00", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("2026-11-25T02:00:00+01:00", datetime(2026, 11, 25, 0, 59, 59, tzinfo=UTC)),
        ("2026-11-26T02:00:00+01:00", datetime(2026, 11, 25, 1, tzinfo=UTC)),
        # The clock goes from 2:00 to 3:00.
        ("2026-03-29T03:00:00+02:00", datetime(2026, 3, 28, 12, tzinfo=UTC)),
        # The clock goes from 3:00 back to 2:00.
        ("2026-10-25T02:00:00+02:00", datetime(2026, 10, 24, 12, tzinfo=UTC)),
        ("2026-10-26T02:00:00+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_two_in_the_morning_is_found_in_berlin(expected: str, start: datetime):
    assert expected == fire_times(clock_time(2), BERLIN, start, 1)[0].isoformat()


def test_a_clock_put_back_does_not_repeat_a_run():
    previous = datetime(2026, 11, 25, 2, tzinfo=BERLIN)
    now = previous - timedelta(hours=3)
    expected = datetime(2026, 11, 26, 2, tzinfo=BERLIN)
    assert expected == Daily(clock_time(2), BERLIN).get_next_fire_time(previous, now)


def test_the_log_takes_from_a_report_what_a_line_can_bear():
    expected = {
        "outcome": "published",
        "generation": "g1",
        "documents": {"new": 3},
        "passages_embedded": 9,
        "passages_total": 12,
        "quarantined": 1,
    }
    assert expected == read_report(orjson.dumps(REPORT))


@pytest.mark.usefixtures("command_settings")
def test_the_command_of_a_run_prints_a_report(tmp_path: Path):
    (tmp_path / "ingest").mkdir()  # a folder of texts that is called as the package is
    catalogue = tmp_path / "sources.yaml"
    catalogue.write_text("sources: [{name: texts, location: nothing}]")
    command = run_command(["--nothing"], catalogue)
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    report = read_report(done.stdout)
    # Both sources are missing.
    assert ("not_published", 2, 2) == (report["outcome"], report.get("quarantined"), done.returncode)


@pytest.mark.parametrize("output", [b"", b"Traceback", b"[]", b"7", b'{"exit_code": 0}', b"\xff"])
def test_what_is_no_report_is_a_run_that_broke_off(output: bytes):
    assert {"outcome": "broken_off"} == read_report(output)


def test_a_run_has_a_line_with_its_outcome_and_exit_code():
    with schedule(f"print({orjson.dumps(REPORT).decode()!r}); exit(1)") as process:
        line = next_line(process)
    assert ("ingest_ended", "published", 1, 1) == (
        line["event"],
        line["outcome"],
        line["exit_code"],
        line["quarantined"],
    )


def test_a_run_that_crashes_does_not_end_the_schedule():
    with schedule("import os; os.abort()") as process:
        line = next_line(process)
        exit_code, _ = stop(process)
    assert ("broken_off", -signal.SIGABRT, 0) == (line["outcome"], line["exit_code"], exit_code)


def test_a_run_that_is_due_while_the_last_goes_on_is_left_out_and_told_of():
    often = "from apscheduler.triggers.interval import IntervalTrigger"
    with schedule(
        "import time; time.sleep(60)", often, "schedule._trigger = IntervalTrigger(seconds=1)"
    ) as process:
        line = next_line(process)
        stop(process)
    assert ("ingest_left_out", "the last run has not ended") == (line["event"], line["reason"])


def test_a_run_that_the_clock_has_moved_away_from_is_brought_back():
    changes = (
        "import ingest.schedule, threading",
        "ingest.schedule._LOOK_AT_CLOCK_EVERY_S = 0.1",
        "at = (datetime.now(UTC) + timedelta(hours=1)).time()",
        "schedule = Schedule([sys.executable, '-c', sys.argv[1]], at, UTC)",
        "later = lambda: schedule._job.modify(next_run_time=datetime(2040, 1, 1, tzinfo=UTC))",
        "threading.Timer(0.5, later).start()",
    )
    with schedule("", *changes) as process:
        line = next_line(process)
    now = datetime.now(UTC)
    assert ("clock_put_back", True) == (
        line["event"],
        datetime.fromisoformat(str(line["next_run"])) - now < timedelta(hours=1),
    )


def test_sigterm_asks_a_run_to_end_and_waits_for_it(tmp_path: Path):
    child = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        f"try: open({str(tmp_path / 'begun')!r}, 'w').close(); time.sleep(60)\n"
        f"except KeyboardInterrupt: open({str(tmp_path / 'tidied')!r}, 'w').close(); exit(2)"
    )
    with schedule(child) as process:
        wait_for(tmp_path / "begun")
        exit_code, lines = stop(process)
    assert (0, ["schedule_stopping", "ingest_ended"], "stopped", 2, True) == (
        exit_code,
        [line["event"] for line in lines],
        lines[-1]["outcome"],
        lines[-1]["exit_code"],
        (tmp_path / "tidied").exists(),
    )


def test_a_second_sigterm_kills_a_run_that_does_not_end(tmp_path: Path):
    child = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(tmp_path / 'begun')!r}, 'w').close(); time.sleep(60)"
    )
    with schedule(child) as process:
        wait_for(tmp_path / "begun")
        process.send_signal(signal.SIGTERM)
        next_line(process)  # the first has arrived
        exit_code, lines = stop(process)
    assert (0, -signal.SIGKILL) == (exit_code, lines[-1]["exit_code"])


def test_the_first_line_says_when_the_next_run_is_and_sigterm_ends_a_schedule_that_waits(tmp_path: Path):
    program = str(Path(sys.executable).with_name("medcite-ingest"))
    before = datetime.now(SHANGHAI)
    with running(
        [program, "schedule", "--at", "02:00", "--timezone", SHANGHAI.key, str(tmp_path)]
    ) as process:
        first = next_line(process)
        exit_code, rest = stop(process)
    expected = fire_times(clock_time(2), SHANGHAI, before, 1)[0].isoformat()
    assert ("schedule_started", expected, 0, ["schedule_stopping"]) == (
        first["event"],
        first["next_run"],
        exit_code,
        [line["event"] for line in rest],
    )


@pytest.mark.parametrize(
    ("expected", "arguments"),
    [
        ("no time zone", ["--at", "02:00", "--timezone", "Asia/Peking", "texts"]),
        ("no time zone", ["--at", "02:00", "--timezone", "Asia", "texts"]),
        ("does not match", ["--at", "2 am", "texts"]),
        ("name a SOURCE", ["--at", "02:00"]),
        ("--at", ["texts"]),
    ],
)
def test_a_wrong_schedule_is_told_of_at_once(expected: str, arguments: list[str]):
    result = CliRunner().invoke(app, ["schedule", *arguments])
    assert (2, True) == (result.exit_code, expected in result.output)


def test_a_misspelled_setting_is_told_of_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_PASAGE_TOKENS", "128")
    result = CliRunner().invoke(app, ["schedule", "--at", "02:00", "texts"])
    assert (2, True) == (result.exit_code, "MEDCITE_PASSAGE_TOKENS?" in result.output)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{os.fspath(path)} did not appear"
        time.sleep(0.02)
