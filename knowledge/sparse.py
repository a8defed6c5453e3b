"""Sparse term weights: the term-frequency part of BM25; Qdrant adds the inverse document frequency.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009.
"""

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.document import guess_language
from knowledge.terms import terms

VERSION = "sparse-3"

_K1 = 2.0
_B = 0.75
# Mean terms of a passage of 256 tokens with its headings, in MedQuAD and in Chinese monographs: Han
# characters give two terms each. Frozen with VERSION, because a mean taken from the corpus would change
# every weight at every ingest. One mean of 200 for both cost LiveQA a sixth of its sparse nDCG@10.
_MEAN_TERMS = {"en": 80, "zh": 220}


@dataclass(frozen=True, slots=True)
class TermWeights:
    """A sparse vector: `indices` uint32 ascending, `values` float32, both of shape (n_terms,)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]


def weigh_passage(text: str) -> TermWeights:
    """Weigh the terms of a passage with the term-frequency part of BM25."""
    counts = Counter(map(_number, terms(text)))
    numbers = np.fromiter(counts.keys(), np.uint32, len(counts))
    n = np.fromiter(counts.values(), np.float64, len(counts))
    length_norm = 1 - _B + _B * n.sum() / _MEAN_TERMS[guess_language(text)]
    order = np.argsort(numbers)
    values = n * (_K1 + 1) / (n + _K1 * length_norm)
    return TermWeights(numbers[order], values[order].astype(np.float32))


def weigh_query(text: str) -> TermWeights:
    """Weigh the terms of a query: each distinct term once, however often it is repeated."""
    return weigh_terms(dict.fromkeys(terms(text), 1.0))


def weigh_terms(weights: Mapping[str, float]) -> TermWeights:
    """Give terms with weights, each above 0, the form of a sparse vector."""
    by_number: dict[int, float] = {}
    for term, weight in weights.items():
        number = _number(term)
        by_number[number] = max(weight, by_number.get(number, 0.0))
    numbers = sorted(by_number)
    return TermWeights(
        np.array(numbers, dtype=np.uint32), np.array([by_number[i] for i in numbers], dtype=np.float32)
    )


@lru_cache(maxsize=262_144)
def _number(term: str) -> int:
    """Number a term by CRC-32: two of half a million share one with odds of 1 in 9,000 a term."""
    return zlib.crc32(term.encode())
