"""The plan: what is listed now against what the current generation holds. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from knowledge.generation import DocumentRecord, Manifest

Place = tuple[str, str]
"""The name of a source, and the name of an entry below it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the sources hold now: content hash by (source, entry name).

    `complete` names the sources that were listed to their end; nothing is removed from others.
    """

    hashes: Mapping[Place, str]
    complete: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ingest will do.

    `new`, `changed`, `retried` and `relinked` are (source, entry name); `removed` and `unchanged` are
    document ids. `retried` are quarantined entries that have not changed, and links to their documents:
    reason enough to try again when there is other work, none to begin. `relinked` are links whose
    original is removed or changed, so that a copy can take its place.
    """

    new: frozenset[Place]
    changed: frozenset[Place]
    retried: frozenset[Place]
    relinked: frozenset[Place]
    unchanged: frozenset[str]
    removed: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to do."""
        return not (self.new or self.changed or self.relinked or self.removed)

    @property
    def to_load(self) -> frozenset[Place]:
        """The entries to load, chunk and embed."""
        return self.new | self.changed | self.retried | self.relinked


def plan_ingest(listing: Listing, manifest: Manifest | None) -> Plan:
    """Compare a listing with a manifest; without one everything is new.

    A document of a source that was not listed, or not to its end, counts as unchanged: a source
    that cannot be reached tonight must not empty the index.
    """
    held = manifest.documents if manifest else {}
    known = {_place(record): record.content_hash for record in held.values()}
    failed = {(q.source, q.entry): q.content_hash for q in manifest.quarantine} if manifest else {}
    differing = {place for place, digest in listing.hashes.items() if known.get(place) != digest}
    retried = {place for place in differing if failed.get(place) == listing.hashes[place]}
    changed = {place for place in differing - retried if place in known}
    removed = {
        document_id
        for document_id, record in held.items()
        if record.source in listing.complete and _place(record) not in listing.hashes
    }
    links = {place: original for place, original in _links(held).items() if place in listing.hashes}
    standing = {i for i, record in held.items() if record.duplicate_of is None} - removed
    standing -= _documents_at(changed, held)
    relinked = {place for place, original in links.items() if original not in standing} - differing
    waiting = _documents_at(retried, held)
    retried |= {place for place, original in links.items() if original in waiting} - differing - relinked
    return Plan(
        new=frozenset(differing - retried - changed),
        changed=frozenset(changed),
        retried=frozenset(retried),
        relinked=frozenset(relinked),
        unchanged=frozenset(held) - removed - _documents_at(differing | retried | relinked, held),
        removed=frozenset(removed),
    )


def _place(record: DocumentRecord) -> Place:
    return record.source, record.entry


def _documents_at(places: Set[Place], held: Mapping[str, DocumentRecord]) -> set[str]:
    return {document_id for document_id, record in held.items() if _place(record) in places}


def _links(held: Mapping[str, DocumentRecord]) -> dict[Place, str]:
    return {
        _place(record): record.duplicate_of for record in held.values() if record.duplicate_of is not None
    }
