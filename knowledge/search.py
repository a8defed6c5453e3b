"""Hybrid search: from a question in words to scored passages."""

from dataclasses import dataclass, field

from knowledge.microbatch import QueryEmbedder
from knowledge.passage import ScoredPassage
from knowledge.sparse import weigh_query
from knowledge.store import GenerationReader, HybridQuery, SearchFilter


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A question for the index: its text, how many passages are wanted, which are admitted."""

    text: str
    limit: int = 8
    only: SearchFilter = field(default_factory=SearchFilter)


async def search(
    reader: GenerationReader, embedder: QueryEmbedder, query: SearchQuery
) -> list[ScoredPassage]:
    """Find the passages that best match a question.

    Returns:
        At most `query.limit` passages, best first; empty when nothing shares a term or meaning.

    Raises:
        EmbeddingFailed: The question could not be embedded.
    """
    dense = await embedder.embed(query.text)
    return await reader.search(HybridQuery(dense, weigh_query(query.text), query.limit, query.only))
