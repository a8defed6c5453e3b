"""A generation in the making: one document's way, top to bottom."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ingest.chunking import chunk_document
from ingest.cleaning import clean_document
from ingest.errors import UnreadableDocument
from ingest.instructions import find_instructions
from ingest.loaders import load_document
from ingest.plan import Plan
from ingest.report import IngestReport
from ingest.run import Run
from ingest.sources import Entry, Source, apply_defaults
from knowledge.document import Document
from knowledge.embedding import Vectors
from knowledge.generation import DocumentRecord, Manifest, QuarantineRecord
from knowledge.passage import Passage
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages, GenerationReader, GenerationWriter

# Passages embedded in one go: enough that sorting by length leaves little padding, few enough that
# memory stays flat (a thousand passages and their vectors are about 5 MB).
_WINDOW = 1024


@dataclass(slots=True)
class Build:
    """The generation in the making: which documents it holds and which passages wait for a batch.

    `base` is the generation it started from, None when it starts empty.
    """

    run: Run
    plan: Plan
    base: GenerationReader | None
    writer: GenerationWriter
    report: IngestReport
    records: dict[str, DocumentRecord] = field(init=False)
    quarantine: list[QuarantineRecord] = field(default_factory=list)
    pending: list[Passage] = field(default_factory=list)
    held_at: dict[tuple[str, str], str] = field(init=False)
    n_to_load: int = field(init=False)

    def __post_init__(self) -> None:
        self.n_to_load = len(self.plan.to_load)
        self.records = dict(self.base.manifest.documents) if self.base else {}
        self.held_at = {(record.source, record.entry): i for i, record in self.records.items()}

    async def remove(self) -> None:
        """Take out the documents that the sources no longer hold."""
        await self.writer.delete_documents(sorted(self.plan.removed))
        for document_id in self.plan.removed:
            del self.records[document_id]
        self.report.documents["removed"] = len(self.plan.removed)
        self.report.documents["unchanged"] = len(self.plan.unchanged)

    def is_as(self, base: Manifest) -> bool:
        """Tell whether nothing has come of it: the documents and the quarantine of the base."""
        touched = (self.report.documents[state] for state in ("new", "changed", "removed"))
        return not any(touched) and set(self.quarantine) == set(base.quarantine)

    async def add(self, source: Source, entry: Entry) -> None:
        """Load, clean and chunk one entry; its passages are embedded and written with the next batch."""
        place = (entry.source, entry.name)
        held = self.held_at.get(place)
        try:
            with timed(self.report, "load and clean"):
                document = self._load(source, entry)
        except UnreadableDocument as error:
            self.quarantine.append(QuarantineRecord(*place, entry.content_hash, str(error)))
            self.report.quarantined[entry.path] = str(error)
            return
        with timed(self.report, "chunk"):
            previous = await self._remember(document.imprint.document_id, held)
            budget = min(self.run.passage_tokens, self.run.embedder.max_tokens)
            passages = chunk_document(document, self.run.embedder.count_tokens, budget, previous)
        if held is not None:
            await self.writer.delete_documents([held])
            self.records.pop(held, None)
        self.records[document.imprint.document_id] = DocumentRecord(
            *place, entry.content_hash, document.revision, len(passages)
        )
        self.report.documents["new" if held is None else "changed"] += 1
        self.pending += passages
        if len(self.pending) >= _WINDOW:
            await self.write()
        n_done = self.report.documents["new"] + self.report.documents["changed"]
        self.run.progress("documents", n_done, self.n_to_load)

    async def write(self) -> None:
        """Embed and write the passages that wait."""
        if not self.pending:
            return
        with timed(self.report, "embed"):
            dense = self._embed([passage.embedded_text for passage in self.pending])
        with timed(self.report, "write"):
            weights = [weigh_passage(passage.embedded_text) for passage in self.pending]
            await self.writer.upsert(EmbeddedPassages(self.pending, dense, weights))
        self.pending = []

    def _load(self, source: Source, entry: Entry) -> Document:
        loaded = apply_defaults(load_document(entry), source, entry.url)
        # Before cleaning, which takes out the comments that an order may hide in.
        headings = (heading for section in loaded.sections for heading in section.path)
        phrase = find_instructions("\n".join((loaded.imprint.title, *headings, loaded.text)))
        if phrase is not None:
            raise UnreadableDocument(f"gives orders to a language model: {phrase!r}")
        document = clean_document(loaded)
        if not document.text.strip():
            raise UnreadableDocument("holds no text after cleaning")
        document_id = document.imprint.document_id
        owner = self.records.get(document_id)
        if owner is not None and (owner.source, owner.entry) != (entry.source, entry.name):
            raise UnreadableDocument(
                f"id {document_id!r} is already taken by {owner.source}/{owner.entry}; give one of them another id"
            )
        return document

    async def _remember(self, document_id: str, held: str | None) -> list[Passage]:
        """Keep the vectors of a document's last revision at hand; give back its passages.

        A renamed file is known by its document's id, a document with a new id by its file.
        """
        known_ids = self.base.manifest.documents if self.base else {}
        last = document_id if document_id in known_ids else held
        if self.base is None or last is None:
            return []
        passages = [passage async for passage in self.base.document_passages(last)]
        vectors = await self.base.dense_vectors([passage.passage_id for passage in passages])
        known = [passage for passage in passages if passage.passage_id in vectors]
        if known:
            stacked = np.stack([vectors[passage.passage_id] for passage in known])
            self.run.cache.store([passage.embedded_text for passage in known], stacked)
        return passages

    def _embed(self, texts: list[str]) -> Vectors:
        found = self.run.cache.lookup(texts)
        # A text that stands in several places, such as a warning, is embedded once.
        missing = list(dict.fromkeys(t for t, vector in zip(texts, found, strict=True) if vector is None))
        made = self.run.embedder.embed_passages(missing)
        self.run.cache.store(missing, made)
        self.report.passages_embedded += len(missing)
        self.report.passages_reused += len(texts) - len(missing)
        fresh = dict(zip(missing, made, strict=True))
        return np.stack(
            [fresh[t] if vector is None else vector for t, vector in zip(texts, found, strict=True)]
        )


@contextmanager
def timed(report: IngestReport, stage: str) -> Iterator[None]:
    """Add the time of a block to a stage of the report, in seconds."""
    start = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[stage] = report.seconds.get(stage, 0.0) + time.perf_counter() - start
