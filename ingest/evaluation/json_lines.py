"""JSON Lines: a file with one object a line."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ingest.evaluation.errors import LabelsBroken


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a file, each with its place (`file:line`); empty lines are none.

    Raises:
        LabelsBroken: The file is missing, or a line is no JSON object; the message names the line.
    """
    try:
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise LabelsBroken(f"{path} cannot be read: {error.strerror or error}") from error
    for number, line in enumerate(raw.splitlines(), start=1):
        if line.strip():
            yield f"{path}:{number}", _parse(line, f"{path}:{number}")


def _parse(line: bytes, place: str) -> dict[str, Any]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LabelsBroken(f"{place} is not JSON ({error}); write one object a line") from error
    if not isinstance(fields, dict):
        raise LabelsBroken(f"{place} is a JSON {type(fields).__name__}; write one object a line")
    return fields
