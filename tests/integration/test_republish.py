"""Ingest while the service runs: the next generation is served without a restart."""

import subprocess

import pytest

from tests.live import BIN, STARTER, Live, get, post

pytestmark = pytest.mark.integration


def test_a_new_document_is_served_without_a_restart(live_without_engine: Live, tmp_path):
    (tmp_path / "zinc.md").write_text(
        "---\nid: zinc-test\ntitle: Zinc\nlanguage: en\n---\n\n# Zinc\n\nZinc is a trace element.\n"
    )
    before = post(f"{live_without_engine.url}/v1/answers", {"question": "What is zinc?"})[1]["generation"]
    subprocess.run(
        [BIN / "medcite-ingest", "run", tmp_path],
        env=live_without_engine.environment,
        check=True,
        timeout=120,
    )
    assert "Zinc" == get(f"{live_without_engine.url}/v1/documents/zinc-test")["title"]
    after = post(f"{live_without_engine.url}/v1/answers", {"question": "What is zinc?"})[1]["generation"]
    assert before != after


def test_a_second_ingest_of_the_same_files_does_nothing(index_environment):
    run = subprocess.run(
        [BIN / "medcite-ingest", "run", STARTER],
        env=index_environment,
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert "Nothing to do" in run.stdout
