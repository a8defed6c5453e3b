"""Real collections, where they are at hand."""

from pathlib import Path

import pytest

from ingest.sources import list_entries

_DATA = Path(__file__).parents[4] / "shared" / "data" / "reference"


@pytest.fixture
def reference() -> Path:
    """Give the folder of reference texts, which lies beside the checkout and not in it."""
    if not _DATA.is_dir():
        pytest.skip(f"the reference texts are not at {_DATA}")
    return _DATA


@pytest.mark.parametrize(
    ("n_documents", "name"),
    [
        (5497, "en/medquad.tar.xz"),
        (1023, "en/medlineplus_topics.jsonl"),
        (1, "en/medlineplus_official_xml/*.xml"),  # the other topic is Spanish, which is not served
        (40, "en/jats"),
        (129, "zh/tfda_drug_safety_communications.json"),
        (27403, "zh/pycmekg_entities.jsonl.xz"),
    ],
)
def test_every_document_of_a_collection_is_an_entry(reference: Path, n_documents: int, name: str):
    names = {entry.name for entry in list_entries(reference / name) if entry.raw}
    assert n_documents == len(names)
