from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.evaluation.errors import LabelsBroken
from ingest.evaluation.refqa import ReferenceQuestion, read_refqa, score_documents, score_evidence
from knowledge.passage import Passage, ScoredPassage
from knowledge.retrieval import Retrieved
from knowledge.understanding import understand
from tests.ingest.evaluation.factories import reference_question, write_lines
from tests.knowledge.factories import make_passage

BOTH = [{"doc": "old", "quote": "3 doses"}, {"doc": "new", "quote": "2 doses"}]


def read(tmp_path: Path, **changes: Any) -> ReferenceQuestion:
    write_lines(tmp_path / "qa.jsonl", [reference_question(**changes)])
    return read_refqa(tmp_path)[0]


def passage(document_id: str, text: str, ordinal: int = 0) -> Passage:
    made = make_passage(text, ordinal)
    return replace(made, imprint=replace(made.imprint, document_id=document_id))


def retrieved(sufficiency: float, *passages: Passage) -> Retrieved:
    hits = [ScoredPassage(each, 1.0, 1.0, None) for each in passages]
    return Retrieved(hits, hits, [], understand("?"), sufficiency)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("[long] alt: asthma-en", {"asthma-en"}),
        ("negation; alt: a-zh, b-en; table", {"a-zh", "b-en"}),
        ("alt: hepatitis-2019 (same advice in both)", {"hepatitis-2019"}),
        ("salt: none", set()),
    ],
)
def test_the_note_names_the_alternatives(tmp_path: Path, note: str, expected: set[str]):
    assert expected == read(tmp_path, note=note).alternatives


def test_a_question_counts_under_its_type_and_its_tags(tmp_path: Path):
    assert ["all", "single", "[brand]", "[long]"] == read(tmp_path, note="[long] [brand] dose").groups


@pytest.mark.parametrize(
    ("documents", "expected"),
    [(["x", "pressure"], 1), (["other"], 1), (["x"], 0), ([*"vwxyz", "pressure"], 0)],
)
def test_any_right_document_among_five_will_do(tmp_path: Path, documents: list[str], expected: float):
    assert expected == read(tmp_path, note="alt: other").recall(documents)


@pytest.mark.parametrize("kind", ["multi_doc", "superseded_conflict"])
@pytest.mark.parametrize(("documents", "expected"), [(["old", "new"], 1), (["new", "alt"], 0.5), ([], 0)])
def test_where_all_documents_are_wanted_their_share_counts(
    tmp_path: Path, kind: str, documents: list[str], expected: float
):
    assert expected == read(tmp_path, type=kind, gold=BOTH, note="alt: alt").recall(documents)


def test_a_quote_is_found_whatever_its_white_space_and_its_marks(tmp_path: Path):
    question = read(tmp_path, gold=[{"doc": "d", "quote": "| **2 doses** | Ａge 9 |"}])
    assert 1 == question.quoted([passage("d", "Table:\n2 doses | age  9\n")])


def test_a_quote_may_go_on_into_the_next_passage(tmp_path: Path):
    question = read(tmp_path, gold=[{"doc": "d", "quote": "one two"}])
    assert 1 == question.quoted([passage("d", "two", 1), passage("d", "one ", 0)])


def test_a_quote_in_another_document_is_not_found(tmp_path: Path):
    assert 0 == read(tmp_path).quoted([passage("fever", "140/90 mmHg or above")])


@pytest.mark.parametrize(("kind", "expected"), [("multi_doc", 0.5), ("single", 1)])
def test_one_quote_of_two_is_half_where_all_are_wanted(tmp_path: Path, kind: str, expected: float):
    assert expected == read(tmp_path, type=kind, gold=BOTH).quoted([passage("new", "now 2 doses")])


def test_recall_is_given_for_all_for_types_and_for_tags(tmp_path: Path):
    lines = [reference_question(id="a"), reference_question(id="b", type="multi_doc", note="[long]")]
    write_lines(tmp_path / "qa.jsonl", lines)
    scores = score_documents(read_refqa(tmp_path), {"a": ["pressure"], "b": []})
    assert {
        "Recall@5, all": [1, 0],
        "Recall@5, multi_doc": [0],
        "Recall@5, single": [1],
        "Recall@5, [long]": [0],
    } == {measure: values.tolist() for measure, values in scores.items()}


def test_sufficiency_is_measured_on_answerable_and_other_questions(tmp_path: Path):
    unanswerable = {"type": "unanswerable", "answerable": False, "gold": []}
    lines = [
        reference_question(id="a"),
        reference_question(id="b"),
        reference_question(id="c", **unanswerable),
        reference_question(id="d", **unanswerable),
    ]
    write_lines(tmp_path / "qa.jsonl", lines)
    evidence = {
        "a": retrieved(0.9, passage("pressure", "140/90 mmHg or above")),
        "b": retrieved(0.1),
        "c": retrieved(0.05),
        "d": retrieved(0.5),
    }
    scores = score_evidence(read_refqa(tmp_path), evidence)
    assert (0.75, [1, 0], [1, 0], [1, 0]) == (
        np.mean(scores["sufficiency, ROC-AUC"]),
        scores["answerable kept"].tolist(),
        scores["unanswerable refused"].tolist(),
        scores["quote in the evidence, all"].tolist(),
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": 1}, r"qa\.jsonl:1: want the fields id, question"),
        ({"gold": []}, r"qa\.jsonl:1 is answerable and has no gold"),
        ({"gold": [{"doc": "a"}]}, r"qa\.jsonl:1: want gold as"),
    ],
)
def test_a_line_of_another_form_is_named(tmp_path: Path, changes: dict[str, Any], fault: str):
    with pytest.raises(LabelsBroken, match=fault):
        read(tmp_path, **changes)


def test_a_file_without_a_question_is_broken(tmp_path: Path):
    write_lines(tmp_path / "qa.jsonl", [])
    with pytest.raises(LabelsBroken, match="holds no question"):
        read_refqa(tmp_path)
