"""A runner: where the steps are done, in this process or on other machines."""

from collections.abc import AsyncIterator
from contextlib import ContextDecorator
from typing import Protocol, TypeVar

from ingest.errors import UnreadableDocument
from ingest.steps import (
    Result,
    Row,
    SignedDocument,
    Step,
    Uncut,
    Unread,
    cut_document,
    embed_texts,
    read_entry,
)
from knowledge.embedding import Embedder, Vectors
from knowledge.passage import Passage

Key = TypeVar("Key")

# Three methods, not two: what becomes of work that cannot be done differs from step to step.


class Runner(Protocol):
    """Does the steps of documents and windows, and gives the results in the order of the rows.

    A row comes with a key, which stays in this process. Rows are taken as they are needed, a bounded
    number ahead of the results. `clock` measures the time spent on results.
    """

    def read(
        self, unread: AsyncIterator[tuple[Key, Unread]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, SignedDocument | UnreadableDocument]]:
        """Read entries; one that cannot become a document gives the reason."""

    def cut(
        self, uncut: AsyncIterator[tuple[Key, Uncut]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, list[Passage]]]:
        """Cut documents into passages."""

    def embed(
        self, windows: AsyncIterator[tuple[Key, list[str]]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, Vectors]]:
        """Embed the texts of windows, those of one window in one go and alone."""


class LocalRunner:
    """Does everything in this process, one row after another."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def read(
        self, unread: AsyncIterator[tuple[Key, Unread]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, SignedDocument | UnreadableDocument]]:
        """Read entries; one that cannot become a document gives the reason."""
        return self._each(read_entry, unread, clock)

    def cut(
        self, uncut: AsyncIterator[tuple[Key, Uncut]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, list[Passage]]]:
        """Cut documents into passages."""
        return self._each(cut_document, uncut, clock)

    def embed(
        self, windows: AsyncIterator[tuple[Key, list[str]]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, Vectors]]:
        """Embed the texts of windows.

        Raises:
            EmbeddingFailed: The model failed.
        """
        return self._each(embed_texts, windows, clock)

    async def _each(
        self, step: Step[Row, Result], rows: AsyncIterator[tuple[Key, Row]], clock: ContextDecorator
    ) -> AsyncIterator[tuple[Key, Result]]:
        timed_step = clock(step)
        async for key, row in rows:
            yield key, timed_step(self._embedder, row)
