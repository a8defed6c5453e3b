"""A generation in the making: the way of its documents, top to bottom."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ingest.errors import UnreadableDocument
from ingest.holdings import Holdings, Origin
from ingest.report import IngestReport
from ingest.run import Run
from ingest.runner import Runner
from ingest.steps import SignedDocument, Uncut, Unread
from ingest.windows import Window, Windows
from knowledge.centring import Centring
from knowledge.document import Document
from knowledge.embedding import Vectors
from knowledge.passage import Passage
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages, GenerationReader, GenerationWriter

# Passages embedded in one go: enough that sorting by length leaves little padding, few enough that
# memory stays flat (a thousand passages and their vectors are about 5 MB).
_WINDOW = 1024


@dataclass(frozen=True, slots=True)
class Admitted:
    """A document that gets passages; `known` are vectors of its last revision by embedded text."""

    document_id: str
    known: dict[str, Vectors]


@dataclass(slots=True)
class Build:
    """Fills a generation: which passages wait for a window, which windows for their vectors.

    `base` is the generation it started from, None when it starts empty; `languages` are those of the
    passages written.
    """

    run: Run
    runner: Runner
    base: GenerationReader | None
    writer: GenerationWriter
    holdings: Holdings
    report: IngestReport
    windows: Windows = field(init=False)
    pending: list[Passage] = field(default_factory=list)
    languages: set[str] = field(default_factory=set)
    centring: Centring = field(init=False)

    def __post_init__(self) -> None:
        self.centring = self.base.manifest.centring if self.base else Centring()
        self.windows = Windows(self.run.cache)

    async def add(self, entries: Iterable[Unread]) -> None:
        """Take entries their way, in order, as far as their passages fill windows.

        What cannot become a document is quarantined. One that nearly repeats another is linked to it
        and gets no passages.

        Raises:
            KnowledgeError: The store or the embedder failed.
        """
        read = self.runner.read(_with_origins(entries), timed(self.report, "load and clean"))
        cut = self.runner.cut(self._admit(read), timed(self.report, "chunk"))
        await self._write(self._fill(cut))

    async def finish(self) -> None:
        """Write the passages that wait."""
        await self._write(self._rest())

    async def _admit(
        self, read: AsyncIterator[tuple[Origin, SignedDocument | UnreadableDocument]]
    ) -> AsyncIterator[tuple[Admitted, Uncut]]:
        """Quarantine, link or let in one document after another."""
        async for origin, signed in read:
            if isinstance(signed, UnreadableDocument):
                self.holdings.reject(origin, str(signed))
                continue
            clash = self.holdings.clash(origin, signed.document.imprint.document_id)
            if clash:
                self.holdings.reject(origin, clash)
                continue
            held = self.holdings.held_at(origin)
            link = self.holdings.enter(origin, signed)
            if held is not None:
                await self.writer.delete_documents([held])
            if link is None:
                with timed(self.report, "chunk"):
                    previous, known = await self._last_revision(signed.document, held)
                admitted = Admitted(signed.document.imprint.document_id, known)
                yield admitted, Uncut(signed.document, previous, self.run.passage_tokens)
            self._tell()

    async def _last_revision(
        self, document: Document, held: str | None
    ) -> tuple[list[Passage], dict[str, Vectors]]:
        """Find the passages of a document's last revision, and their vectors by embedded text.

        A renamed file is known by its document's id, a document with a new id by its file. A copy
        that takes the place of its original takes over what that one had.
        """
        held_by_base = self.base.manifest.documents if self.base else {}
        last = document.imprint.document_id if document.imprint.document_id in held_by_base else held
        if self.base is None or last is None:
            return [], {}
        last = held_by_base[last].duplicate_of or last
        passages = [passage async for passage in self.base.document_passages(last)]
        vectors = await self.base.dense_vectors([passage.passage_id for passage in passages])
        known = {
            p.embedded_text: self.centring.plain_vectors(vectors[p.passage_id], p.imprint.language)
            for p in passages
            if p.passage_id in vectors
        }
        return passages, known

    async def _fill(self, cut: AsyncIterator[tuple[Admitted, list[Passage]]]) -> AsyncIterator[Window]:
        """Gather passages document by document; a window is full after the document that fills it.

        What a last revision knew is remembered here and not when a document is let in: that may be
        any number of windows earlier.
        """
        async for admitted, passages in cut:
            self.holdings.count(admitted.document_id, len(passages))
            self.windows.remember(admitted.known)
            self.pending += passages
            if len(self.pending) >= _WINDOW:
                yield self._open()

    async def _rest(self) -> AsyncIterator[Window]:
        if self.pending:
            yield self._open()

    def _open(self) -> Window:
        window = self.windows.open(self.pending)
        self.pending = []
        self.report.passages_embedded += len(window.missing)
        self.report.passages_reused += len(window.passages) - len(window.missing)
        return window

    async def _write(self, windows: AsyncIterator[Window]) -> None:
        rows = ((window, list(window.missing)) async for window in windows)
        async for window, made in self.runner.embed(rows, timed(self.report, "embed")):
            with timed(self.report, "write"):
                dense = self._centred(window.passages, self.windows.close(window, made))
                weights = [weigh_passage(passage.embedded_text) for passage in window.passages]
                await self.writer.upsert(EmbeddedPassages(window.passages, dense, weights))

    def _centred(self, passages: list[Passage], plain: Vectors) -> Vectors:
        """Centre by the means of the base; those of a new generation are not known before its end."""
        dense = np.empty_like(plain)
        languages = [passage.imprint.language for passage in passages]
        for language in set(languages):
            rows = [row for row, each in enumerate(languages) if each == language]
            dense[rows] = self.centring.passage_vectors(plain[rows], language)
        self.languages |= set(languages)
        return dense

    def _tell(self) -> None:
        n_done = self.report.documents["new"] + self.report.documents["changed"]
        self.run.progress("documents", n_done, len(self.holdings.to_load))


async def _with_origins(entries: Iterable[Unread]) -> AsyncIterator[tuple[Origin, Unread]]:
    for unread in entries:
        yield (unread.entry.source, unread.entry.name, unread.entry.content_hash), unread


@contextmanager
def timed(report: IngestReport, stage: str) -> Iterator[None]:
    """Add the time of a block to a stage of the report, in seconds."""
    start = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[stage] = report.seconds.get(stage, 0.0) + time.perf_counter() - start
