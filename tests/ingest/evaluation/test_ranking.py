from dataclasses import replace

from ingest.evaluation.ranking import fuse_ranks, list_copies, rank_documents
from knowledge.generation import DocumentRecord
from knowledge.passage import Passage, ScoredPassage
from tests.knowledge.factories import make_manifest, make_passage


def hit(document_id: str, ordinal: int = 0) -> ScoredPassage:
    passage: Passage = make_passage(f"{document_id} {ordinal}", ordinal)
    imprint = replace(passage.imprint, document_id=document_id)
    return ScoredPassage(
        replace(passage, imprint=imprint, passage_id=f"{document_id}/{ordinal}"), 0.5, 0.5, None
    )


def test_a_document_stands_where_its_best_passage_does():
    hits = [hit("a"), hit("b"), hit("a", 1), hit("c")]
    assert ["a", "b", "c"] == rank_documents(hits, {})


def test_copies_stand_right_behind_their_original():
    assert ["a", "a2", "a3", "b"] == rank_documents([hit("a"), hit("b")], {"a": ["a2", "a3"]})


def test_the_copies_of_a_generation_are_listed_by_their_original():
    record = DocumentRecord("s", "e", "h", "r", 1)
    documents = {"a": record, "a2": replace(record, n_passages=0, duplicate_of="a")}
    manifest = replace(make_manifest("g", [make_passage("x")]), documents=documents)
    assert {"a": ["a2"]} == list_copies(manifest)


def test_a_passage_of_both_legs_comes_before_better_ones_of_one():
    fused = fuse_ranks([hit("a"), hit("b")], [hit("c"), hit("b")])
    assert ["b", "a", "c"] == [each.passage.document_id for each in fused]


def test_a_passage_has_the_sum_of_its_reciprocal_ranks():
    assert [1 / 61 + 1 / 62] == [each.score for each in fuse_ranks([hit("a")], [hit("b"), hit("a")])][:1]
