"""The pipeline: the way of one night's documents, top to bottom."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest import chunking, loaders
from ingest.chunking import chunk_document
from ingest.errors import SourceMissing, UnreadableDocument
from ingest.loaders import load_document
from ingest.plan import Listing, Plan, plan_ingest
from ingest.report import IngestReport
from ingest.sources import Entry, list_entries
from knowledge import sparse
from knowledge.document import Document
from knowledge.embedding import Embedder
from knowledge.errors import GenerationCorrupt
from knowledge.generation import DocumentRecord, Manifest, QuarantineRecord, Recipe, new_generation_id
from knowledge.passage import Passage
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages, GenerationReader, GenerationWriter, PassageStore

# Passages embedded in one go: enough that sorting by length leaves little padding, few enough that
# memory stays flat (a thousand passages and their vectors are about 5 MB).
_WINDOW = 1024

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as the run goes on; total is 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its sources, the store it fills, the embedder and the token budget of a passage."""

    sources: tuple[Path, ...]
    store: PassageStore
    embedder: Embedder
    passage_tokens: int
    progress: Progress

    @property
    def recipe(self) -> Recipe:
        """What this run makes of a document."""
        return Recipe(
            loader=loaders.VERSION,
            chunker=f"{chunking.VERSION}/{self.passage_tokens}",
            sparse=sparse.VERSION,
            embedder=self.embedder.fingerprint,
        )


async def ingest(run: Run) -> IngestReport:
    """Bring the index up to date with the sources.

    Builds the next generation beside the current one and publishes it in one step; whatever goes
    wrong before, the current one stays. One unreadable entry is quarantined and the rest goes on.

    Raises:
        KnowledgeError: The store or the embedder failed; nothing was published.
    """
    report = IngestReport()
    with _timed(report, "plan"):
        listing = _list(run, report)
        reader = await _current(run, report)
        parent = reader.manifest if reader else None
        # Another recipe makes other passages and vectors of every document: nothing can be kept.
        base = parent if parent and parent.recipe == run.recipe else None
        plan = plan_ingest(listing, base)
    if base and plan.is_empty:
        return _up_to_date(report, base, plan)
    if parent and not base and not _is_whole(listing, run):
        report.reason = "everything must be built anew, but not every source could be listed to its end"
        return report

    generation = new_generation_id()
    async with run.store.write(generation, base) as writer:
        build = _Build(run, plan, writer, report, dict(base.documents) if base else {})
        await build.remove()
        for entry in _wanted(run, plan):
            await build.add(entry)
        await build.write()
        if not build.records:
            report.reason = "no document could be read from the sources"
            return report
        manifest = Manifest(
            generation=generation,
            parent=parent.generation if parent else None,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            recipe=run.recipe,
            documents=build.records,
            quarantine=tuple(build.quarantine),
        )
        with _timed(report, "publish"):
            await writer.complete(manifest)
            await run.store.publish(generation)
    return _published(report, manifest)


