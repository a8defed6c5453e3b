"""Passages as Qdrant payloads, both ways."""

from dataclasses import asdict, fields
from datetime import date
from typing import Any

from knowledge.document import Imprint
from knowledge.passage import Passage

_IMPRINT_FIELDS = tuple(field.name for field in fields(Imprint))
_DATES = ("published_on", "reviewed_on")


def to_payload(passage: Passage) -> dict[str, Any]:
    """Flatten a passage into a JSON-ready payload; the id is the point's own and left out."""
    payload = {
        "ordinal": passage.ordinal,
        "section_path": list(passage.section_path),
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "n_tokens": passage.n_tokens,
        "text": passage.text,
        "context": passage.context,
        "page_first": passage.page_first,
        "page_last": passage.page_last,
        **asdict(passage.imprint),
    }
    dated = passage.imprint.reviewed_on or passage.imprint.published_on
    payload["dated"] = dated.isoformat() if dated else None  # what a date filter compares
    for name in _DATES:
        value = payload[name]
        payload[name] = value.isoformat() if value else None
    return payload


def from_payload(point_id: str, payload: dict[str, Any]) -> Passage:
    """Rebuild the passage that `to_payload` flattened.

    Raises:
        KeyError: The payload lacks a field.
    """
    # Generations of earlier releases have fewer fields.
    imprint = {name: payload[name] for name in _IMPRINT_FIELDS if name in payload}
    for name in _DATES:
        imprint[name] = date.fromisoformat(imprint[name]) if imprint[name] else None
    return Passage(
        passage_id=point_id,
        ordinal=payload["ordinal"],
        section_path=tuple(payload["section_path"]),
        start=payload["start"],
        end=payload["end"],
        kind=payload["kind"],
        n_tokens=payload["n_tokens"],
        text=payload["text"],
        context=payload["context"],
        page_first=payload["page_first"],
        page_last=payload["page_last"],
        imprint=Imprint(**imprint),
    )
