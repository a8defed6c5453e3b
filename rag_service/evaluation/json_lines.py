"""JSON Lines: a file with one object a line."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from rag_service.evaluation.errors import EvaluationError


def read_json_lines(
    path: Path, fault: type[EvaluationError], *, torn_end: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a file, each with its place (`file:line`); empty lines are none.

    Args:
        path: The file.
        fault: The kind of error to raise.
        torn_end: Pass over a last line without its line feed, which a killed writer leaves.

    Raises:
        EvaluationError: The file is missing, or a line is no JSON object.
    """
    try:
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise fault(f"{path} cannot be read: {error.strerror or error}") from error
    lines = raw.split(b"\n")
    for number, line in enumerate(lines[:-1] if torn_end else lines, start=1):
        if line.strip():
            yield f"{path}:{number}", _parse(line, f"{path}:{number}", fault)


def _parse(line: bytes, place: str, fault: type[EvaluationError]) -> dict[str, Any]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise fault(f"{place} is not JSON ({error}); write one object a line") from error
    if not isinstance(fields, dict):
        raise fault(f"{place} is a JSON {type(fields).__name__}; write one object a line")
    return fields
