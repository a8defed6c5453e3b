"""Answers of the small model measured, as `medcite-serve eval answers` does it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN

pytestmark = pytest.mark.integration

QUESTIONS = Path(__file__).with_name("answers.jsonl")


@pytest.fixture(scope="module")
def measured(engine_environment: dict[str, str]) -> dict:
    """Answer the questions with the model and without it; configuration to its measures."""
    command = [BIN / "medcite-serve", "eval", "answers", QUESTIONS, "--json"]
    for configuration in ("model: ", "extractive: answerer=extractive"):
        command += ["--config", configuration]
    done = subprocess.run(
        command,
        env=engine_environment,
        capture_output=True,
        check=False,
        timeout=500,
    )
    assert 0 == done.returncode, done.stderr.decode()[-2000:]
    return {each["name"]: each["measures"] for each in json.loads(done.stdout)["configurations"]}


CONFIGURATIONS = pytest.mark.parametrize("configuration", ["model", "extractive"])


@CONFIGURATIONS
@pytest.mark.parametrize(
    "measure", ["citation_validity", "quote_integrity", "citation_coverage", "numeric_fidelity"]
)
def test_what_is_promised_of_every_sentence_holds(measured: dict, configuration: str, measure: str):
    assert 1.0 == measured[configuration][measure]["value"]


@CONFIGURATIONS
def test_no_answer_has_what_it_must_not(measured: dict, configuration: str):
    assert 0 == measured[configuration]["must_not"]["value"]


@CONFIGURATIONS
def test_what_cannot_be_answered_is_refused(measured: dict, configuration: str):
    assert 1.0 == measured[configuration]["refusal_recall"]["value"]


def test_the_model_loses_no_key_fact_of_the_quotations(measured: dict):
    assert measured["extractive"]["key_facts"]["value"] <= measured["model"]["key_facts"]["value"]
