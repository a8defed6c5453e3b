"""Questions whose vectors are remembered: each configuration asks the same ones."""

import numpy as np

from knowledge.embedding import QuestionEmbedder, Vectors


class RememberedQuestions:
    """A `QuestionEmbedder` that embeds each question once."""

    def __init__(self, embedder: QuestionEmbedder) -> None:
        self.fingerprint = embedder.fingerprint
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions, float32 of shape (len(texts), dimension)."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._embedder.embed_queries(missing), strict=True))
        return np.array([self._vectors[text] for text in texts], dtype=np.float32)

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed passages, float32 of shape (len(texts), dimension); these are not remembered."""
        return self._embedder.embed_passages(texts)
