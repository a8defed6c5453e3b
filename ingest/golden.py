"""Golden questions: what a generation must be able to find before it is published."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from ingest.errors import GoldenBroken
from knowledge.document import Language, guess_language

FILE_NAME = "golden.jsonl"


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question and the documents of which one must be found."""

    question: str
    document_ids: frozenset[str]
    language: Language


def load_golden(sources: Iterable[Path]) -> list[GoldenQuestion]:
    """Read `golden.jsonl` from each source folder that has one.

    A line is `{"question": "…", "documents": ["id", …]}`.

    Raises:
        GoldenBroken: A line is not of that form; the message names file and line.
    """
    questions: list[GoldenQuestion] = []
    for source in sources:
        path = source / FILE_NAME
        if not path.is_file():
            continue
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        for number, line in enumerate(raw.splitlines(), start=1):
            if line.strip():
                questions.append(_parse(line, f"{path}:{number}"))
    return questions


def _parse(line: bytes, place: str) -> GoldenQuestion:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise GoldenBroken(f"{place}: is not JSON ({error})") from error
    match fields:
        case {"question": str(question), "documents": [_, *_] as documents} if question.strip() and all(
            isinstance(document_id, str) for document_id in documents
        ):
            return GoldenQuestion(question, frozenset(documents), guess_language(question))
    raise GoldenBroken(f'{place}: want {{"question": "…", "documents": ["id", …]}}')
