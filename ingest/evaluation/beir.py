"""BEIR folders: a corpus, questions, and which documents answer them.

    corpus.jsonl, .jsonl.xz or .jsonl.gz     {"_id", "title", "text"}
    queries.jsonl                            {"_id", "text"}, other text fields such as "message" too
    qrels.tsv or qrels/test.tsv              heading row, then query id, document id, grade

The format is that of Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of
Information Retrieval Models", 2021.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.evaluation.errors import LabelsBroken
from ingest.evaluation.json_lines import read_json_lines

_CORPORA = ("corpus.jsonl", "corpus.jsonl.xz", "corpus.jsonl.gz")
_QRELS = ("qrels.tsv", "qrels/test.tsv")
_GRADE = re.compile(r"-?\d+")

Qrels = Mapping[str, Mapping[str, int]]
"""Query id to document id to grade; a document that is not named was not judged."""


@dataclass(frozen=True, slots=True)
class BeirFolder:
    """A labelled set: `corpus` is its file of documents, `queries` the text fields of each query by id."""

    name: str
    corpus: Path
    queries: Mapping[str, Mapping[str, str]]
    qrels: Qrels

    def answerable(self, least_grade: int) -> list[str]:
        """Name the queries that have a document of at least this grade, in the order of the file."""
        judged = {q for q, grades in self.qrels.items() if max(grades.values()) >= least_grade}
        return [query_id for query_id in self.queries if query_id in judged]

    def question(self, query_id: str, field: str) -> str:
        """Give a text field of a query.

        Raises:
            LabelsBroken: The query has no such field.
        """
        fields = self.queries[query_id]
        if field not in fields:
            raise LabelsBroken(
                f"{self.name}: query {query_id!r} has no field {field!r}; it has {', '.join(sorted(fields))}"
            )
        return fields[field]


def read_beir(folder: Path) -> BeirFolder:
    """Read a BEIR folder; the corpus itself is only looked for.

    Raises:
        LabelsBroken: A file is missing or a line has another form; the message names file and line.
    """
    corpus = _first(folder, _CORPORA)
    queries = _read_queries(folder / "queries.jsonl")
    path = _first(folder, _QRELS)
    qrels: dict[str, dict[str, int]] = {}
    for place, query_id, document_id, grade in _read_qrels(path):
        if query_id not in queries:
            raise LabelsBroken(
                f"{place} names query {query_id!r}, which queries.jsonl lacks; add the query or remove the line"
            )
        qrels.setdefault(query_id, {})[document_id] = grade
    if not qrels:
        raise LabelsBroken(f"{path} judges no document; write lines of query id, document id and grade")
    return BeirFolder(folder.name, corpus, queries, qrels)


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise LabelsBroken(f"{folder} holds none of {', '.join(names)}; a BEIR folder has one of them")
    return found


def _read_queries(path: Path) -> dict[str, dict[str, str]]:
    queries: dict[str, dict[str, str]] = {}
    for place, fields in read_json_lines(path):
        match fields:
            case {"_id": str(query_id), "text": str()} if query_id not in queries:
                queries[query_id] = {k: v for k, v in fields.items() if isinstance(v, str) and k != "_id"}
            case {"_id": str(query_id), "text": str()}:
                raise LabelsBroken(f"{place}: query {query_id!r} stands there twice; remove one of them")
            case _:
                raise LabelsBroken(f'{place}: want {{"_id": "…", "text": "…"}}, both of them strings')
    return queries


def _read_qrels(path: Path) -> Iterator[tuple[str, str, str, int]]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LabelsBroken(
            f"{path} is not UTF-8 ({error.reason} at byte {error.start}); convert it"
        ) from error
    if lines and _GRADE.fullmatch(lines[0].rpartition("\t")[2].strip()):
        raise LabelsBroken(f"{path}:1 is no heading; put query-id, corpus-id, score in front, tabs between")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 3 or not _GRADE.fullmatch(parts[2]):
            raise LabelsBroken(
                f"{path}:{number}: want query id, document id and a whole number, with tabs between"
            )
        yield f"{path}:{number}", parts[0], parts[1], int(parts[2])
