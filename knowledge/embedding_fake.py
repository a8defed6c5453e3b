"""A stand-in for the embedder, for unit tests: no model, no torch."""

import zlib

import numpy as np

from knowledge.embedding import Vectors
from knowledge.terms import terms


class HashingEmbedder:
    """Embeds a text as the normalised sum of one pseudo-random vector for each of its terms.

    Texts that share terms are close, so search over it behaves like lexical search.
    """

    def __init__(self, dimension: int = 64, name: str = "hashing") -> None:
        self.fingerprint = f"{name}@{dimension}"
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """Most tokens of a text, as small models have it."""
        return 512

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed passages into float32 vectors of shape (n, dimension)."""
        vectors = np.array([self._embed(text) for text in texts], dtype=np.float32)
        return vectors.reshape(len(texts), self.dimension)

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions the same way as passages."""
        return self.embed_passages(texts)

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Count a token for every four characters of Latin text and every Han character."""
        return [sum(4 if char >= "\u3400" else 1 for char in text) // 4 for text in texts]

    def _embed(self, text: str) -> Vectors:
        total = np.zeros(self.dimension)
        for term in terms(text) or [text]:
            total += np.random.default_rng(zlib.crc32(term.encode())).normal(size=self.dimension)
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)
