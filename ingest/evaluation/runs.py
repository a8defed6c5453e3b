"""Runs: the documents that a searcher found for each query, and their TREC files."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.evaluation.beir import Qrels
from ingest.evaluation.measures import Run
from ingest.evaluation.searcher import Searcher
from ingest.run import Progress

_TAG = "medcite"


async def make_run(
    searcher: Searcher,
    questions: Mapping[str, str],
    label_of: Callable[[str], str],
    progress: Progress,
) -> dict[str, list[str]]:
    """Ask questions, one after another.

    Args:
        searcher: What is measured.
        questions: Query id to the text that is asked.
        label_of: Gives the id that labels use for a document of the index.
        progress: Told how many have been asked.

    Returns:
        Query id to the ids of the documents found, best first.

    Raises:
        EvaluationFailed: The reranker failed.
        KnowledgeError: The embedder or the store failed.
    """
    run: dict[str, list[str]] = {}
    for query_id, question in questions.items():
        run[query_id] = [label_of(document_id) for document_id in await searcher.documents(question)]
        progress(f"search, {searcher.configuration.name}", len(run), len(questions))
    return run


def keep_judged(run: Run, qrels: Qrels) -> dict[str, list[str]]:
    """Leave out the documents that nobody judged, as Sakai, "Alternatives to Bpref", 2007, has it."""
    return {
        query_id: [document_id for document_id in found if document_id in qrels[query_id]]
        for query_id, found in run.items()
    }


def write_run(folder: Path, name: str, run: Run) -> Path:
    """Write a run for trec_eval, a line a document: query, Q0, document, rank, score, tag.

    The score falls by one with the rank, because trec_eval orders by score alone; blanks in ids
    become "_".
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^\w.=,-]+", "_", name) + ".trec")
    lines = [
        f"{_word(query_id)} Q0 {_word(document_id)} {rank} {len(found) - rank} {_TAG}\n"
        for query_id, found in run.items()
        for rank, document_id in enumerate(found, start=1)
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _word(text: str) -> str:
    return re.sub(r"\s", "_", text)
