"""Windows: the passages that are embedded in one go.

Which texts of a window are embedded, and with which others, decides the last bits of their vectors:
models in bfloat16 pad a batch to its longest text. So windows are opened in the order of their
passages, and what an earlier one is still waiting for counts as known, whichever runner embeds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ingest.vector_cache import VectorCache
from knowledge.embedding import Vectors
from knowledge.passage import Passage


@dataclass(eq=False, slots=True)
class Awaited:
    """A vector in the making; float32 of shape (dimension,) when it is there."""

    vector: Vectors | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Passages, and for each its vector or the one that is awaited.

    `missing` are the texts that this window has to embed, each once: a text that stands in several
    places, such as a warning, is embedded once.
    """

    passages: list[Passage]
    vectors: list[Vectors | Awaited]
    missing: dict[str, Awaited]


class Windows:
    """The windows that are open, and the cache that their vectors are kept in."""

    def __init__(self, cache: VectorCache) -> None:
        self._cache = cache
        self._awaited: dict[str, Awaited] = {}

    def remember(self, known: Mapping[str, Vectors]) -> None:
        """Keep the vectors that texts had in an older revision, float32 of shape (dimension,)."""
        self._store(known)
        for text in known:
            self._awaited.pop(text, None)

    def open(self, passages: list[Passage]) -> Window:
        """Look for the vectors of passages; what is missing must be embedded, then the window closed."""
        texts = [passage.embedded_text for passage in passages]
        vectors: list[Vectors | Awaited] = []
        missing: dict[str, Awaited] = {}
        for text, found in zip(texts, self._cache.lookup(texts), strict=True):
            known = self._awaited.get(text, found)
            if known is None:
                known = self._awaited[text] = missing[text] = Awaited()
            vectors.append(known)
        return Window(passages, vectors, missing)

    def close(self, window: Window, made: Vectors) -> Vectors:
        """Take in the vectors of the missing texts; windows are closed in the order of opening.

        Returns:
            The vectors of all passages, float32 of shape (len(passages), dimension).
        """
        kept: dict[str, Vectors] = {}
        for (text, awaited), vector in zip(window.missing.items(), made, strict=True):
            awaited.vector = vector
            # Not so when an older vector of it was remembered meanwhile.
            if self._awaited.get(text) is awaited:
                del self._awaited[text]
                kept[text] = vector
        self._store(kept)
        return np.stack([_there(known) for known in window.vectors])

    def _store(self, known: Mapping[str, Vectors]) -> None:
        if known:
            self._cache.store(list(known), np.stack(list(known.values())))


def _there(known: Vectors | Awaited) -> Vectors:
    vector = known.vector if isinstance(known, Awaited) else known
    if vector is None:
        raise ValueError("the windows were not closed in the order of opening")
    return vector
