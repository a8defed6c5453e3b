"""What is known: documents, passages, embeddings, the Qdrant store, generations and search."""

from knowledge.document import Document, Imprint, Section
from knowledge.errors import KnowledgeError
from knowledge.passage import Passage, ScoredPassage

__all__ = ["Document", "Imprint", "KnowledgeError", "Passage", "ScoredPassage", "Section"]
