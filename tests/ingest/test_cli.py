import os
import re
import shutil
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.cli import app, main
from ingest.crash import guarded
from knowledge.edge_lock import writer_lock
from tests.ingest.factories import PRESSURE, SUGAR, publish, write_texts

pytestmark = pytest.mark.usefixtures("command_settings")


def invoke(*arguments: str | Path, command: str = "run") -> Result:
    return CliRunner().invoke(app, [*command.split(), *map(str, arguments)])


def publish_texts(tmp_path: Path, **texts: str) -> Path:
    """Publish texts and give their folder."""
    folder = write_texts(tmp_path / "texts", **texts)
    publish(tmp_path, folder)
    return folder


def test_a_missing_source_is_not_published(tmp_path: Path):
    result = invoke(tmp_path / "nothing")
    assert (2, True) == (result.exit_code, f"{tmp_path}/nothing does not exist" in result.output)


def test_a_missing_source_is_in_the_json_report(tmp_path: Path):
    report = orjson.loads(invoke(tmp_path / "nothing", "--json").stdout)
    assert (2, "not_published", [f"{tmp_path}/nothing"]) == (
        report["exit_code"],
        report["outcome"],
        list(report["quarantined"]),
    )


def test_a_run_whose_only_source_is_missing_is_no_success_though_there_is_an_index(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE)
    shutil.rmtree(folder)
    report = orjson.loads(invoke(folder, "--json").stdout)
    assert (2, "not_published", True) == (
        report["exit_code"],
        report["outcome"],
        f"no source can be read: {folder} does not exist" in report["reason"],
    )


def test_a_run_with_one_of_two_sources_missing_is_a_success(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE)
    assert 1 == invoke(folder, tmp_path / "nothing").exit_code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("reader:no_such_module:Reader", "reader 'no_such_module:Reader' cannot be imported"),
        ("list:no-such-list.txt", "no-such-list.txt"),
        ("memory://no-such-bucket", "memory://no-such-bucket holds nothing"),
    ],
)
def test_a_source_that_is_no_path_is_named_as_it_was_written(tmp_path: Path, text: str, reason: str):
    report = orjson.loads(invoke(publish_texts(tmp_path, pressure=PRESSURE), text, "--json").stdout)
    assert (1, [text], True) == (
        report["exit_code"],
        list(report["quarantined"]),
        reason in report["quarantined"][text],
    )


def test_every_command_that_crashes_says_so():
    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    unguarded = [
        command.name or command.callback.__name__
        for group in groups
        for command in group.registered_commands
        if command.callback.__code__ is not guarded(main).__code__
    ]
    assert [] == unguarded


@pytest.fixture
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a Ray cluster that is not there."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray warns of what it does itself
def test_a_run_on_ray_with_nothing_to_do_needs_no_cluster(tmp_path: Path, no_cluster: None):
    result = invoke(publish_texts(tmp_path, pressure=PRESSURE), "--runner", "ray")
    assert (0, True) == (result.exit_code, "is up to date" in result.stdout)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # as above
def test_a_run_on_a_cluster_that_is_not_there_says_so_at_once(tmp_path: Path, no_cluster: None):
    result = invoke(write_texts(tmp_path / "texts", pressure=PRESSURE), "--runner", "ray")
    assert (2, True) == (
        result.exit_code,
        "Not published: Ray at 127.0.0.1:1 cannot be reached: [Errno 111] Connection refused"
        in result.stderr,
    )


def test_a_run_without_a_readable_document_says_why(tmp_path: Path):
    result = invoke(write_texts(tmp_path / "texts", broken=""))
    assert (2, True, True) == (
        result.exit_code,
        "broken.md: is empty" in result.output,
        "Not published: no document could be read" in result.output,
    )


def test_a_misspelled_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MEDCITE_PASAGE_TOKENS", "128")
    result = invoke(tmp_path)
    assert (2, True) == (
        result.exit_code,
        "MEDCITE_PASAGE_TOKENS; did you mean MEDCITE_PASSAGE_TOKENS?" in result.stderr,
    )


def test_a_setting_out_of_range_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MEDCITE_PASSAGE_TOKENS", "1")
    result = invoke(tmp_path)
    assert (2, True) == (result.exit_code, "MEDCITE_PASSAGE_TOKENS: " in result.stderr)


def test_a_model_that_is_nowhere_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MEDCITE_EMBEDDING_MODEL", "no/such/model")
    result = invoke(tmp_path)
    assert (2, True) == (result.exit_code, "embedding model 'no/such/model' is neither" in result.stderr)


def test_brackets_in_an_error_are_printed_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MEDCITE_EMBEDDING_MODEL", "no/such[/red]/model")
    assert "no/such[/red]/model" in invoke(tmp_path).stderr


def test_a_store_that_cannot_be_written_is_not_published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / "file"))
    result = invoke(write_texts(tmp_path / "texts", pressure=PRESSURE))
    assert (2, True, True) == (
        result.exit_code,
        f"{tmp_path}/file" in result.stderr,
        isinstance(result.exception, SystemExit),
    )


