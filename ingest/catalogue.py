"""The catalogue `sources.yaml`: all sources of an index in one file."""

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import ValidationError

from ingest.errors import IngestError
from ingest.sources.source import LIST_PREFIX, READER_PREFIX, Source
from ingest.sources.spec import Catalogue, SourceSpec
from ingest.sources.variable import expand_variables, unset_variables

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Place = tuple[str | int, ...]


class InvalidCatalogue(IngestError):
    """The catalogue cannot be used; the message names file, line and key of every fault."""


def load_catalogue(path: Path) -> list[Source]:
    """Read a catalogue.

    Relative paths are below the catalogue's folder, wherever the program was started.

    Raises:
        InvalidCatalogue: The file cannot be read, is not YAML, or has unknown keys, wrong values,
            repeated names, or options that do not fit their source; all faults are named.
    """
    lines, content = _parse(path)
    try:
        catalogue = Catalogue.model_validate(content)
    except ValidationError as error:
        faults = [(tuple(fault["loc"]), _explain(fault)) for fault in error.errors(include_url=False)]
        raise _invalid(path, lines, faults) from error
    if faults := [*_repeated(catalogue, lines), *_unfit(catalogue)]:
        raise _invalid(path, lines, faults)
    return [_source(spec, path.absolute().parent) for spec in catalogue.sources]


def catalogue_schema() -> bytes:
    """Write the JSON schema of a catalogue, for editors."""
    return orjson.dumps(Catalogue.model_json_schema(), option=orjson.OPT_INDENT_2) + b"\n"


def _parse(path: Path) -> tuple[dict[Place, int], Any]:
    """Read YAML, and with it the line of every key and list member, counted from 1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidCatalogue(f"{path} cannot be read: {error.strerror}; name a sources.yaml") from error
    except UnicodeDecodeError as error:
        raise InvalidCatalogue(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    lines: dict[Place, int] = {}
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        faults = list(_walk(loader, root, (), lines, frozenset())) if root else []
        if faults:
            raise _invalid(path, lines, faults)
        return lines, loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidCatalogue(f"{path}:{line}: is not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidCatalogue(f"{path}:{line}: is not YAML: {error.reason}") from error
    except RecursionError as error:
        raise InvalidCatalogue(f"{path}:1: is nested too deeply") from error


def _walk(
    loader: yaml.SafeLoader, node: yaml.Node, place: Place, lines: dict[Place, int], above: frozenset[int]
) -> Iterator[tuple[Place, str]]:
    """Note the line of everything in a node; give what YAML lets pass or tells without a line.

    That is a key that stands twice, a node that holds itself, a value such as 2026-02-30.
    """
    if id(node) in above:
        yield place, "refers to itself"
        return
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                yield inner, f"stands twice, first in line {lines[inner]}"
            lines[inner] = key.start_mark.line + 1
            yield from _walk(loader, value, inner, lines, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, member in enumerate(node.value):
            lines[*place, index] = member.start_mark.line + 1
            yield from _walk(loader, member, (*place, index), lines, above)
    else:
        try:
            loader.construct_object(node)
        except ValueError as error:
            yield place, f"{node.value!r} cannot be read: {error}; put it in quotes"


def _invalid(path: Path, lines: dict[Place, int], faults: list[tuple[Place, str]]) -> InvalidCatalogue:
    """Word faults with the line of the key, or of what should hold it."""
    worded = []
    for place, reason in faults:
        known = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in lines), ())
        worded.append(f"{path}:{lines.get(known, 1)}: {'.'.join(map(str, place)) or 'file'}: {reason}")
    return InvalidCatalogue("\n".join(worded))


def _explain(fault: Any) -> str:
    key = str(fault["loc"][-1]) if fault["loc"] else ""
    match fault["type"]:
        case "model_type":
            return "is no set of keys and values; begin the file with `sources:`, a source with `- name:`"
        case "extra_forbidden":
            known = Catalogue.model_fields if len(fault["loc"]) == 1 else SourceSpec.model_fields
            near = get_close_matches(key, known, n=1)
            return (
                f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known: {', '.join(known)}"
            )
        case "string_pattern_mismatch":
            return f"{fault['input']!r} is no time span; write 30m, 12h or 7d"
        case "string_type":
            return f"{fault['input']!r} is not text; put it in quotes"
        case _:
            return str(fault["msg"])


def _repeated(catalogue: Catalogue, lines: dict[Place, int]) -> Iterator[tuple[Place, str]]:
    first: dict[str, int] = {}
    for index, spec in enumerate(catalogue.sources):
        if spec.name in first:
            line = lines.get(("sources", first[spec.name], "name"), 1)
            yield (
                ("sources", index, "name"),
                f"{spec.name!r} is the name of the source in line {line} too; rename one",
            )
        first.setdefault(spec.name, index)


def _unfit(catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    """Find keys that do not fit the kind of their source, and variables that are not set."""
    for index, spec in enumerate(catalogue.sources):
        place: Place = ("sources", index)
        if (spec.location is None) == (spec.urls is None):
            yield place, "needs either location or urls"
            continue
        kind = Source(spec.location or "", spec.name, urls=tuple(spec.urls or ())).kind
        fitting = {
            "refresh": ("urls",),
            "delay_s": ("urls",),
            "options": ("objects", "reader"),
            "load": ("reader",),
        }
        for key in sorted(spec.model_fields_set & fitting.keys()):
            if kind not in fitting[key]:
                yield (
                    (*place, key),
                    f"does not fit {spec.location or 'urls'}; it is for {' and '.join(fitting[key])}",
                )
        for key in ("options", "load"):
            missing = unset_variables(getattr(spec, key))
            if missing:
                yield (*place, key), f"environment variable {', '.join(missing)} is not set"


def _source(spec: SourceSpec, folder: Path) -> Source:
    return Source(
        _absolute(spec.location or "", folder),
        spec.name,
        publisher=spec.publisher,
        license=spec.license,
        language=spec.language,
        trust=spec.trust,
        refresh=timedelta(**{_UNITS[spec.refresh[-1]]: int(spec.refresh[:-1])}),
        delay_s=spec.delay_s,
        include=tuple(spec.include),
        exclude=tuple(spec.exclude),
        columns={
            field: tuple(names) if isinstance(names, list) else names for field, names in spec.columns.items()
        },
        urls=tuple(spec.urls or ()),
        options=expand_variables(spec.options),
        load=expand_variables(spec.load),
    )


def _absolute(location: str, folder: Path) -> str:
    prefix = LIST_PREFIX if location.startswith(LIST_PREFIX) else ""
    path = location.removeprefix(prefix)
    if not path or "://" in path or path.startswith(READER_PREFIX):
        return location
    return f"{prefix}{folder / path}"
