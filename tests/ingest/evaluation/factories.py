"""Small makers of labelled folders and of what an evaluation works with."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ingest.evaluation.parts import Parts
from ingest.evaluation.remembered import RememberedQuestions
from knowledge.embedding_fake import HashingEmbedder
from knowledge.microbatch import QueryEmbedder

TEXTS = {
    "d/1": "Fever above 38.5 degrees is treated with acetaminophen or with ibuprofen.",
    "d/2": "Hypertension means a blood pressure of 140/90 mmHg or above at the clinic.",
    "d/3": "Gout attacks are treated with colchicine as early as possible.",
}
QUERIES = {"q1": "How is fever treated?", "q2": "What blood pressure is hypertension?"}
QRELS = [("q1", "d/1", 2), ("q2", "d/2", 1), ("q2", "d/3", 0)]


def write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write records as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_beir(
    folder: Path,
    texts: Mapping[str, str] = TEXTS,
    queries: Mapping[str, str] = QUERIES,
    qrels: Iterable[tuple[str, str, int]] = QRELS,
) -> Path:
    """Write a BEIR folder."""
    write_lines(folder / "corpus.jsonl", ({"_id": i, "title": "", "text": text} for i, text in texts.items()))
    write_lines(
        folder / "queries.jsonl",
        ({"_id": i, "text": text, "message": f"Hello, {text}"} for i, text in queries.items()),
    )
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, qrel)) for qrel in qrels)]
    (folder / "qrels.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def write_refqa(folder: Path, *questions: Mapping[str, Any]) -> Path:
    """Write a folder of two pages and questions over them."""
    write_lines(folder / "qa.jsonl", questions)
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in (("fever", TEXTS["d/1"]), ("pressure", TEXTS["d/2"])):
        (corpus / f"{name}.md").write_text(f"---\nid: {name}\ntitle: {name}\n---\n\n# {name}\n\n{text}\n")
    return folder


def reference_question(**changes: Any) -> dict[str, Any]:
    """Make a line of `qa.jsonl`; `changes` are fields of it."""
    gold = [{"doc": "pressure", "section": "pressure", "quote": "140/90 mmHg or above"}]
    return {
        "id": "r1",
        "question": QUERIES["q2"],
        "type": "single",
        "answerable": True,
        "gold": gold,
        "note": "",
        **changes,
    }


class CountingEmbedder(HashingEmbedder):
    """Counts the texts that it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.n_passages = 0
        self.n_questions = 0

    def embed_passages(self, texts: list[str]) -> Any:
        self.n_passages += len(texts)
        return super().embed_passages(texts)

    def embed_queries(self, texts: list[str]) -> Any:
        self.n_questions += len(texts)
        return super().embed_passages(texts)


def make_parts(root: Path, embedder: HashingEmbedder | None = None) -> Parts:
    """Make the parts of an evaluation with indexes below `root`; close `questions` after it."""
    embedder = embedder or HashingEmbedder()
    return Parts(
        embedder=embedder,
        questions=QueryEmbedder(RememberedQuestions(embedder)),
        cache=root / "eval",
        passage_tokens=64,
        progress=lambda stage, done, total: None,
    )
