"""Every ingest benchmark runs from end to end; what it measures on an input this small says nothing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.ingest import app
from benchmarks.ingest_edits import edit_paragraph
from scripts.bootstrap import ROOT

STARTER = str(ROOT / "knowledge" / "starter")
TINY = ["--documents", "3", "--embedder", "hashing"]

PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R
  /Resources <</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj
4 0 obj <</Length 64>> stream
BT /F 12 Tf 72 700 Td (Blood pressure is taken sitting.) Tj ET
endstream endobj
trailer <</Root 1 0 R>>
"""


def measure(*arguments: str) -> dict:
    """Run a command with --json and give what it printed."""
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert 0 == done.exit_code, done.output
    return json.loads(done.stdout)


def write_entities(folder: Path) -> str:
    """Write three attribute lists as JSON Lines."""
    path = folder / "entities.jsonl"
    lists = [
        {"name": name, "症状": ["头晕", "乏力"], "科室": ["内科"]} for name in ("高血压", "贫血", "哮喘")
    ]
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in lists), "utf-8")
    return str(path)


@pytest.mark.parametrize("command", ["embedder", "rerun"])
def test_a_comparison_of_speed_gives_a_ratio(command: str):
    facts = measure(command, STARTER, *TINY, "--rounds", "1")
    assert (3, True) == (facts["details"]["documents"], facts["claims"][0]["measured"] > 0)


@pytest.mark.parametrize("command", ["overhead", "peer"])
def test_llama_index_ingests_the_same_documents(command: str):
    pytest.importorskip("llama_index.vector_stores.qdrant", reason="the extra benchmarks is not installed")
    facts = measure(command, STARTER, *TINY, "--rounds", "1", "--peer-store", "memory")
    ours, theirs = (facts["details"][f"{name}tokens a passage"] for name in ("", "LlamaIndex "))
    assert (True, "LlamaIndex, Qdrant local mode, memory") == (
        0.7 < ours / theirs < 1.4,
        facts["claims"][0]["peer_name"],
    )


def test_an_edit_embeds_at_least_the_passages_whose_text_is_gone():
    claim = measure("edit", STARTER, "--documents", "1", "--embedder", "hashing")["claims"][0]
    assert 1 <= claim["peer"] <= claim["ours"]


def test_memory_is_measured_at_both_sizes(tmp_path: Path):
    facts = measure("memory", write_entities(tmp_path), "--small", "2", "--large", "4")
    assert "2 and 4" == facts["details"]["documents"]


def test_search_beside_an_ingest_sees_the_switch_and_no_wrong_read(tmp_path: Path):
    arguments = ["--documents", "20", "--embedder", "hashing", "--rounds", "1", "--idle-s", "0.2"]
    facts = measure("switch", write_entities(tmp_path), *arguments)
    assert (1, 0) == (facts["details"]["switches seen"], facts["claims"][1]["measured"])


def test_pages_of_a_pdf_are_counted(tmp_path: Path):
    (tmp_path / "pressure.pdf").write_bytes(PDF)
    facts = measure("pdf", str(tmp_path / "pressure.pdf"), "--rounds", "1")
    assert 1 == facts["details"]["pages"]


def test_an_edit_leaves_headings_tables_and_front_matter_alone():
    paragraph = "The dose is taken with food once a day, in the evening."
    around = (
        "---\nid: a\n---\n\n# A heading that is long enough to be taken for a paragraph\n\n{}\n\n| a | b |\n"
    )
    edited = edit_paragraph(around.format(paragraph))
    assert around.format("The dose is taken with food 修订 amended once a day, in the evening.") == edited


def test_a_text_without_a_paragraph_of_prose_is_not_edited():
    assert edit_paragraph("# Heading\n\n- a list item that is long enough to be a paragraph\n") is None
