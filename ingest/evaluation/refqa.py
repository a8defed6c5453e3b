"""Reference questions: questions over a folder of pages, with the quotes that answer them.

A line of `qa.jsonl` is {"id", "question", "type", "answerable", "gold": [{"doc", "quote"}], "note"};
the pages lie in `corpus/`. The note holds tags such as `[long]`, and `alt: id, id` names other
documents that answer as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ingest.evaluation.errors import LabelsBroken
from ingest.evaluation.json_lines import read_json_lines
from ingest.evaluation.measures import Values, compare_pairs
from knowledge.passage import Passage
from knowledge.retrieval import Retrieved

FILE_NAME = "qa.jsonl"
CORPUS_NAME = "corpus"

_DEPTH = 5
# Here every listed document is wanted; elsewhere any of them, or an alternative, will do.
_WANTS_ALL = ("multi_doc", "superseded_conflict")
_TAG = re.compile(r"\[(\w+)\]")
_ALTERNATIVES = re.compile(r"\balt:\s*([\w.-]+(?:\s*,\s*[\w.-]+)*)")
# Marks of Markdown and white space: a page and the document made of it differ in them.
_MARKUP = re.compile(r"[\s|*`#]+")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that answer a question, and the document that they stand in."""

    document_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReferenceQuestion:
    """A question over the pages; one that is not answerable has no quotes."""

    question_id: str
    question: str
    kind: str
    answerable: bool
    quotes: tuple[Quote, ...]
    tags: frozenset[str]
    alternatives: frozenset[str]

    @property
    def groups(self) -> list[str]:
        """The type and the tags that it is counted under, all questions first."""
        return ["all", self.kind, *(f"[{tag}]" for tag in sorted(self.tags))]

    def recall(self, documents: Sequence[str]) -> float:
        """Give the share of the wanted documents among the first five: 0 or 1 where any will do."""
        found = frozenset(documents[:_DEPTH])
        listed = {quote.document_id for quote in self.quotes}
        if self.kind in _WANTS_ALL:
            return len(found & listed) / len(listed)
        return float(bool(found & (listed | self.alternatives)))

    def quoted(self, passages: Iterable[Passage]) -> float:
        """Give the share of the quotes that stand in the passages: 0 or 1 where any will do."""
        texts = _texts(passages)
        stands = [_bare(quote.text) in texts.get(quote.document_id, "") for quote in self.quotes]
        return sum(stands) / len(stands) if self.kind in _WANTS_ALL else float(any(stands))


def read_refqa(folder: Path) -> list[ReferenceQuestion]:
    """Read the questions of a folder.

    Raises:
        LabelsBroken: The file is missing, empty, or has a line of another form; the message names it.
    """
    path = folder / FILE_NAME
    questions = [_parse(place, fields) for place, fields in read_json_lines(path)]
    if not questions:
        raise LabelsBroken(f"{path} holds no question; write one a line")
    return questions


def score_documents(
    questions: Sequence[ReferenceQuestion], run: Mapping[str, Sequence[str]]
) -> dict[str, Values]:
    """Take Recall@5 of each answerable question, by group."""
    return _by_group(
        f"Recall@{_DEPTH}",
        questions,
        {q.question_id: q.recall(run[q.question_id]) for q in questions if q.answerable},
    )


def score_evidence(
    questions: Sequence[ReferenceQuestion], evidence: Mapping[str, Retrieved]
) -> dict[str, Values]:
    """Measure the evidence chosen for questions.

    Returns:
        By measure: whether the quote stands in it, by group; the ROC-AUC of its sufficiency,
        answerable questions against others; the shares of both that are rightly kept and refused.
    """
    quoted = {
        q.question_id: q.quoted(hit.passage for hit in evidence[q.question_id].chosen)
        for q in questions
        if q.answerable
    }
    kept, refused = (
        [evidence[q.question_id] for q in questions if q.answerable is is_so] for is_so in (True, False)
    )
    pairs = compare_pairs(_sufficiency(kept), _sufficiency(refused))
    return {
        **_by_group("quote in the evidence", questions, quoted),
        "sufficiency, ROC-AUC": pairs,
        "answerable kept": np.array([float(each.is_enough) for each in kept]),
        "unanswerable refused": np.array([float(not each.is_enough) for each in refused]),
    }


def _by_group(
    measure: str, questions: Sequence[ReferenceQuestion], values: Mapping[str, float]
) -> dict[str, Values]:
    groups: dict[str, list[float]] = {}
    for question in questions:
        for group in question.groups if question.question_id in values else ():
            groups.setdefault(group, []).append(values[question.question_id])
    return {f"{measure}, {group}": np.array(groups[group]) for group in sorted(groups, key=_order)}


def _order(group: str) -> tuple[bool, bool, str]:
    """Put all before the types, and those before the tags."""
    return group != "all", group.startswith("["), group


def _sufficiency(evidence: Sequence[Retrieved]) -> Values:
    return np.array([each.sufficiency for each in evidence], dtype=np.float64)


def _texts(passages: Iterable[Passage]) -> dict[str, str]:
    """Join the passages of each document, for a quote may go on into the next one."""
    texts: dict[str, str] = {}
    for passage in sorted(passages, key=lambda passage: passage.ordinal):
        texts[passage.document_id] = texts.get(passage.document_id, "") + _bare(passage.text)
    return texts


def _bare(text: str) -> str:
    return _MARKUP.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _parse(place: str, fields: Mapping[str, Any]) -> ReferenceQuestion:
    match fields:
        case {
            "id": str(question_id),
            "question": str(question),
            "type": str(kind),
            "answerable": bool(answerable),
            "gold": list(gold),
        }:
            note = str(fields.get("note") or "")
            quotes = tuple(_parse_quote(place, each) for each in gold)
            if answerable and not quotes:
                raise LabelsBroken(f"{place} is answerable and has no gold; name the document and the quote")
            listed = _ALTERNATIVES.search(note)
            alternatives = frozenset(re.split(r"\s*,\s*", listed[1]) if listed else ())
            return ReferenceQuestion(
                question_id, question, kind, answerable, quotes, frozenset(_TAG.findall(note)), alternatives
            )
    raise LabelsBroken(f"{place}: want the fields id, question, type, answerable and gold")


def _parse_quote(place: str, fields: Any) -> Quote:
    match fields:
        case {"doc": str(document_id), "quote": str(text)} if text.strip():
            return Quote(document_id, text)
    raise LabelsBroken(f'{place}: want gold as [{{"doc": "…", "quote": "…"}}]')
