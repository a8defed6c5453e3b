"""A run: what it reads, what it fills and what it demands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest import steps
from ingest.gate import GateLimits
from ingest.golden import GoldenQuestion
from ingest.sources import Source
from ingest.vector_cache import VectorCache
from knowledge import centring, sparse
from knowledge.embedding import Embedder
from knowledge.generation import Recipe
from knowledge.store import PassageStore

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as the run goes on; total is 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    `passage_tokens` is the budget of a passage with its context; `golden` are the questions of the
    gate; `url_cache` is a folder for the bodies of web addresses, without which all are fetched
    each time; `force` publishes whatever the gate says; `retry` loads quarantined entries again
    even though nothing else is to be done.
    """

    sources: tuple[Source, ...]
    store: PassageStore
    embedder: Embedder
    cache: VectorCache
    passage_tokens: int
    golden: tuple[GoldenQuestion, ...]
    limits: GateLimits
    progress: Progress
    url_cache: Path | None = None
    force: bool = False
    retry: bool = False

    @property
    def recipe(self) -> Recipe:
        """What this run makes of a document."""
        return Recipe(
            loader=steps.READING,
            chunker=f"{steps.CUTTING}/{self.passage_tokens}",
            sparse=sparse.VERSION,
            embedder=self.embedder.fingerprint,
            centring=centring.VERSION,
        )
