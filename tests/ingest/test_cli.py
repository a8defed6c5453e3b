import asyncio
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.cli import app
from knowledge.embedding import fingerprint_model
from knowledge.embedding_fake import HashingEmbedder
from tests.ingest.factories import PRESSURE, run_ingest, write_texts


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point to a store of this test and to a model that is there but is never loaded."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / "knowledge"))
    monkeypatch.setenv("MEDCITE_EMBEDDING_MODEL", str(model))


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def publish(tmp_path: Path, **texts: str) -> Path:
    """Publish texts with the recipe that the command will have."""
    folder = write_texts(tmp_path / "texts", **texts)
    embedder = HashingEmbedder()
    embedder.fingerprint = fingerprint_model(str(tmp_path / "model"), tmp_path / "model")
    asyncio.run(run_ingest(tmp_path, folder, embedder=embedder, passage_tokens=256))
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
    assert (2, True) == (result.exit_code, f"{tmp_path}/file" in result.stderr)


def test_an_index_that_is_up_to_date_has_exit_code_0(tmp_path: Path):
    result = invoke(publish(tmp_path, pressure=PRESSURE))
    assert (0, True) == (result.exit_code, "is up to date" in result.stdout)


def test_an_index_with_a_quarantined_entry_has_exit_code_1(tmp_path: Path):
    result = invoke(publish(tmp_path, pressure=PRESSURE, broken=""))
    assert (1, True) == (result.exit_code, "broken.md: is empty" in result.stdout)


def test_a_source_named_twice_is_read_once(tmp_path: Path):
    folder = publish(tmp_path, pressure=PRESSURE)
    report = orjson.loads(invoke(folder, folder, "--json").stdout)
    assert (0, 1) == (report["exit_code"], report["documents"]["unchanged"])


def test_without_a_source_the_usage_is_shown():
    result = invoke()
    assert (2, True) == (result.exit_code, "SOURCE" in result.output)
