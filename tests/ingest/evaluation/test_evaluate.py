from pathlib import Path

import pytest

from ingest.evaluation.configurations import parse_configuration
from ingest.evaluation.errors import EvaluationFailed, LabelsBroken
from ingest.evaluation.evaluate import Demands, evaluate
from ingest.evaluation.outcome import Outcome
from ingest.evaluation.parts import Parts
from tests.ingest.evaluation.factories import TEXTS, reference_question, write_beir, write_refqa

UNANSWERABLE = reference_question(
    id="r2", question="How much does a ticket cost?", type="unanswerable", answerable=False, gold=[]
)


async def measure(folder: Path, parts: Parts, *configurations: str, **demands: object) -> Outcome:
    chosen = [parse_configuration(text) for text in configurations or ("",)]
    return await evaluate(folder, chosen, parts, Demands(**demands))  # type: ignore[arg-type]


def means(outcome: Outcome, configuration: str = "as served") -> dict[str, float]:
    return {row.measure: row.estimate.mean for row in outcome.rows if row.configuration == configuration}


async def test_every_measure_of_a_beir_folder_is_given(tmp_path: Path, parts: Parts):
    outcome = await measure(write_beir(tmp_path / "set"), parts)
    assert dict.fromkeys(["nDCG@10", "Recall@10", "Recall@50", "Recall@100", "MRR@10"], 1.0) == means(outcome)


async def test_two_configurations_have_their_difference(tmp_path: Path, parts: Parts):
    outcome = await measure(write_beir(tmp_path / "set"), parts, "legs=dense", "legs=sparse")
    assert ["legs=dense", "legs=sparse", "difference"] == [row.configuration for row in outcome.rows[:3]]


async def test_a_copy_that_was_linked_counts_where_its_original_is_found(tmp_path: Path, parts: Parts):
    long = " ".join(f"{TEXTS['d/1']} Sentence {n} of the page on fever." for n in range(30))
    texts = {"d/0": long, "d/1": long, **{i: text for i, text in TEXTS.items() if i != "d/1"}}
    outcome = await measure(write_beir(tmp_path / "set", texts), parts, limit=1)
    assert (0.5, "4 documents, 1 of them linked to another") == (means(outcome)["MRR@10"], outcome.notes[0])


@pytest.mark.parametrize("judged_only", [True, False])
async def test_documents_that_nobody_judged_can_be_left_out(tmp_path: Path, parts: Parts, judged_only: bool):
    folder = write_beir(tmp_path / "set", qrels=[("q1", "d/3", 1)])
    mean = means(await measure(folder, parts, judged_only=judged_only))["MRR@10"]
    assert judged_only is (mean == 1)


async def test_a_run_is_written_for_each_configuration(tmp_path: Path, parts: Parts):
    await measure(write_beir(tmp_path / "set"), parts, "", "legs=rrf", runs=tmp_path / "runs")
    assert {"set.as_served.trec", "set.legs=rrf.trec"} == {
        path.name for path in (tmp_path / "runs").iterdir()
    }


async def test_only_the_first_queries_are_asked(tmp_path: Path, parts: Parts):
    assert 1 == (await measure(write_beir(tmp_path / "set"), parts, limit=1)).rows[0].n_queries


async def test_a_query_without_a_document_of_the_grade_is_not_asked(tmp_path: Path, parts: Parts):
    assert 1 == (await measure(write_beir(tmp_path / "set"), parts, least_grade=2)).rows[0].n_queries


async def test_labels_without_a_document_of_the_grade_are_refused(tmp_path: Path, parts: Parts):
    with pytest.raises(LabelsBroken, match="no query has a document of grade 3 or above"):
        await measure(write_beir(tmp_path / "set"), parts, least_grade=3)


async def test_labels_of_another_corpus_are_refused(tmp_path: Path, parts: Parts):
    folder = write_beir(tmp_path / "set", qrels=[("q1", "elsewhere", 1)])
    with pytest.raises(LabelsBroken, match="no document that the qrels name is in"):
        await measure(folder, parts)


async def test_judged_documents_that_the_corpus_lacks_are_told_of(tmp_path: Path, parts: Parts):
    folder = write_beir(tmp_path / "set", qrels=[("q1", "d/1", 1), ("q1", "elsewhere", 1)])
    assert "1 of 2 judged documents are not in the index" in (await measure(folder, parts)).notes


async def test_documents_that_could_not_be_read_are_told_of(tmp_path: Path, parts: Parts):
    outcome = await measure(write_beir(tmp_path / "set", {**TEXTS, "empty": ""}), parts)
    assert "1 documents could not be read and count as not found" in outcome.notes


async def test_without_a_reranker_nothing_is_reranked_nor_indexed(tmp_path: Path, parts: Parts):
    with pytest.raises(EvaluationFailed, match="set MEDCITE_RERANKER to"):
        await measure(write_beir(tmp_path / "set"), parts, "rerank=yes")
    assert not parts.cache.exists()


async def test_reference_questions_are_measured_by_documents_quotes_and_sufficiency(
    tmp_path: Path, parts: Parts
):
    outcome = await measure(write_refqa(tmp_path / "qa", reference_question(), UNANSWERABLE), parts)
    expected = {"Recall@5, all": 1, "quote in the evidence, single": 1, "sufficiency, ROC-AUC": 1}
    assert expected == {measure: mean for measure, mean in means(outcome).items() if measure in expected}


async def test_what_the_service_cannot_do_has_no_evidence(tmp_path: Path, parts: Parts):
    outcome = await measure(
        write_refqa(tmp_path / "qa", reference_question(), UNANSWERABLE), parts, "legs=rrf"
    )
    assert {"Recall@5, all", "Recall@5, single"} == means(outcome, "legs=rrf").keys()


async def test_reference_questions_have_runs_too(tmp_path: Path, parts: Parts):
    folder = write_refqa(tmp_path / "qa", reference_question())
    await measure(folder, parts, runs=tmp_path / "runs")
    assert "r1 Q0 pressure 1" in (tmp_path / "runs" / "qa.as_served.trec").read_text()


async def test_reference_questions_without_pages_are_refused(tmp_path: Path, parts: Parts):
    folder = write_refqa(tmp_path / "qa", reference_question())
    (folder / "corpus").rename(folder / "pages")
    with pytest.raises(EvaluationFailed, match="corpus does not exist"):
        await measure(folder, parts)