@dataclass(slots=True)
class _Build:
    """The generation in the making: which documents it holds and which passages wait for a batch."""

    run: Run
    plan: Plan
    writer: GenerationWriter
    report: IngestReport
    records: dict[str, DocumentRecord]
    quarantine: list[QuarantineRecord] = field(default_factory=list)
    pending: list[Passage] = field(default_factory=list)
    held_at: dict[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        self.held_at = {(record.source, record.entry): i for i, record in self.records.items()}

    async def remove(self) -> None:
        """Take out the documents that the sources no longer hold."""
        await self.writer.delete_documents(sorted(self.plan.removed))
        for document_id in self.plan.removed:
            del self.records[document_id]
        self.report.documents["removed"] = len(self.plan.removed)
        self.report.documents["unchanged"] = len(self.plan.unchanged)

    async def add(self, entry: Entry) -> None:
        """Load and chunk one entry; its passages are embedded and written with the next batch."""
        place = (entry.source, entry.name)
        try:
            with _timed(self.report, "load and chunk"):
                document, passages = self._load(entry)
        except UnreadableDocument as error:
            self.quarantine.append(QuarantineRecord(*place, entry.content_hash, str(error)))
            self.report.quarantined[entry.path] = str(error)
            return
        held = self.held_at.get(place)
        if held is not None:
            # An archive may hold a name twice: its first document still waits to be written.
            self.pending = [passage for passage in self.pending if passage.document_id != held]
            await self.writer.delete_documents([held])
            del self.records[held]
        self.held_at[place] = document.imprint.document_id
        self.records[document.imprint.document_id] = DocumentRecord(
            *place, entry.content_hash, document.revision, len(passages)
        )
        self.report.documents["new" if held is None else "changed"] += 1
        self.pending += passages
        if len(self.pending) >= _WINDOW:
            await self.write()
        self.run.progress(
            "documents", sum(self.report.documents[k] for k in ("new", "changed")), len(self.plan.to_load)
        )

    async def write(self) -> None:
        """Embed and write the passages that wait."""
        if not self.pending:
            return
        with _timed(self.report, "embed"):
            dense = self.run.embedder.embed_passages([passage.embedded_text for passage in self.pending])
        with _timed(self.report, "write"):
            weights = [weigh_passage(passage.embedded_text) for passage in self.pending]
            await self.writer.upsert(EmbeddedPassages(self.pending, dense, weights))
        self.report.passages_embedded += len(self.pending)
        self.pending = []

    def _load(self, entry: Entry) -> tuple[Document, list[Passage]]:
        document = load_document(entry)
        document_id = document.imprint.document_id
        owner = self.records.get(document_id)
        if owner is not None and (owner.source, owner.entry) != (entry.source, entry.name):
            raise UnreadableDocument(
                f"id {document_id!r} is already taken by {owner.source}/{owner.entry}; give one of them another id"
            )
        budget = min(self.run.passage_tokens, self.run.embedder.max_tokens)
        return document, chunk_document(document, self.run.embedder.count_tokens, budget)


async def _current(run: Run, report: IngestReport) -> GenerationReader | None:
    """Open the current generation. A corrupt one counts as none: building anew is its remedy."""
    try:
        return await run.store.current()
    except GenerationCorrupt as error:
        report.quarantined["current generation"] = str(error)
        return None


def _list(run: Run, report: IngestReport) -> Listing:
    hashes: dict[tuple[str, str], str] = {}
    complete: set[str] = set()
    for source in run.sources:
        try:
            for entry in list_entries(source):
                hashes[entry.source, entry.name] = entry.content_hash
                run.progress("list", len(hashes), 0)
            complete.add(str(source.absolute()))
        except SourceMissing as error:
            report.quarantined[str(source)] = str(error)
    return Listing(hashes, frozenset(complete))


def _is_whole(listing: Listing, run: Run) -> bool:
    """Tell whether all sources were listed to their end: what was not would be missing."""
    return listing.complete.issuperset(str(source.absolute()) for source in run.sources)


def _wanted(run: Run, plan: Plan) -> Iterator[Entry]:
    """Read the sources again and give the entries that the plan names.

    A second reading costs less than keeping every file of an archive in memory.
    """
    for source in run.sources:
        with suppress(SourceMissing):  # the listing has reported it
            yield from (entry for entry in list_entries(source) if (entry.source, entry.name) in plan.to_load)


def _up_to_date(report: IngestReport, manifest: Manifest, plan: Plan) -> IngestReport:
    report.outcome = "unchanged"
    report.generation = manifest.generation
    report.documents["unchanged"] = len(manifest.documents)
    report.passages_total = manifest.n_passages
    for record in manifest.quarantine:
        if (record.source, record.entry) in plan.retried:
            report.quarantined[f"{record.source}/{record.entry}"] = record.reason
    return report


def _published(report: IngestReport, manifest: Manifest) -> IngestReport:
    report.outcome = "published"
    report.generation = manifest.generation
    report.passages_total = manifest.n_passages
    report.peak_memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return report


@contextmanager
def _timed(report: IngestReport, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[stage] = report.seconds.get(stage, 0.0) + time.perf_counter() - start
