"""Hybrid search: from a question in words to scored passages."""

from dataclasses import dataclass, field, replace
from typing import Literal, Self

from knowledge.embedding import Vectors
from knowledge.fusion import DENSE_WEIGHT
from knowledge.generation import Manifest
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import Passage, ScoredPassage
from knowledge.store import GenerationReader, HybridQuery, SearchFilter
from knowledge.understanding import Understood, understand

WhyEmpty = Literal["", "no_words", "nothing_found"]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A question for the index: its text, how many passages are wanted, which are admitted.

    `dense_weight` is the dense leg's share of the fused score, 0 to 1.
    """

    text: str
    limit: int = 8
    only: SearchFilter = field(default_factory=SearchFilter)
    dense_weight: float = DENSE_WEIGHT

    def widened(self, times: int) -> Self:
        """The same for so many times as many passages."""
        return replace(self, limit=self.limit * times)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: passages, best first, and what the question was understood as.

    `why_empty` says why there are none: the question has no word, or nothing that may be found
    shares a term or meaning with it.
    """

    hits: list[ScoredPassage]
    understood: Understood
    why_empty: WhyEmpty = ""


async def search(reader: GenerationReader, embedder: QueryEmbedder, query: SearchQuery) -> Found:
    """Find the passages that best match a question.

    Returns:
        At most `query.limit` passages, best first.

    Raises:
        EmbeddingFailed: The question could not be embedded.
        KnowledgeError: The store failed.
    """
    understood = understand(query.text)
    if not understood.text:
        return Found([], understood, "no_words")
    plain = await embedder.embed(understood.text)
    found = await reader.search(hybrid_query(understood, plain, reader.manifest, query))
    hits = [replace(hit, passage=with_status(hit.passage, reader.manifest)) for hit in found]
    return Found(hits, understood, "" if hits else "nothing_found")


def with_status(passage: Passage, manifest: Manifest) -> Passage:
    """Mark a passage as superseded where another document of the generation replaces its own.

    The text itself does not know: it was written before.
    """
    if passage.imprint.status != "current" or passage.document_id not in manifest.superseded:
        return passage
    return replace(passage, imprint=replace(passage.imprint, status="superseded"))


def hybrid_query(
    understood: Understood, plain: Vectors, manifest: Manifest, query: SearchQuery
) -> HybridQuery:
    """Make the query for both legs; `plain` is the embedder's own vector, of shape (dimension,)."""
    language = understood.language
    centred = manifest.centring.query_vector(plain, language)
    return HybridQuery(
        centred, understood.weights, query.limit, query.only, language, dense_weight=query.dense_weight
    )
