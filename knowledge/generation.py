"""A generation: one immutable, complete index, and the manifest that describes it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from knowledge.centring import Centring
from knowledge.errors import GenerationCorrupt
from knowledge.signature import Signature

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """What turned documents into passages and vectors; another recipe means building anew.

    `embedder` is the embedder's fingerprint, the others are version names.
    """

    loader: str
    chunker: str
    sparse: str
    embedder: str
    centring: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document in the manifest: where it came from, its content hash and its revision.

    `source` is what the user named, `entry` the name below it. `content_hash` is the sha256 of the
    entry's bytes, so that a plan need not load it.

    A document that nearly repeats another is a link: it has no passages, `duplicate_of` is the id of
    the other, which is never a link itself, and `similarity` (0 to 1) says how near it is.
    `supersedes` is the id of an older document that this one replaces.
    `signature` is what later documents are compared with, None in manifests of releases that had none.
    """

    source: str
    entry: str
    content_hash: str
    revision: str
    n_passages: int
    signature: Signature | None = None
    duplicate_of: str | None = None
    similarity: float = 0.0
    supersedes: str | None = None

    @property
    def place(self) -> str:
        """The place of the entry, for people."""
        return f"{self.source}/{self.entry}" if self.entry else self.source


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
    """One entry that could not become a document, and why."""

    source: str
    entry: str
    content_hash: str
    reason: str

    @property
    def place(self) -> str:
        """The place of the entry, for people."""
        return f"{self.source}/{self.entry}" if self.entry else self.source


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check of the gate: the figure measured beside the figure required."""

    name: str
    passed: bool
    measured: float
    required: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation holds and how it was made.

    `created_at` is ISO 8601 in UTC. `centring` is what its dense vectors are centred by.
    `superseded` names the documents that others replace, each with the one that replaces it. `gate` is empty until the gate has looked; `forced` says that
    a person published it against the gate.
    """

    generation: str
    parent: str | None
    created_at: str
    recipe: Recipe
    documents: dict[str, DocumentRecord]
    quarantine: tuple[QuarantineRecord, ...] = ()
    schema_version: int = SCHEMA_VERSION
    gate: tuple[CheckRecord, ...] = ()
    forced: bool = False
    centring: Centring = field(default_factory=Centring)
    superseded: dict[str, str] = field(default_factory=dict)

    @property
    def n_passages(self) -> int:
        """Count the passages of all documents."""
        return sum(record.n_passages for record in self.documents.values())

    @property
    def links(self) -> dict[str, DocumentRecord]:
        """The documents that repeat others, by id."""
        return {i: record for i, record in self.documents.items() if record.duplicate_of is not None}

    @property
    def is_rejected(self) -> bool:
        """True when the gate looked, a check failed, and nobody published it all the same."""
        return not self.forced and not all(check.passed for check in self.gate)

    @property
    def is_approved(self) -> bool:
        """True when the gate looked and all was well, or a person published it all the same."""
        return self.forced or (bool(self.gate) and not self.is_rejected)


def new_generation_id() -> str:
    """Make an id that sorts by time and never repeats."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def dump_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as indented JSON."""
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2)


def load_manifest(raw: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        GenerationCorrupt: The bytes are not a manifest of this schema version.
    """
    try:
        facts = orjson.loads(raw)
        if facts["schema_version"] != SCHEMA_VERSION:
            raise GenerationCorrupt(
                f"manifest has schema version {facts['schema_version']}, this release reads "
                f"{SCHEMA_VERSION}; run medcite-ingest again to build a new generation"
            )
        facts["recipe"] = Recipe(**facts["recipe"])
        facts["documents"] = {i: _load_record(record) for i, record in facts["documents"].items()}
        facts["centring"] = Centring(**facts.get("centring", {}))
        facts["gate"] = tuple(CheckRecord(**record) for record in facts["gate"])
        facts["quarantine"] = tuple(QuarantineRecord(**record) for record in facts["quarantine"])
        return Manifest(**facts)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise GenerationCorrupt(f"the manifest cannot be read ({error})") from error


def _load_record(facts: dict[str, Any]) -> DocumentRecord:
    signature = facts.pop("signature", None)
    return DocumentRecord(**facts, signature=signature and Signature(**signature))
