import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from typer.testing import CliRunner

from ingest.cli import app
from ingest.metrics import HELP, STAGES, Figures, measure_run, push, record_run, write_textfile
from ingest.report import IngestReport, Outcome
from ingest.settings import IngestSettings
from knowledge.generation import CheckRecord, DocumentRecord, Manifest, Recipe
from knowledge.settings import KnowledgeSettings
from tests.ingest.factories import write_texts

ROOT = Path(__file__).resolve().parents[2]
SUCCESS = "medcite_ingest_last_success_timestamp_seconds"
PASSED, FAILED = CheckRecord("counts", True, 0, 0), CheckRecord("loss", False, 0.5, 0.2)
FIGURES: Figures = {"medcite_passages": 7}


def manifest(gate: tuple[CheckRecord, ...] = (PASSED,)) -> Manifest:
    return Manifest(
        generation="g1",
        parent=None,
        created_at="2026-11-24T02:10:00+00:00",
        recipe=Recipe("1", "1", "1", "e"),
        documents={name: DocumentRecord("s", name, "h", "r", 3) for name in ("a", "b")},
        gate=gate,
    )


def measured(outcome: Outcome = "published", current: Manifest | None = None, **facts) -> Figures:
    return measure_run(IngestReport(outcome=outcome, **facts), current, 1000.0)


def read(path: Path) -> dict[str, dict[str, float]]:
    """Metric to label (empty where it has none) to value."""
    families = text_string_to_metric_families(path.read_text())
    return {
        each.name: {next(iter(s.labels.values()), ""): s.value for s in each.samples} for each in families
    }


