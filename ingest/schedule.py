"""The nightly schedule: ingest as a child process, once a day, until it is told to end.

A child gives all its memory back, and one that crashes takes nothing with it.
"""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import orjson
import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, SchedulerEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

log = structlog.get_logger()

# A night that the machine slept through is made up for within this time; later, the next is nearer.
_GRACE_S = 12 * 3600
# APScheduler should run what is due by the clock, but sleeps too long when the clock is put forward
# or the machine was suspended (https://github.com/agronholm/apscheduler/issues/794), and waits for
# the date it once found when the clock is put back. Can go when that issue is closed.
_LOOK_AT_CLOCK_EVERY_S = 60
_LONGEST_WAIT = timedelta(hours=25)  # a day on which clocks are put back
# Longer than a batch of a thousand passages takes to embed on two processors: a run in progress
# ends between batches.
_STOP_WAIT_S = 60
# Of the report, what one line of a log can bear.
_LOGGED = ("outcome", "generation", "documents", "passages_embedded", "passages_total", "reason")


class Daily(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires once on every local date.

    A time that a date has twice (clocks put back) fires the first time; one that a date lacks
    (clocks put forward) fires as much later as the clocks were put forward.

    Stands in for APScheduler's `CronTrigger`, which in 3.11.3 gives the second of two equal times
    again and again, so that ingest would never rest after such a night
    (https://github.com/agronholm/apscheduler/issues/1021), and for its `CalendarIntervalTrigger`,
    which leaves out a date that lacks the time. Can go when the former keeps to one run a date.
    """

    def __init__(self, at: clock_time, zone: tzinfo) -> None:
        self._at = at.replace(fold=0)
        self._zone = zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Give the first time after `now` and after the previous one, with the zone's offset."""
        after = max(each.astimezone(UTC) for each in (previous_fire_time, now) if each is not None)
        day = after.astimezone(self._zone).date()
        while True:
            due = datetime.combine(day, self._at, self._zone).astimezone(UTC)
            if due > after:
                return due.astimezone(self._zone)
            day += timedelta(days=1)


class Schedule:
    """Runs a command every day at a time, one run at a time.

    The command prints a report as `medcite-ingest run --json` does. `zone` is by default the
    machine's.
    """

    def __init__(self, command: Sequence[str], at: clock_time, zone: tzinfo | None = None) -> None:
        self._command = list(command)
        self._scheduler = BackgroundScheduler(timezone=zone)
        self._trigger = Daily(at, self._scheduler.timezone)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def keep(self) -> None:
        """Run the command every day until SIGTERM or SIGINT; needs the main thread.

        Logs first when the next run is, then one line a run. A run in progress is asked to end with
        the schedule and killed when it has not within a minute, or at a second signal; an ingest
        may be stopped at any time without harm to the index.
        """
        # Its warnings are of runs left out, which `_log_left_out` tells of.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._start()
            while True:
                time.sleep(_LOOK_AT_CLOCK_EVERY_S)
                self._look_at_clock()
        except KeyboardInterrupt:
            self._stop()

    def _start(self) -> None:
        self._job = self._scheduler.add_job(
            self._run, self._trigger, max_instances=1, coalesce=True, misfire_grace_time=_GRACE_S
        )
        self._scheduler.add_listener(self._log_left_out, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        log.info("schedule_started", next_run=self._next_run())
        self._scheduler.start()

    def _look_at_clock(self) -> None:
        now = datetime.now(UTC)
        if self._job.next_run_time - now > _LONGEST_WAIT:
            self._job.modify(next_run_time=self._trigger.get_next_fire_time(None, now))
            log.warning("clock_put_back", next_run=self._next_run())
        self._scheduler.wakeup()

    def _run(self) -> None:
        start = time.monotonic()
        with self._lock:
            if self._stopping:
                return
            try:
                # Of a group of its own, or Ctrl-C on a terminal would reach it a second time.
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0
                )
            except OSError as error:
                log.error("ingest_not_started", reason=str(error), next_run=self._next_run())
                return
        output, _ = self._process.communicate()
        exit_code = self._process.returncode
        self._process = None
        facts = read_report(output)
        if self._stopping and facts["outcome"] == "broken_off":
            facts["outcome"] = "stopped"
        level = {0: logging.INFO, 1: logging.WARNING}.get(exit_code, logging.ERROR)
        elapsed_s = round(time.monotonic() - start, 1)
        log.log(
            level,
            "ingest_ended",
            **facts,
            exit_code=exit_code,
            elapsed_s=elapsed_s,
            next_run=self._next_run(),
        )

    def _stop(self) -> None:
        with self._lock:
            self._stopping = True
            process = self._process
        if process is not None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: process.kill())
            process.terminate()
        log.info("schedule_stopping", run_in_progress=process is not None)
        if process is not None:
            try:
                process.wait(_STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._scheduler.running:
            self._scheduler.shutdown()  # waits for the line of the run

    def _log_left_out(self, event: SchedulerEvent) -> None:
        reason = "the last run has not ended" if event.code == EVENT_JOB_MAX_INSTANCES else "it is too late"
        log.error("ingest_left_out", reason=reason, next_run=self._next_run())

    def _next_run(self) -> str:
        return self._trigger.get_next_fire_time(None, datetime.now(UTC)).isoformat()


def run_command(sources: Sequence[str], catalogue: Path | None) -> list[str]:
    """Put together the command of a run in a process of its own, of the same Python."""
    declared = ["--sources", str(catalogue)] if catalogue else []
    # -P: a folder "ingest" where the schedule was started is not this package.
    return [sys.executable, "-P", "-m", "ingest.cli", "run", "--json", *declared, "--", *sources]


def read_report(output: bytes) -> dict[str, Any]:
    """Take from a JSON report what goes into the log; outcome `broken_off` when it is none."""
    try:
        report = orjson.loads(output)
    except orjson.JSONDecodeError:
        return {"outcome": "broken_off"}
    if not isinstance(report, dict) or "outcome" not in report:
        return {"outcome": "broken_off"}
    facts = {name: report[name] for name in _LOGGED if report.get(name) not in (None, "")}
    return {**facts, "quarantined": len(report.get("quarantined", ()))}
