"""Holdings: the documents of a generation in the making, each with passages or linked to another."""

from collections.abc import Iterable
from dataclasses import replace

from ingest.near_duplicates import NearDuplicate, NearDuplicates
from ingest.plan import Place, Plan
from ingest.report import IngestReport, Link
from ingest.steps import SignedDocument
from knowledge.generation import DocumentRecord, Manifest, QuarantineRecord

Origin = tuple[str, str, str]
"""Source, name and content hash of an entry."""


class Holdings:
    """What a generation holds: the documents of its base, as far as nothing newer has been entered.

    A document is compared with those that were entered before it and with those of the base that stay
    as they are. What is to be read again is compared with nothing until that has been tried.
    """

    def __init__(self, base: Manifest | None, plan: Plan, report: IngestReport) -> None:
        self.records = dict(base.documents) if base else {}
        self.quarantine: list[QuarantineRecord] = []
        self._plan = plan
        self._report = report
        self._held_at = {(record.source, record.entry): i for i, record in self.records.items()}
        self._links = frozenset(base.links if base else ())
        self._seen = NearDuplicates()
        self._unread = {i: record for i, record in self.records.items() if i not in plan.removed}
        self._let_stand(i for i in self.records if i in plan.unchanged)
        for document_id in plan.removed:
            del self.records[document_id]
        report.documents["removed"] = len(plan.removed)
        report.documents["unchanged"] = len(plan.unchanged)

    @property
    def to_load(self) -> frozenset[Place]:
        """The entries to load."""
        return self._plan.to_load

    @property
    def copies(self) -> frozenset[Place]:
        """The entries to load whose last revision was a link.

        They come last, so that an original which is edited together with its copy stays the original.
        """
        return frozenset(place for place in self._plan.to_load if self._held_at.get(place) in self._links)

    def held_at(self, origin: Origin) -> str | None:
        """Name the document that an entry gave in the base."""
        return self._held_at.get(origin[:2])

    def reject(self, origin: Origin, reason: str) -> None:
        """Quarantine an entry; what it gave before stays."""
        record = QuarantineRecord(*origin, reason)
        self.quarantine.append(record)
        self._report.quarantined[record.place] = reason
        held = self.held_at(origin)
        if held is not None:
            self._let_stand([held])

    def clash(self, origin: Origin, document_id: str) -> str:
        """Say what is wrong with an id, empty when nothing is."""
        owner = self.records.get(document_id)
        if owner is None or (owner.source, owner.entry) == origin[:2]:
            return ""
        return f"id {document_id!r} is already taken by {owner.place}; give one of them another id"

    def enter(self, origin: Origin, signed: SignedDocument) -> NearDuplicate | None:
        """Take a document in, in place of what its entry gave before.

        Returns:
            The document that it nearly repeats and is linked to, None when it is to have passages.
        """
        document_id = signed.document.imprint.document_id
        held = self.held_at(origin)
        last = self.records.pop(held, None) if held is not None else None
        self._unread.pop(held or document_id, None)
        link = self._seen.find(signed.signature)
        imprint = signed.document.imprint
        record = DocumentRecord(
            *origin, signed.document.revision, 0, signed.signature, supersedes=imprint.supersedes
        )
        if link is None:
            self._seen.add(document_id, signed.signature)
        else:
            record = replace(record, duplicate_of=link.document_id, similarity=link.similarity)
            self._report.linked[document_id] = Link(link.document_id, link.similarity)
        self.records[document_id] = record
        self._report.documents["new" if held is None else "unchanged" if record == last else "changed"] += 1
        return link

    def count(self, document_id: str, n_passages: int) -> None:
        """Note how many passages a document has."""
        self.records[document_id] = replace(self.records[document_id], n_passages=n_passages)

    def keep_unread(self) -> None:
        """Let what was not read again stand as it is, for the copies that come last."""
        self._let_stand(list(self._unread))

    def drop_stranded(self) -> None:
        """Drop links that were not read again and whose original is gone: the text is nowhere in the index."""
        for document_id, record in list(self.records.items()):
            original = self.records.get(record.duplicate_of or document_id)
            if record.duplicate_of is None or (original is not None and original.duplicate_of is None):
                continue
            del self.records[document_id]
            self._report.documents["removed"] += 1
            self._report.documents["unchanged"] -= document_id in self._plan.unchanged
            reason = (
                f"repeated {record.duplicate_of!r}, which is gone, and was not read again: name its source"
            )
            self._report.quarantined.setdefault(record.place, reason)

    def are_as(self, base: Manifest) -> bool:
        """Tell whether nothing has come of it: the documents and the quarantine of the base."""
        touched = (self._report.documents[state] for state in ("new", "changed", "removed"))
        return not any(touched) and set(self.quarantine) == set(base.quarantine)

    def _let_stand(self, document_ids: Iterable[str]) -> None:
        """Have later documents compared with documents of the base, links left out."""
        for document_id in document_ids:
            record = self._unread.pop(document_id, None)
            if record is not None and record.signature is not None and record.duplicate_of is None:
                self._seen.add(document_id, record.signature)
