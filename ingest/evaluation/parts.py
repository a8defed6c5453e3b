"""The parts that an evaluation works with."""

from dataclasses import dataclass
from pathlib import Path

from ingest.run import Progress
from knowledge.embedding import Embedder
from knowledge.microbatch import QueryEmbedder
from knowledge.retrieval import Reranking


@dataclass(frozen=True, slots=True)
class Parts:
    """What an evaluation works with.

    `embedder` embeds passages, `questions` questions; `cache` is the folder that indexes are kept in;
    `passage_tokens` is the budget of a passage with its context; `progress` is told how far it is.
    """

    embedder: Embedder
    questions: QueryEmbedder
    cache: Path
    passage_tokens: int
    progress: Progress
    reranking: Reranking | None = None
