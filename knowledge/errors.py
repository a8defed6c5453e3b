"""Errors of the knowledge package.

KnowledgeError
├── InvalidSettings        a MEDCITE_ variable is misspelled or has a wrong value
├── EmbeddingFailed        the embedding model could not be loaded or run
├── RerankFailed           the reranker could not be loaded, reached or run
├── GenerationMissing      nothing has been published yet, or the store holds no such generation
├── GenerationCorrupt      the store's files cannot be read
├── GenerationMismatch     the generation was built with another embedder
├── StoreLocked            another writer is at work (retryable)
└── StoreUnavailable       the Qdrant server cannot be reached or fails (retryable)
"""


class KnowledgeError(Exception):
    """Base of all errors raised by this package; the message names the value and the remedy."""

    retryable = False


class InvalidSettings(KnowledgeError):
    """A setting is unknown or has a value out of range."""


class EmbeddingFailed(KnowledgeError):
    """The embedding model could not be loaded or run."""


class RerankFailed(KnowledgeError):
    """The reranker could not be loaded, reached or run; a search goes on without it."""


class GenerationMissing(KnowledgeError):
    """The store holds no current generation, or not the one asked for."""


class GenerationCorrupt(KnowledgeError):
    """The files of a generation are missing or cannot be read."""


class GenerationMismatch(KnowledgeError):
    """The current generation was built with another embedder than the one in use."""


class StoreLocked(KnowledgeError):
    """Another process is building a generation in the same store."""

    retryable = True


class StoreUnavailable(KnowledgeError):
    """The Qdrant server cannot be reached, is overloaded or fails."""

    retryable = True
