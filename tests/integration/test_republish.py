"""Ingest while the service runs: the next generation is served without a restart."""

import subprocess
import time
from urllib.error import HTTPError

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
    assert "Zinc" == wait_for(f"{live_without_engine.url}/v1/documents/zinc-test")["title"]
    after = post(f"{live_without_engine.url}/v1/answers", {"question": "What is zinc?"})[1]["generation"]
    assert before != after


def wait_for(url: str) -> dict:
    """Fetch what is to be there within seconds; the new generation is opened beside the old one."""
    patience = time.monotonic() + 5
    while True:
        try:
            return get(url)
        except HTTPError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.2)


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
