"""The commands that look at generations; one store serves all tests, for they only read."""

from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ingest.cli import app
from ingest.gate import GateLimits
from ingest.golden import GoldenQuestion
from tests.ingest.factories import PRESSURE, SUGAR, point_commands_to, publish, write_texts


class Built(NamedTuple):
    """Generations by what became of them."""

    first: str
    current: str
    rejected: str
    texts: Path


@pytest.fixture(scope="module")
def built(shared_path: Path) -> Built:
    """Publish two generations and have the gate reject a third."""
    titled = "---\ntitle: A [/b] title\n---\nText."
    copy = PRESSURE.replace("id: pressure", 'id: "[copy]"')
    texts = write_texts(shared_path / "[old]", pressure=PRESSURE, titled=titled, broken="", zcopy=copy)
    first = publish(shared_path, texts)
    write_texts(texts, sugar=SUGAR)
    second = publish(shared_path, texts)
    write_texts(texts, pressure=PRESSURE.replace("140", "130"))
    golden = (GoldenQuestion("血压？", frozenset({"unknown"}), "zh"),)
    third = publish(shared_path, texts, golden=golden, limits=GateLimits(1, 1))
    return Built(str(first.generation), str(second.generation), str(third.generation), texts)


@pytest.fixture(autouse=True)
def settings(built: Built, shared_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point_commands_to(shared_path, monkeypatch)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def read(*arguments: str) -> Any:
    """Invoke with --json and parse what it prints."""
    return orjson.loads(invoke(*arguments, "--json").stdout)


@pytest.mark.parametrize("command", [["status"], ["rollback"], ["quarantine", "list"]])
def test_before_any_ingest_a_command_says_how_to_begin(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    point_commands_to(tmp_path, monkeypatch)
    result = invoke(*command)
    assert (2, True) == (result.exit_code, "there is no index yet; run `medcite-ingest run" in result.stderr)


def test_before_any_ingest_there_are_no_generations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    point_commands_to(tmp_path, monkeypatch)
    assert [] == read("generations")


def test_the_status_is_that_of_the_current_generation(built: Built):
    facts = read("status")
    assert (built.current, built.first, 4, 1, 3, 1, False) == (
        facts["generation"],
        facts["parent"],
        facts["documents"],
        facts["linked"],
        facts["passages"],
        facts["quarantined"],
        facts["forced"],
    )


def test_the_status_tells_age_recipe_sources_and_gate(built: Built):
    facts = read("status")
    assert (True, 4, True, True) == (
        0 <= facts["age_h"] < 1,
        facts[f"documents of {built.texts}"],
        facts["recipe embedder"].startswith("model@"),
        all(check["passed"] for check in facts["gate"]),
    )


def test_the_status_is_a_table_with_the_checks(built: Built):
    shown = invoke("status").stdout
    assert [True, True] == [built.current in shown, "gate: passages lost" in shown]


def test_brackets_in_a_source_are_printed_as_they_are():
    assert "/[old]" in invoke("status").stdout


def test_generations_are_listed_by_id_with_the_current_one_marked(built: Built):
    listed = read("generations")
    assert (sorted(built[:3]), [built.current]) == (
        [each["generation"] for each in listed],
        [each["generation"] for each in listed if each["current"]],
    )


def test_generations_tell_what_the_gate_said(built: Built):
    listed = {each["generation"]: each["gate"] for each in read("generations")}
    assert {built.first: "passed", built.current: "passed", built.rejected: "failed"} == listed


def test_a_listed_generation_has_its_counts_and_its_time(built: Built):
    (listed,) = (each for each in read("generations") if each["generation"] == built.first)
    assert {
        "generation": built.first,
        "created_at": listed["created_at"],
        "documents": 3,
        "passages": 2,
        "gate": "passed",
        "current": False,
    } == listed


def test_generations_are_a_table_that_cuts_no_id(built: Built):
    shown = invoke("generations").stdout
    assert [True] * 3 == [generation in shown for generation in built[:3]]


def test_a_document_is_shown_passage_by_passage():
    (passage,) = read("inspect", "pressure")["passages"]
    assert ("高血压", 0, "prose", True) == (
        passage["context"],
        passage["ordinal"],
        passage["kind"],
        "140/90 mmHg" in passage["text"],
    )


def test_a_document_is_a_table_of_passages():
    assert "140/90" in invoke("inspect", "pressure").stdout


def test_brackets_in_a_title_are_printed_as_they_are():
    result = invoke("inspect", "titled")
    assert (0, True) == (result.exit_code, "A [/b] title (titled)" in result.stdout)


def test_a_document_that_repeats_another_says_which_and_how_similar_it_is():
    result = invoke("inspect", "[copy]")
    assert (0, True) == (result.exit_code, "zcopy.md) repeats pressure (similarity 1).\n" in result.stdout)


def test_a_document_that_repeats_another_says_so_in_json():
    facts = read("inspect", "[copy]")
    assert ("[copy]", "zcopy.md", "pressure", 1.0, {}, []) == (
        facts["document_id"],
        facts["entry"],
        facts["duplicate_of"],
        facts["similarity"],
        facts["repeated_by"],
        facts["passages"],
    )


def test_a_document_that_is_repeated_says_by_which():
    facts = read("inspect", "pressure")
    assert (None, {"[copy]": 1.0}) == (facts["duplicate_of"], facts["repeated_by"])


def test_a_document_that_is_repeated_names_its_copies_below_its_passages():
    assert "Repeated by [copy] (similarity 1).\n" in invoke("inspect", "pressure").stdout


def test_an_unknown_document_is_named():
    result = invoke("inspect", "nothing")
    assert (2, True) == (
        result.exit_code,
        "the current generation has no document 'nothing'" in result.stderr,
    )


def test_the_quarantine_is_listed_with_its_reasons(built: Built):
    (record,) = read("quarantine", "list")
    assert (str(built.texts), "broken.md", "is empty") == (
        record["source"],
        record["entry"],
        record["reason"],
    )


def test_the_quarantine_is_printed_line_by_line(built: Built):
    shown = invoke("quarantine", "list").stdout
    assert f"{built.texts}/broken.md: is empty\n1 quarantined.\n" == shown
