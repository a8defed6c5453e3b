"""Centring: the language taken out of a vector, so that meaning alone is compared.

Embeddings of several languages carry a strong direction for the language itself: in an index of
Chinese and English texts a question finds nothing in the other language (Recall@5 of 0.05 over the
cross-lingual development questions). With the mean of its language's passages taken from each
passage vector, and the mean of its language's questions from each question vector, it is 0.90, and
search within one language gains too. That common means hide differences between sentences is known
from Mu and Viswanath, "All-but-the-Top", 2018.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors

VERSION = "centring-1"


@dataclass(frozen=True)
class Centring:
    """The means that a generation's vectors are centred by: language to float32, in Base64.

    They are frozen in the manifest: while they stay, vectors that have not changed are copied. A
    language without a mean is left as it is. `n_passages` is how many passages there were when they
    were measured.
    """

    passages: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    n_passages: int = 0

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the passages; empty where nothing is centred."""
        return frozenset(self.passages)

    @classmethod
    def of(cls, passages: Mapping[str, Vectors], queries: Mapping[str, Vectors], n_passages: int = 0) -> Self:
        """Make it of means, each of shape (dimension,)."""
        return cls(_written(passages), _written(queries), n_passages)

    def passage_vectors(self, plain: Vectors, language: str) -> Vectors:
        """Centre passage vectors of one language, float32 of shape (n, dimension), L2-normalised."""
        return _centred(plain, self._passage_means.get(language))

    def query_vector(self, plain: Vectors, language: str) -> Vectors:
        """Centre a question's vector, float32 of shape (dimension,), L2-normalised."""
        return _centred(plain, self._query_means.get(language))

    def plain_vectors(self, centred: Vectors, language: str) -> Vectors:
        """Undo `passage_vectors`, to a few units of the last place.

        A plain vector v has length 1 and v = m + s·c with the mean m, the centred c and an unknown s
        above 0; |m + s·c| = 1 is a quadratic equation with one positive root, for |m| < 1.
        """
        mean = self._passage_means.get(language)
        if mean is None:
            return centred
        along = centred @ mean
        scale = np.sqrt(along**2 + 1 - mean @ mean) - along
        plain: Vectors = (mean + scale[..., None] * centred).astype(np.float32)
        return plain

    @cached_property
    def _passage_means(self) -> dict[str, NDArray[np.float64]]:
        return _arrays(self.passages)

    @cached_property
    def _query_means(self) -> dict[str, NDArray[np.float64]]:
        return _arrays(self.queries)


def _written(means: Mapping[str, Vectors]) -> dict[str, str]:
    return {language: b64encode(mean.astype("<f4").tobytes()).decode() for language, mean in means.items()}


def _arrays(means: Mapping[str, str]) -> dict[str, NDArray[np.float64]]:
    return {language: np.frombuffer(b64decode(mean), "<f4").astype(float) for language, mean in means.items()}


def _centred(plain: Vectors, mean: NDArray[np.float64] | None) -> Vectors:
    if mean is None:
        return plain
    moved = plain - mean
    length = np.linalg.norm(moved, axis=-1, keepdims=True)
    # A vector that is the mean itself says nothing but its language.
    centred: Vectors = np.divide(moved, length, out=np.zeros_like(moved), where=length > 0).astype(np.float32)
    return centred