class Gateway(HTTPServer):
    """Keeps metrics as a Pushgateway does: a POST replaces those of the same name."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Pushed)
        self.status = status
        self.requests: list[str] = []
        self.held: dict[str, object] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Pushed(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append(f"POST {self.path}")
        self.server.held |= {each.name: each.samples for each in text_string_to_metric_families(body)}
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    server = Gateway(getattr(request, "param", 200))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_metric_stands_on_the_page_and_no_other():
    rows = re.findall(r"^\| `(medcite_\w+)", (ROOT / "docs" / "nightly.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(HELP) == sorted(rows)


def test_every_stage_stands_on_the_page():
    text = (ROOT / "docs" / "nightly.md").read_text("utf-8")
    assert [] == [stage for stage in STAGES if f"`{stage}`" not in text]


def test_no_stage_of_ingest_is_counted_as_other():
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "ingest").rglob("*.py"))
    assert {*STAGES} - {"other"} == set(re.findall(r'\btimed\([\w.]+, "([^"]+)"\)', sources))


def test_a_published_run_gives_every_metric():
    assert HELP.keys() == measured(current=manifest(), checks=[PASSED]).keys()


@pytest.mark.parametrize(
    ("expected", "outcome", "quarantined"),
    [
        (0, "published", {}),
        (1, "published", {"a.md": "is empty"}),
        (0, "unchanged", {}),
        (2, "not_published", {}),
    ],
)
def test_the_exit_code_is_the_report_s(expected: int, outcome: Outcome, quarantined: dict[str, str]):
    assert expected == measured(outcome, quarantined=quarantined)["medcite_ingest_last_exit_code"]


@pytest.mark.parametrize(
    ("expected", "outcome"), [(1000.0, "published"), (1000.0, "unchanged"), (None, "not_published")]
)
def test_a_run_that_published_or_had_nothing_to_do_is_a_success(expected: float | None, outcome: Outcome):
    assert expected == measured(outcome).get(SUCCESS)


def test_a_run_that_broke_off_has_exit_code_2_and_tells_of_nothing_else():
    expected = {"medcite_ingest_last_run_timestamp_seconds": 1000.0, "medcite_ingest_last_exit_code": 2}
    assert expected == measure_run(None, None, 1000.0)


def test_the_generation_is_the_current_one_whatever_the_run_did():
    figures = measure_run(None, manifest(), 1000.0)
    assert (1795486200.0, 6) == (
        figures["medcite_generation_created_timestamp_seconds"],
        figures["medcite_passages"],
    )


def test_documents_are_counted_by_what_became_of_them():
    documents = {"new": 3, "changed": 2, "unchanged": 5, "removed": 1}
    figures = measured(documents=documents, quarantined={"a": "is empty", "b": "is empty"})
    assert {**documents, "quarantined": 2} == figures["medcite_documents"]


def test_every_stage_has_a_time_and_an_unknown_one_is_counted_as_other():
    figures = measured(seconds={"embed": 4.0, "OCR of /srv/a.pdf": 1.0, "OCR of /srv/b.pdf": 2.0})
    expected = {**dict.fromkeys(STAGES, 0.0), "embed": 4.0, "other": 3.0}
    assert expected == figures["medcite_ingest_stage_seconds"]


@pytest.mark.parametrize(("expected", "seconds"), [(2.5, {"embed": 3.0, "write": 1.0}), (0.0, {})])
def test_the_rate_is_passages_written_over_all_stages(expected: float, seconds: dict[str, float]):
    figures = measured(passages_embedded=8, passages_reused=2, seconds=seconds)
    assert expected == figures["medcite_ingest_passages_per_second"]


@pytest.mark.parametrize(
    ("expected", "outcome", "checks", "gate"),
    [
        (1.0, "published", [PASSED], ()),
        (0.0, "not_published", [PASSED, FAILED], (PASSED,)),
        (0.0, "published", [FAILED], ()),  # --force
        (1.0, "unchanged", [], (PASSED,)),
        (0.0, "unchanged", [], (FAILED,)),
        (None, "unchanged", [], ()),
        (None, "not_published", [], (PASSED,)),
    ],
)
def test_the_gate_is_the_run_s_or_with_nothing_to_do_the_generation_s(
    expected: float | None, outcome: Outcome, checks: list[CheckRecord], gate: tuple[CheckRecord, ...]
):
    figures = measured(outcome, current=manifest(gate), checks=checks)
    assert expected == figures.get("medcite_gate_passed")


@given(st.lists(st.sampled_from(["published", "unchanged", "not_published", None]), min_size=1, max_size=6))
def test_the_last_success_in_the_file_survives_failures(shared_path: Path, outcomes: list[Outcome | None]):
    path = shared_path / "survives.prom"
    path.unlink(missing_ok=True)
    for second, outcome in enumerate(outcomes):
        write_textfile(measure_run(outcome and IngestReport(outcome=outcome), None, second), path)
    wins = [second for second, outcome in enumerate(outcomes) if outcome in ("published", "unchanged")]
    assert ({"": wins[-1]} if wins else None) == read(path).get(SUCCESS)


@given(st.binary() | st.text('medcit_x{}"=,\\ #TYPEgauHL0.1\n').map(str.encode))
def test_whatever_is_in_the_old_file_the_new_one_has_the_run_s_figures(shared_path: Path, old: bytes):
    path = shared_path / "old.prom"
    path.write_bytes(old)
    with capture_logs():
        write_textfile(FIGURES, path)
    assert {"": 7.0} == read(path)["medcite_passages"]


def test_labels_survive_with_their_values(tmp_path: Path):
    path = tmp_path / "medcite.prom"
    write_textfile(measured(quarantined={"a.md": "is empty"}), path)
    write_textfile(measure_run(None, None, 2000.0), path)
    assert 1.0 == read(path)["medcite_documents"]["quarantined"]


def test_a_metric_that_there_is_no_more_leaves_the_file(tmp_path: Path):
    path = tmp_path / "medcite.prom"
    path.write_text("medcite_of_an_old_release 1\n")
    write_textfile(FIGURES, path)
    assert {"medcite_passages"} == read(path).keys()


def test_nothing_but_the_file_is_left_in_its_folder(tmp_path: Path):
    write_textfile(FIGURES, tmp_path / "new" / "medcite.prom")
    assert [tmp_path / "new" / "medcite.prom"] == list((tmp_path / "new").iterdir())


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with capture_logs() as logs:
        write_textfile(FIGURES, tmp_path / "file" / "medcite.prom")
    assert [("metrics_not_written", "warning")] == [
        (each["event"], each["log_level"]) for each in logs if each["event"] == "metrics_not_written"
    ]


def test_a_push_goes_to_the_group_of_ingest(gateway: Gateway):
    push(FIGURES, gateway.url)
    assert ["POST /metrics/job/medcite_ingest"] == gateway.requests


def test_a_push_of_a_failure_leaves_the_last_success_at_the_gateway(gateway: Gateway):
    push(measured("published"), gateway.url)
    push(measure_run(None, None, 2000.0), gateway.url)
    assert 1000.0 == gateway.held[SUCCESS][0].value


@pytest.mark.parametrize("gateway", [500], indirect=True)
def test_a_gateway_that_refuses_is_a_warning(gateway: Gateway):
    with capture_logs() as logs:
        push(FIGURES, gateway.url)
    assert ["metrics_not_pushed"] == [each["event"] for each in logs]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[", "http://127.0.0.1:port", "http://a b"])
def test_a_gateway_that_is_not_there_is_a_warning(url: str):
    with capture_logs() as logs:
        push(FIGURES, url)
    assert [("metrics_not_pushed", url)] == [(each["event"], each["url"]) for each in logs]


async def test_a_run_is_recorded_in_both_places(tmp_path: Path, gateway: Gateway):
    settings = IngestSettings(metrics_textfile=tmp_path / "medcite.prom", pushgateway_url=gateway.url)
    await record_run(IngestReport(outcome="unchanged"), settings, KnowledgeSettings(knowledge_path=tmp_path))
    assert gateway.held.keys() == read(tmp_path / "medcite.prom").keys()


async def test_without_a_place_nothing_is_opened(tmp_path: Path):
    (tmp_path / "current").write_text("lost")
    with capture_logs() as logs:
        await record_run(None, IngestSettings(), KnowledgeSettings(knowledge_path=tmp_path))
    assert [] == logs


async def test_a_generation_that_cannot_be_read_is_a_warning_and_the_rest_is_told(tmp_path: Path):
    (tmp_path / "current").write_text("lost")
    settings = IngestSettings(metrics_textfile=tmp_path / "medcite.prom")
    with capture_logs() as logs:
        await record_run(None, settings, KnowledgeSettings(knowledge_path=tmp_path))
    assert (["generation_not_measured"], {"": 2.0}) == (
        [each["event"] for each in logs],
        read(tmp_path / "medcite.prom")["medcite_ingest_last_exit_code"],
    )


@pytest.mark.usefixtures("command_settings")
@pytest.mark.parametrize(
    ("expected", "knowledge"), [(1.0, "knowledge"), (None, "file")], ids=["with a report", "without"]
)
def test_the_command_leaves_metrics_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: float | None, knowledge: str
):
    (tmp_path / "file").write_text("no folder for an index")
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / knowledge))
    monkeypatch.setenv("MEDCITE_METRICS_TEXTFILE", str(tmp_path / "medcite.prom"))
    CliRunner().invoke(app, ["run", str(write_texts(tmp_path / "texts", broken=""))])
    figures = read(tmp_path / "medcite.prom")
    quarantined = figures.get("medcite_documents", {}).get("quarantined")
    assert ({"": 2.0}, expected) == (figures["medcite_ingest_last_exit_code"], quarantined)


def test_a_file_that_the_collector_would_not_read_is_refused():
    with pytest.raises(ValueError, match=r"/srv/medcite\.txt must end in \.prom"):
        IngestSettings(metrics_textfile=Path("/srv/medcite.txt"))


@pytest.mark.parametrize("url", ["pushgateway:9091", "ftp://pushgateway", "http://"])
def test_a_gateway_that_is_no_url_is_refused(url: str):
    with pytest.raises(ValueError, match="pushgateway_url"):
        IngestSettings(pushgateway_url=url)