def test_an_index_that_is_up_to_date_has_exit_code_0(tmp_path: Path):
    result = invoke(publish_texts(tmp_path, pressure=PRESSURE))
    assert (0, True) == (result.exit_code, "is up to date" in result.stdout)


def test_an_index_with_a_quarantined_entry_has_exit_code_1(tmp_path: Path):
    result = invoke(publish_texts(tmp_path, pressure=PRESSURE, broken=""))
    assert (1, True) == (result.exit_code, "broken.md: is empty" in result.stdout)


def test_a_source_named_twice_is_read_once(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE)
    report = orjson.loads(invoke(folder, folder, "--json").stdout)
    assert (0, 1) == (report["exit_code"], report["documents"]["unchanged"])


def test_without_a_source_the_usage_is_shown():
    result = invoke()
    assert (2, True) == (result.exit_code, "SOURCE" in result.output)


def test_a_broken_golden_file_stops_the_start_and_is_named(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE)
    (folder / "golden.jsonl").write_text('{"question": "?", "documents": ["a"]}\n{')
    result = invoke(folder)
    assert (2, True) == (result.exit_code, f"{folder}/golden.jsonl:2: is not JSON" in result.stderr)


def test_a_catalogue_names_the_sources(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE)
    catalogue = tmp_path / "sources.yaml"
    catalogue.write_text(f"sources:\n  - name: {folder}\n    location: {folder}\n")
    assert (0, True) == (
        (result := invoke("--sources", catalogue)).exit_code,
        "is up to date" in result.stdout,
    )


def test_a_store_in_use_names_who_is_at_work(tmp_path: Path):
    folder = write_texts(tmp_path / "texts", pressure=PRESSURE)
    (tmp_path / "knowledge").mkdir()
    with writer_lock(tmp_path / "knowledge"):
        result = invoke(folder)
    assert (2, True, True) == (
        result.exit_code,
        f"process {os.getpid()} on " in result.stderr,
        "wait for it to end" in result.stderr,
    )


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Publish three texts and a broken one, then change, remove and add one."""
    folder = publish_texts(tmp_path, same=PRESSURE, other=SUGAR, gone="Gone.", broken="")
    (folder / "gone.md").unlink()
    return write_texts(folder, other=SUGAR.replace("7.0", "6.5"), new="New.")


@pytest.mark.parametrize("state", ["new", "changed", "retried", "unchanged", "removed"])
def test_a_plan_counts_what_a_run_would_do(changed: Path, state: str):
    assert re.search(rf"│ {state} +│ +1 │", invoke(changed, command="plan").stdout)


def test_a_plan_as_json_names_what_a_run_would_do(changed: Path):
    planned = orjson.loads(invoke(changed, "--json", command="plan").stdout)
    assert planned == {
        "new": [[str(changed), "new.md"]],
        "changed": [[str(changed), "other.md"]],
        "retried": [[str(changed), "broken.md"]],
        "relinked": [],
        "unchanged": ["pressure"],
        "removed": ["gone"],
        "built_anew": False,
        "refusal": "",
        "unreadable": {},
    }


def test_a_plan_writes_nothing(tmp_path: Path, changed: Path):
    def sizes() -> dict[Path, int]:
        return {path: path.stat().st_size for path in tmp_path.rglob("*")}

    before = sizes()
    invoke(changed, command="plan")
    assert before == sizes()


def test_a_plan_before_any_ingest_has_everything_to_do(tmp_path: Path):
    folder = write_texts(tmp_path / "texts", pressure=PRESSURE)
    planned = orjson.loads(invoke(folder, "--json", command="plan").stdout)
    assert ([[str(folder), "pressure.md"]], False) == (planned["new"], planned["built_anew"])


def test_a_plan_for_another_recipe_says_that_all_is_built_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: Path
):
    monkeypatch.setenv("MEDCITE_PASSAGE_TOKENS", "128")
    planned = orjson.loads(invoke(changed, "--json", command="plan").stdout)
    assert (4, True, "") == (len(planned["new"]), planned["built_anew"], planned["refusal"])


def test_a_plan_tells_why_a_run_would_refuse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: Path):
    monkeypatch.setenv("MEDCITE_PASSAGE_TOKENS", "128")
    result = invoke(write_texts(tmp_path / "other"), command="plan")
    assert (
        f"A run would refuse: everything must be built anew, but these sources were not named or not listed to their end: {changed};"
        in result.stdout
    )


def test_a_plan_names_what_cannot_be_read(tmp_path: Path):
    assert f"{tmp_path}/nothing does not exist" in invoke(tmp_path / "nothing", command="plan").stdout


def test_a_retry_of_what_is_still_broken_publishes_nothing(tmp_path: Path):
    folder = publish_texts(tmp_path, pressure=PRESSURE, broken="")
    report = orjson.loads(invoke(folder, "--json", command="quarantine retry").stdout)
    assert (1, "unchanged", {f"{folder}/broken.md": "is empty"}) == (
        report["exit_code"],
        report["outcome"],
        report["quarantined"],
    )
