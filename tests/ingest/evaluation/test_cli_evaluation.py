from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.cli import app
from tests.ingest.evaluation.factories import write_beir

pytestmark = pytest.mark.usefixtures("command_settings")


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["eval", "retrieval", *map(str, arguments)])


def test_a_folder_that_is_no_labelled_set_is_named(tmp_path: Path):
    result = invoke(tmp_path)
    assert (2, True) == (
        result.exit_code,
        f"Not measured: {tmp_path} holds none of corpus.jsonl" in result.stderr,
    )


def test_an_unknown_key_of_a_configuration_is_named(tmp_path: Path):
    result = invoke(write_beir(tmp_path / "set"), "--config", "weight=1")
    assert (2, True) == (result.exit_code, "unknown key 'weight'" in result.stderr)


def test_a_reranker_that_is_not_set_is_named_before_anything_is_indexed(tmp_path: Path):
    result = invoke(write_beir(tmp_path / "set"), "--config", "rerank=yes")
    assert (2, True, False) == (
        result.exit_code,
        "set MEDCITE_RERANKER to" in result.stderr,
        (tmp_path / "cache" / "eval").exists(),
    )


def test_a_field_that_queries_lack_is_named_before_anything_is_indexed(tmp_path: Path):
    result = invoke(write_beir(tmp_path / "set"), "--field", "mail")
    assert (2, True, False) == (
        result.exit_code,
        "query 'q1' has no field 'mail'" in result.stderr,
        (tmp_path / "cache" / "eval").exists(),
    )
