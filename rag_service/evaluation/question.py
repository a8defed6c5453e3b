"""Questions with their answers: what a file of them holds, and which documents each one wants.

A line is {"id", "question", "type", "answerable", "gold": [{"doc", "section", "quote"}],
"key_facts", "must_not", "note"}. The note holds tags such as `[conflict]`, and `alt: id, id` names
other documents that answer as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rag_service.evaluation.errors import QuestionsBroken
from rag_service.evaluation.json_lines import read_json_lines

_TAG = re.compile(r"\[(\w+)\]")
_ALTERNATIVES = re.compile(r"\balt:\s*([\w.-]+(?:\s*,\s*[\w.-]+)*)")

Pattern = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """Words that answer a question, and where they stand."""

    document_id: str
    section: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question; one that is not answerable has no gold.

    `key_facts` are what a whole answer says, `must_not` what a wrong one does; `tags` and
    `alternatives` (ids of documents) come from the note.
    """

    question_id: str
    text: str
    kind: str
    answerable: bool
    gold: tuple[GoldQuote, ...] = ()
    key_facts: tuple[Pattern, ...] = ()
    must_not: tuple[Pattern, ...] = ()
    tags: frozenset[str] = frozenset()
    alternatives: frozenset[str] = frozenset()

    @property
    def wants_all(self) -> bool:
        """True when every wanted document must be cited, not any one of them."""
        return self.kind == "multi_doc" or "conflict" in self.tags

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The listed documents; where one replaces another, only the newer one.

        Versions of a page bear their year at the end of the id, so the newer one sorts last.
        """
        listed = self.listed
        return frozenset([max(listed)]) if listed and "superseded" in self.tags else listed

    @cached_property
    def listed(self) -> frozenset[str]:
        """The documents that a gold quote stands in."""
        return frozenset(quote.document_id for quote in self.gold)


def read_questions(path: Path) -> list[Question]:
    """Read a file of questions.

    Raises:
        QuestionsBroken: The file is missing or empty, a line has another form, an id stands twice,
            or a regular expression is malformed; the message names the place.
    """
    questions: dict[str, Question] = {}
    for place, fields in read_json_lines(path, QuestionsBroken):
        question = _parse(place, fields)
        if question.question_id in questions:
            raise QuestionsBroken(f"{place}: the id {question.question_id!r} stands twice; give each its own")
        questions[question.question_id] = question
    if not questions:
        raise QuestionsBroken(f"{path} holds no question; write one a line")
    return list(questions.values())


def _parse(place: str, fields: Mapping[str, Any]) -> Question:
    match fields:
        case {
            "id": str(question_id),
            "question": str(text),
            "type": str(kind),
            "answerable": bool(answerable),
            "gold": list(gold),
        } if text.strip():
            pass
        case _:
            raise QuestionsBroken(f"{place}: want the fields id, question, type, answerable and gold")
    if answerable and not gold:
        raise QuestionsBroken(f"{place} is answerable and has no gold; name the document and the quote")
    note = str(fields.get("note") or "")
    listed = _ALTERNATIVES.search(note)
    return Question(
        question_id=question_id,
        text=text,
        kind=kind,
        answerable=answerable,
        gold=tuple(_parse_quote(place, each) for each in gold),
        key_facts=_patterns(place, question_id, fields, "key_facts"),
        must_not=_patterns(place, question_id, fields, "must_not"),
        tags=frozenset(_TAG.findall(note)),
        alternatives=frozenset(re.split(r"\s*,\s*", listed[1]) if listed else ()),
    )


def _parse_quote(place: str, fields: Any) -> GoldQuote:
    match fields:
        case {"doc": str(document_id), "quote": str(text)} if text.strip():
            return GoldQuote(document_id, str(fields.get("section") or ""), text)
    raise QuestionsBroken(f'{place}: want gold as [{{"doc": "…", "section": "…", "quote": "…"}}]')


def _patterns(place: str, question_id: str, fields: Mapping[str, Any], name: str) -> tuple[Pattern, ...]:
    texts = fields.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise QuestionsBroken(f"{place}: want {name} as a list of regular expressions")
    patterns: list[Pattern] = []
    for text in texts:
        try:
            patterns.append(re.compile(text, re.IGNORECASE))
        except re.error as error:
            raise QuestionsBroken(
                f"{place}: question {question_id!r} has a malformed expression in {name}: {text!r} ({error})"
            ) from error
    return tuple(patterns)
