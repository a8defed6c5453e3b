import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import GenerationCorrupt
from knowledge.generation import (
    CheckRecord,
    DocumentRecord,
    Manifest,
    QuarantineRecord,
    Recipe,
    dump_manifest,
    load_manifest,
    new_generation_id,
)
from knowledge.signature import Signature
from tests.knowledge.factories import laws, make_manifest, make_passage

FIGURE = st.floats(0, 1)
COUNT = st.integers(0, 9999)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIGNATURES = st.builds(Signature, TEXT, TEXT, TEXT, COUNT)
RECORDS = st.builds(
    DocumentRecord, TEXT, TEXT, TEXT, TEXT, COUNT, st.none() | SIGNATURES, st.none() | TEXT, FIGURE
)
MANIFESTS = st.builds(
    Manifest,
    generation=TEXT,
    parent=st.none() | TEXT,
    created_at=TEXT,
    recipe=st.builds(Recipe, TEXT, TEXT, TEXT, TEXT),
    documents=st.dictionaries(TEXT, RECORDS, max_size=3),
    quarantine=st.lists(st.builds(QuarantineRecord, TEXT, TEXT, TEXT, TEXT), max_size=3).map(tuple),
    schema_version=st.just(1),
    gate=st.lists(st.builds(CheckRecord, TEXT, st.booleans(), FIGURE, FIGURE, TEXT), max_size=2).map(tuple),
    forced=st.booleans(),
)


@laws
@given(MANIFESTS)
def test_a_manifest_survives_the_way_through_json(manifest: Manifest):
    assert manifest == load_manifest(dump_manifest(manifest))


def test_a_manifest_from_before_there_were_signatures_is_read():
    manifest = make_manifest("g1", [make_passage()])
    facts = orjson.loads(dump_manifest(manifest))
    for record in facts["documents"].values():
        del record["signature"], record["duplicate_of"], record["similarity"]
    assert manifest == load_manifest(orjson.dumps(facts))


def test_the_documents_that_repeat_others_are_the_links():
    manifest = make_manifest("g1", [make_passage(document_id="a")])
    link = DocumentRecord("/texts", "b.md", "hash", "revision", 0, None, "a", 0.95)
    assert {"b": link} == replace(manifest, documents={**manifest.documents, "b": link}).links


@pytest.mark.parametrize(("expected", "entry"), [("/texts/a.md", "a.md"), ("/texts", "")])
def test_the_place_of_a_document_is_its_source_and_entry(expected: str, entry: str):
    assert expected == DocumentRecord("/texts", entry, "hash", "revision", 1).place


def test_a_manifest_counts_the_passages_of_all_documents():
    passages = [make_passage(ordinal=0), make_passage(ordinal=1), make_passage(document_id="gout-zh")]
    assert 3 == make_manifest("g1", passages).n_passages


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "recipe": [], "documents": {}, "quarantine": []}',
        b"\xff\xfe",
    ],
)
def test_bytes_that_are_no_manifest_are_corrupt(raw: bytes):
    with pytest.raises(GenerationCorrupt, match="cannot be read"):
        load_manifest(raw)


def test_a_manifest_with_an_unknown_field_is_corrupt():
    facts = orjson.loads(dump_manifest(make_manifest("g1", [])))
    with pytest.raises(GenerationCorrupt, match="surprise"):
        load_manifest(orjson.dumps({**facts, "surprise": 1}))


def test_a_manifest_of_another_schema_version_names_the_remedy():
    manifest = replace(make_manifest("g1", []), schema_version=99)
    with pytest.raises(GenerationCorrupt, match=r"schema version 99.*run medcite-ingest again"):
        load_manifest(dump_manifest(manifest))


def test_a_generation_id_is_its_time_in_utc_and_a_random_tail():
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", new_generation_id())


def test_generation_ids_do_not_repeat():
    assert 100 == len({new_generation_id() for _ in range(100)})


def test_a_later_generation_id_does_not_sort_before_an_earlier_second():
    first, second = new_generation_id(), new_generation_id()
    assert first[:16] <= second[:16]
