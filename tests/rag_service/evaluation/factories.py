"""Small makers of questions and recorded answers."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag_service.evaluation.question import GoldQuote, Question
from rag_service.evaluation.recorded import (
    RecordedAnswer,
    RecordedCitation,
    RecordedNotice,
    RecordedRefusal,
    RecordedSentence,
    RecordedSource,
)

REFUSED = RecordedAnswer(text="No.", refusal=RecordedRefusal(reason="not_enough_evidence"))
FAILED = RecordedAnswer(failure="EngineFailed: status 500")


def gold(document_id: str = "doc", text: str = "High is 140.", section: str = "Basics") -> GoldQuote:
    return GoldQuote(document_id, section, text)


def question(*quotes: GoldQuote, **fields: Any) -> Question:
    """Make an answerable question, by default with one gold quote."""
    for name in ("key_facts", "must_not"):
        fields[name] = tuple(re.compile(each, re.I) for each in fields.get(name, ()))
    for name in ("tags", "alternatives"):
        fields[name] = frozenset(fields.get(name, ()))
    named = {"question_id": "q1", "text": "What is high?", "kind": "single", "answerable": True, **fields}
    return Question(gold=quotes or ((gold(),) if named["answerable"] else ()), **named)


def unanswerable(**fields: Any) -> Question:
    return question(kind="unanswerable", answerable=False, **fields)


def source(text: str, *, marker: int = 1, document_id: str = "doc", start: int = 0) -> RecordedSource:
    return RecordedSource(
        marker=marker,
        passage_id=f"p{marker}",
        document_id=document_id,
        title="Pressure of 2024",
        section_path=("Basics",),
        start=start,
        end=start + len(text),
        text=text,
    )


def cite(cited: RecordedSource, quote: str | None = None, **changed: Any) -> RecordedCitation:
    """Cite words of a source, by default all of it."""
    quote = cited.text if quote is None else quote
    start = cited.start + max(cited.text.find(quote), 0)
    fields = {"marker": cited.marker, "passage_id": cited.passage_id, "document_id": cited.document_id}
    fields |= {"quote": quote, "start": start, "end": start + len(quote), "exact": True, **changed}
    return RecordedCitation(**fields)


def sentence(text: str, *citations: RecordedCitation, verdict: str = "supported") -> RecordedSentence:
    return RecordedSentence(text=text, verdict=verdict, citations=citations)


def answer(
    *sentences: RecordedSentence, sources: Iterable[RecordedSource] = (), **fields: Any
) -> RecordedAnswer:
    text = " ".join(each.text for each in sentences)
    return RecordedAnswer(**{"text": text, "sentences": sentences, "sources": tuple(sources), **fields})


def citing(*cited: RecordedSource) -> RecordedAnswer:
    """Make an answer of one sentence that cites all of some sources."""
    return answer(sentence("It is. [1]", *(cite(each) for each in cited)), sources=cited)


def degraded() -> RecordedAnswer:
    return answer(sentence("It is."), notices=(RecordedNotice(kind="degraded"),))


def fields_of(**changed: Any) -> dict[str, Any]:
    """Give the fields of a line of questions."""
    quote = {"doc": "who/hypertension", "section": "测量", "quote": "诊室血压的标准是140/90 mmHg"}
    return {
        "id": "q1",
        "question": "诊室血压的标准是多少？",
        "type": "single",
        "answerable": True,
        "gold": [quote],
        "key_facts": ["140"],
        "must_not": [],
        "note": "",
        **changed,
    }


def write_questions(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines or (fields_of(),)), encoding="utf-8")
    return path
