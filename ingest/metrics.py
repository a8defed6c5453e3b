"""What Prometheus is told of a run: as a file for node_exporter, and by a push to a Pushgateway.

A run that breaks off knows less than one that ends: nothing of documents or passages, and not when
the last success was. What a run does not know keeps the value that the last run gave it, in both
places: the file is read back before it is replaced, and a POST to the gateway replaces only the
metrics that are in it. So the last success survives any number of failures.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from http.client import HTTPException
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Gauge, pushadd_to_gateway, write_to_textfile
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from ingest.report import STATES, IngestReport
from ingest.settings import IngestSettings
from knowledge.errors import KnowledgeError
from knowledge.generation import Manifest
from knowledge.open_store import open_store
from knowledge.settings import KnowledgeSettings

log = structlog.get_logger()

HELP = {
    "medcite_ingest_last_success_timestamp_seconds": "When the last run ended that published or found nothing to do.",
    "medcite_ingest_last_run_timestamp_seconds": "When the last run ended, however it ended.",
    "medcite_ingest_last_exit_code": "Exit code of the last run: 0 all well, 1 some quarantined, 2 not published.",
    "medcite_generation_created_timestamp_seconds": "When the current generation was built.",
    "medcite_documents": "Documents of the last run by what became of them.",
    "medcite_passages": "Passages of the current generation.",
    "medcite_ingest_passages_embedded": "Passages that the last run embedded; the others were known.",
    "medcite_ingest_stage_seconds": "Wall-clock time of the last run by stage.",
    "medcite_ingest_passages_per_second": "Passages that the last run wrote, over its time; 0 if it wrote none.",
    "medcite_gate_passed": "1 if the last generation that the gate looked at passed all checks, else 0.",
}

# A label's values are these and no other, so that the number of series never grows.
STAGES = ("plan", "load and clean", "chunk", "embed", "write", "centre", "complete", "gate", "other")
LABELS = {"medcite_documents": "state", "medcite_ingest_stage_seconds": "stage"}

# One group of metrics for one index. A label for the pod would leave a dead group every night,
# which no gateway ever forgets.
JOB = "medcite_ingest"
_PUSH_WAIT_S = 10

Figures = dict[str, float | dict[str, float]]


async def record_run(
    report: IngestReport | None, settings: IngestSettings, knowledge: KnowledgeSettings
) -> None:
    """Write and push the metrics of a run that has just ended, where the settings say so.

    A file that cannot be written and a gateway that does not answer are warnings in the log: the
    run was what it was.

    Args:
        report: What the run did; None when it broke off without a report.
        settings: Where the metrics go.
        knowledge: Which index the run was for.
    """
    if settings.metrics_textfile is None and settings.pushgateway_url is None:
        return
    figures = measure_run(report, await _current(knowledge), time.time())
    if settings.metrics_textfile is not None:
        write_textfile(figures, settings.metrics_textfile)
    if settings.pushgateway_url is not None:
        await asyncio.to_thread(push, figures, settings.pushgateway_url)


def measure_run(report: IngestReport | None, current: Manifest | None, ended_at: float) -> Figures:
    """Put what is known after a run into figures; what is not known is left out.

    Args:
        report: What the run did; None when it broke off without a report.
        current: The manifest of the current generation; None when there is none to be read.
        ended_at: Seconds since 1970.

    Returns:
        Name of a metric to its value, or to values by label; only names of `HELP`.
    """
    exit_code = 2 if report is None else report.exit_code
    figures: Figures = {
        "medcite_ingest_last_run_timestamp_seconds": ended_at,
        "medcite_ingest_last_exit_code": exit_code,
    }
    if exit_code < 2:
        figures["medcite_ingest_last_success_timestamp_seconds"] = ended_at
    if current is not None:
        created_at = datetime.fromisoformat(current.created_at).timestamp()
        figures["medcite_generation_created_timestamp_seconds"] = created_at
        figures["medcite_passages"] = current.n_passages
    if report is not None:
        figures |= _measure_work(report)
        # A run with nothing to do holds no gate; the current generation's tells how things are.
        checks = report.checks or (current.gate if current and report.outcome == "unchanged" else ())
        if checks:
            figures["medcite_gate_passed"] = float(all(check.passed for check in checks))
    return figures


def write_textfile(figures: Figures, path: Path) -> None:
    """Replace the file in one step; metrics that the figures lack keep their value in the old one."""
    families = [*_registry(figures).collect(), *_kept(path, figures)]
    whole = CollectorRegistry()
    whole.register(_Families(families))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), whole)
    except OSError as error:
        log.warning("metrics_not_written", path=str(path), reason=str(error))


def push(figures: Figures, url: str) -> None:
    """Push the figures; the gateway keeps the last value of metrics that they lack."""
    try:
        pushadd_to_gateway(url, JOB, _registry(figures), timeout=_PUSH_WAIT_S)
    except (OSError, HTTPException, ValueError) as error:
        log.warning("metrics_not_pushed", url=url, reason=f"{type(error).__name__}: {error}")


async def _current(knowledge: KnowledgeSettings) -> Manifest | None:
    try:
        reader = await open_store(knowledge).current()
    except KnowledgeError as error:
        log.warning("generation_not_measured", reason=str(error))
        return None
    return reader.manifest if reader else None


def _measure_work(report: IngestReport) -> Figures:
    seconds = dict.fromkeys(STAGES, 0.0)
    for stage, spent in report.seconds.items():
        seconds[stage if stage in seconds else "other"] += spent
    total = sum(seconds.values())
    n_written = report.passages_embedded + report.passages_reused
    states = {state: float(report.documents.get(state, 0)) for state in STATES}
    return {
        "medcite_documents": {**states, "quarantined": float(len(report.quarantined))},
        "medcite_ingest_passages_embedded": report.passages_embedded,
        "medcite_ingest_stage_seconds": seconds,
        "medcite_ingest_passages_per_second": n_written / total if total else 0.0,
    }


def _registry(figures: Figures) -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, value in figures.items():
        if isinstance(value, Mapping):
            gauge = Gauge(name, HELP[name], [LABELS[name]], registry=registry)
            for label, part in value.items():
                gauge.labels(label).set(part)
        else:
            Gauge(name, HELP[name], registry=registry).set(value)
    return registry


def _kept(path: Path, figures: Figures) -> list[Metric]:
    """Read from the file what the figures lack, of the metrics that there still are."""
    try:
        families = list(text_string_to_metric_families(path.read_text("utf-8")))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        log.warning("old_metrics_not_read", path=str(path), reason=str(error))
        return []
    return [family for family in families if family.name in HELP and family.name not in figures]


class _Families(Collector):
    """Gives out families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
