import asyncio
import json

import pytest
import structlog
from typer.testing import CliRunner

from knowledge.embedding_fake import HashingEmbedder
from rag_service.cli import app
from rag_service.evaluation import command
from tests.rag_service.evaluation.factories import fields_of, write_questions
from tests.rag_service.factories import pressure, publish


@pytest.fixture(autouse=True)
def logs_as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def questions(tmp_path):
    refused = fields_of(id="q2", type="unanswerable", answerable=False, gold=[], key_facts=[])
    return write_questions(tmp_path / "qa.jsonl", fields_of(), refused)


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Set the service up with a small index, a stand-in for the embedder and no engine."""

    async def fill():
        await (await publish(tmp_path / "knowledge", pressure())).close()

    asyncio.run(fill())
    monkeypatch.setattr(command, "EmbeddingProcess", lambda *_: HashingEmbedder())
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / "knowledge"))
    monkeypatch.setenv("MEDCITE_LEAST_SUFFICIENCY", "0")
    monkeypatch.setenv("MEDCITE_ENGINE_URL", "http://127.0.0.1:1")


def invoke(*arguments):
    return CliRunner().invoke(app, ["eval", "answers", *map(str, arguments)])


def test_questions_are_answered_and_measured(questions, service):
    result = invoke(questions, "--json")
    facts = json.loads(result.stdout)["configurations"][0]
    assert (0, "as served", 1.0, 2.0) == (
        result.exit_code,
        facts["name"],
        facts["measures"]["citation_recall"]["value"],
        facts["measures"]["degraded"]["right"],
    )


def test_two_configurations_are_compared(questions, service):
    result = invoke(questions, "--config", "a:", "--config", "b: least_sufficiency=1")
    assert (0, "measure\ta\tb\tdifference") == (result.exit_code, result.stdout.splitlines()[0])


def test_without_a_terminal_progress_is_told_in_lines(questions, service):
    assert "as served: 2 of 2\n" in invoke(questions).stderr


def test_only_the_types_named_are_asked(questions, service):
    result = invoke(questions, "--json", "--type", "unanswerable")
    assert 1 == json.loads(result.stdout)["n_questions"]


def test_kept_answers_are_measured_without_an_index(questions, service, tmp_path, monkeypatch):
    invoke(questions, "--answers", tmp_path / "answers")
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / "nowhere"))
    result = invoke(questions, "--answers", tmp_path / "answers", "--score-only", "--limit", 1)
    assert (0, "answered\t1 of 1") == (
        result.exit_code,
        next(line for line in result.stdout.splitlines() if line.startswith("answered")),
    )


def test_the_kept_answers_of_one_configuration_can_be_named(questions, service, tmp_path):
    invoke(questions, "--answers", tmp_path, "--config", "a:", "--config", "b:")
    result = invoke(questions, "--answers", tmp_path, "--score-only", "--config", "b:")
    assert "measure\tb" == result.stdout.splitlines()[0]


@pytest.mark.parametrize("options", [["--score-only"], ["--score-only", "--answers", "x", "--anew"]])
def test_measuring_only_wants_a_folder_of_answers(questions, options):
    result = invoke(questions, *options)
    assert (2, True) == (result.exit_code, "--score-only wants" in result.stderr)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--config", "tokens=3"], "unknown key 'tokens'"),
        (["--type", "double"], "no question is of the type 'double'"),
        (["--answers", "nowhere", "--score-only"], "nowhere holds no file of answers"),
    ],
)
def test_what_cannot_be_measured_is_told_of(questions, options, told):
    result = invoke(questions, *options)
    assert (2, True) == (result.exit_code, f"Not measured: {told}" in result.stderr)


def test_a_missing_index_is_told_of(questions, service, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", str(tmp_path / "nowhere"))
    result = invoke(questions)
    assert (2, True) == (result.exit_code, "Not measured: no index has been published" in result.stderr)


def test_a_misspelled_setting_is_told_of(questions, monkeypatch):
    monkeypatch.setenv("MEDCITE_PROT", "1")
    assert "Not measured: unknown setting MEDCITE_PROT" in invoke(questions).stderr
