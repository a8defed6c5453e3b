"""The contract every passage store keeps: generations are written beside the current one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from knowledge.document import Language
from knowledge.embedding import Vectors
from knowledge.fusion import DENSE_WEIGHT
from knowledge.generation import Manifest
from knowledge.passage import Passage, ScoredPassage
from knowledge.sparse import TermWeights

# Candidates of each leg. Their spread is what scores are normalised by, and a passage that only one leg
# returned counts 0 in the other: with 50, LiveQA's nDCG@10 was .02 lower.
N_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which passages may be found. An empty field admits all; dates are inclusive.

    The dates compare with the document's `reviewed_on`, or `published_on` where that is missing.
    """

    languages: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ()
    dated_from: date | None = None
    dated_to: date | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedPassages:
    """Passages and their vectors: `dense` is float32 of shape (len(passages), dimension)."""

    passages: Sequence[Passage]
    dense: Vectors
    sparse: Sequence[TermWeights]


@dataclass(frozen=True, slots=True)
class DensePage:
    """Dense vectors as they are stored, float32 of shape (n, dimension), and what they belong to."""

    passage_ids: Sequence[str]
    languages: Sequence[Language]
    dense: Vectors


@dataclass(frozen=True, slots=True)
class HybridQuery:
    """What both legs look for.

    `dense` is float32 of shape (dimension,), L2-normalised and centred as the generation is.
    `language` is the question's own: of passages in another the sparse leg can say nothing.
    `dense_weight` is the dense leg's share of the fused score, 0 to 1.
    """

    dense: Vectors
    sparse: TermWeights
    limit: int
    only: SearchFilter
    language: Language
    dense_weight: float = DENSE_WEIGHT


class GenerationReader(Protocol):
    """Reads one generation; stays valid while later ones are published."""

    manifest: Manifest

    async def search(self, query: HybridQuery) -> list[ScoredPassage]:
        """Search both legs in one engine call and fuse them; best first."""

    async def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """Fetch passages in the order of the ids; unknown ids are left out."""

    def document_passages(self, document_id: str) -> AsyncIterator[Passage]:
        """Yield the passages of a document in order of ordinal; none if it is unknown."""

    async def dense_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Fetch dense vectors, passage id to float32 of shape (dimension,)."""

    async def passage_counts(self) -> dict[str, int]:
        """Count the stored passages of each document, whatever the manifest says."""


class GenerationWriter(Protocol):
    """Fills a generation that nobody reads yet."""

    async def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Remove all passages of these documents."""

    async def upsert(self, embedded: EmbeddedPassages) -> None:
        """Write passages; writing the same passage twice changes nothing."""

    def dense_pages(self) -> AsyncIterator[DensePage]:
        """Yield the dense vectors of all passages, some hundreds at a time, in no certain order."""

    async def replace_dense(self, passage_ids: Sequence[str], dense: Vectors) -> None:
        """Replace dense vectors, float32 of shape (len(passage_ids), dimension)."""

    async def complete(self, manifest: Manifest) -> GenerationReader:
        """Build the indexes and make the generation durable and readable, not yet current."""


class PassageStore(Protocol):
    """Holds generations, one of them current."""

    async def current(self) -> GenerationReader | None:
        """Open the current generation, None when nothing has been published."""

    async def open(self, generation: str) -> GenerationReader:
        """Open a complete generation, current or not."""

    async def generations(self) -> list[Manifest]:
        """List the complete generations, oldest first, the current one among them."""

    def write(
        self, generation: str, parent: Manifest | None
    ) -> AbstractAsyncContextManager[GenerationWriter]:
        """Start a generation filled with `parent`'s passages; left incomplete, it is dropped."""

    async def record(self, manifest: Manifest) -> None:
        """Replace the manifest of a complete generation, to add what the gate found."""

    async def publish(self, generation: str) -> None:
        """Make a complete generation current in one atomic step; drop what is beyond retention."""

    async def close(self) -> None:
        """Give back what reading holds: files, memory, connections. The store cannot be used afterwards."""
