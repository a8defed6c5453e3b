"""The plan: what is listed now against what the current generation holds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.generation import Manifest


@dataclass(frozen=True, slots=True)
class Listing:
    """What the sources hold now: content hash by (source, entry name).

    `complete` names the sources that were listed to their end; nothing is removed from others.
    """

    hashes: Mapping[tuple[str, str], str]
    complete: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ingest will do.

    `new`, `changed` and `retried` are (source, entry name); `removed` and `unchanged` are document
    ids. `retried` are quarantined entries that have not changed: reason enough to try again when
    there is other work, none to begin.
    """

    new: frozenset[tuple[str, str]]
    changed: frozenset[tuple[str, str]]
    retried: frozenset[tuple[str, str]]
    unchanged: frozenset[str]
    removed: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to do."""
        return not (self.new or self.changed or self.removed)

    @property
    def to_load(self) -> frozenset[tuple[str, str]]:
        """The entries to load, chunk and embed."""
        return self.new | self.changed | self.retried


def plan_ingest(listing: Listing, manifest: Manifest | None) -> Plan:
    """Compare a listing with a manifest; without one everything is new.

    A document of a source that was not listed, or not to its end, counts as unchanged: a source
    that cannot be reached tonight must not empty the index.
    """
    held = manifest.documents if manifest else {}
    known = {(record.source, record.entry): record.content_hash for record in held.values()}
    failed = {(q.source, q.entry): q.content_hash for q in manifest.quarantine} if manifest else {}
    differing = {place for place, digest in listing.hashes.items() if known.get(place) != digest}
    retried = frozenset(place for place in differing if failed.get(place) == listing.hashes[place])
    changed = frozenset(place for place in differing - retried if place in known)
    removed = frozenset(
        document_id
        for document_id, record in held.items()
        if record.source in listing.complete and (record.source, record.entry) not in listing.hashes
    )
    touched = {
        document_id for document_id, record in held.items() if (record.source, record.entry) in differing
    }
    return Plan(
        new=frozenset(differing - retried - changed),
        changed=changed,
        retried=retried,
        unchanged=frozenset(held) - removed - touched,
        removed=removed,
    )
