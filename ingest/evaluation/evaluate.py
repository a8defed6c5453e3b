"""Evaluation of folders: index, ask, measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.evaluation import refqa
from ingest.evaluation.beir import BeirFolder, read_beir
from ingest.evaluation.configurations import Configuration
from ingest.evaluation.corpus_index import Corpus, open_index
from ingest.evaluation.errors import EvaluationFailed, LabelsBroken
from ingest.evaluation.measures import Values, measure_run
from ingest.evaluation.outcome import Outcome, compare
from ingest.evaluation.parts import Parts
from ingest.evaluation.refqa import ReferenceQuestion, read_refqa
from ingest.evaluation.runs import keep_judged, make_run, write_run
from ingest.evaluation.searcher import N_EVIDENCE, Searcher
from knowledge.retrieval import Retrieved
from knowledge.store import GenerationReader
from knowledge.sufficiency import ENOUGH

_COLUMNS = {"id": "_id", "title": "title", "text": "text"}


@dataclass(frozen=True, slots=True)
class Demands:
    """What is measured.

    `runs` is a folder for the runs, None to keep none; `judged_only` leaves documents out that nobody
    judged; `limit` is the number of queries, None for all; a document is right from `least_grade` on.
    """

    runs: Path | None = None
    judged_only: bool = False
    limit: int | None = None
    least_grade: int = 1


async def evaluate(
    folder: Path, configurations: Sequence[Configuration], parts: Parts, demands: Demands
) -> Outcome:
    """Measure configurations on a folder: one with a `qa.jsonl`, or a BEIR folder.

    Raises:
        IngestError: The labels are broken, the corpus could not be indexed, or there is no reranker
            where one is wanted, or it failed.
        KnowledgeError: The embedder or the store failed.
    """
    if parts.reranking is None and any(each.rerank for each in configurations):
        raise EvaluationFailed("rerank=yes wants a reranker; set MEDCITE_RERANKER to cross-encoder or engine")
    if (folder / refqa.FILE_NAME).is_file():
        return await _evaluate_refqa(folder, configurations, parts, demands)
    return await _evaluate_beir(read_beir(folder), configurations, parts, demands)


async def _evaluate_beir(
    folder: BeirFolder, configurations: Sequence[Configuration], parts: Parts, demands: Demands
) -> Outcome:
    query_ids = folder.answerable(demands.least_grade)[: demands.limit]
    if not query_ids:
        raise LabelsBroken(f"{folder.name}: no query has a document of grade {demands.least_grade} or above")
    asked = {c.name: {q: folder.question(q, c.field) for q in query_ids} for c in configurations}
    corpus = Corpus(folder.corpus, _COLUMNS)
    scores: dict[str, Mapping[str, Values]] = {}
    async with open_index(corpus, parts) as reader:
        notes = _notes(corpus, reader, folder, query_ids)
        for configuration in configurations:
            searcher = Searcher(reader, parts.questions, configuration, parts.reranking)
            run = await make_run(searcher, asked[configuration.name], corpus.label_of, parts.progress)
            if demands.judged_only:
                run = keep_judged(run, folder.qrels)
            if demands.runs:
                write_run(demands.runs, f"{folder.name}.{configuration.name}", run)
            scores[configuration.name] = measure_run(folder.qrels, run, query_ids, demands.least_grade)
    return Outcome(folder.name, compare(scores), notes)


def _notes(
    corpus: Corpus, reader: GenerationReader, folder: BeirFolder, query_ids: Sequence[str]
) -> list[str]:
    """Say what the index lacks.

    Raises:
        LabelsBroken: It has no document that was judged, so that the ids cannot belong together.
    """
    manifest = reader.manifest
    judged = {document_id for query_id in query_ids for document_id in folder.qrels[query_id]}
    n_missing = sum(corpus.indexed_as(document_id) not in manifest.documents for document_id in judged)
    if n_missing == len(judged):
        raise LabelsBroken(
            f"{folder.name}: no document that the qrels name is in {corpus.path}; their ids must be its _id"
        )
    notes = [f"{len(manifest.documents)} documents, {len(manifest.links)} of them linked to another"]
    if manifest.quarantine:
        notes.append(f"{len(manifest.quarantine)} documents could not be read and count as not found")
    if n_missing:
        notes.append(f"{n_missing} of {len(judged)} judged documents are not in the index")
    return notes


async def _evaluate_refqa(
    folder: Path, configurations: Sequence[Configuration], parts: Parts, demands: Demands
) -> Outcome:
    questions = read_refqa(folder)[: demands.limit]
    corpus = Corpus(folder / refqa.CORPUS_NAME)
    scores: dict[str, Mapping[str, Values]] = {}
    async with open_index(corpus, parts) as reader:
        for configuration in configurations:
            searcher = Searcher(reader, parts.questions, configuration, parts.reranking)
            asked = {each.question_id: each.question for each in questions}
            run = await make_run(searcher, asked, corpus.label_of, parts.progress)
            if demands.runs:
                write_run(demands.runs, f"{folder.name}.{configuration.name}", run)
            taken = refqa.score_documents(questions, run)
            if configuration.is_servable:
                taken |= refqa.score_evidence(questions, await _evidence(searcher, questions))
            scores[configuration.name] = taken
    notes = [f"evidence is {N_EVIDENCE} passages, and is enough from a sufficiency of {ENOUGH:g} on"]
    return Outcome(folder.name, compare(scores), notes)


async def _evidence(searcher: Searcher, questions: Sequence[ReferenceQuestion]) -> dict[str, Retrieved]:
    return {each.question_id: await searcher.evidence(each.question) for each in questions}
