"""Sparse term weights: our own tokenizer and the term-frequency part of BM25.

Qdrant's built-in tokenizers fail on Chinese medical text ("140/90" vanishes, a clause becomes one
token), so terms are made here and Qdrant adds the inverse document frequency (IDF modifier).
Term weights: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009.
"""

import re
import unicodedata
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

VERSION = "sparse-2"

_K1 = 1.2
_B = 0.75
# Frozen with VERSION: a mean taken from the corpus would change every weight at every ingest.
_MEAN_TERMS = 200

# As NFKC leaves them: the micro sign becomes the Greek letter mu.
_UNIT = r"(?:mmol|\u03bcmol|umol|mmhg|mcg|\u03bcg|ug|mg|kg|ng|pg|g|dl|ml|\u03bcl|l|iu|u|mm|cm|m|kcal|kj|h|d|min|s|°c|%)"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,]\d+)*(?:\s?/\s?\d+(?:\.\d+)*)?(?:\s?{_UNIT}(?:/{_UNIT})*(?![a-z]))?)"
    r"|(?P<word>[a-z\u0370-\u03ff][a-z0-9\u0370-\u03ff]*(?:[-'][a-z0-9\u0370-\u03ff]+)*)"
    r"|(?P<han>[\u3400-\u9fff]+)"
)
# Function words of English; medical words that happen to be short ("no", "not") are kept.
_STOP = frozenset(
    "a an and are as at be been but by can do does for from had has have he her him his how i if in is it its "
    "me my of on or our she should so that the their them there these they this to was we were what when which "
    "who why will with would you your".split()
)
_ENGLISH = snowballstemmer.stemmer("english")


@dataclass(frozen=True, slots=True)
class TermWeights:
    """A sparse vector: `indices` uint32 ascending, `values` float32, both of shape (n_terms,)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]


def terms(text: str) -> list[str]:
    """Cut a text into search terms, in order, with repeats.

    Han runs give single characters and pairs; English words are stemmed without function words;
    numbers keep their ratio and unit ("140/90", "2.5mg") and are also given bare; hyphenated names
    are given whole and in parts. Full-width and compatibility forms are folded (NFKC).
    """
    found: list[str] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text).lower()):
        kind, token = match.lastgroup, match.group()
        if kind == "han":
            found.extend(token)
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        elif kind == "number":
            found.extend(_number_terms(token))
        else:
            found.extend(_word_terms(token))
    return found


def weigh_passage(text: str) -> TermWeights:
    """Weigh the terms of a passage with the term-frequency part of BM25."""
    counts = Counter(terms(text))
    length_norm = 1 - _B + _B * sum(counts.values()) / _MEAN_TERMS
    return _sorted({t: n * (_K1 + 1) / (n + _K1 * length_norm) for t, n in counts.items()})


def weigh_query(text: str) -> TermWeights:
    """Weigh the terms of a query: each distinct term once, however often it is repeated."""
    return _sorted(dict.fromkeys(terms(text), 1.0))


def _number_terms(token: str) -> list[str]:
    whole = re.sub(r"\s", "", token)
    bare = re.match(r"[\d.,/]+", whole)
    return [whole] if bare is None or bare.group() == whole else [whole, bare.group()]


def _word_terms(token: str) -> list[str]:
    parts = re.split(r"[-']", token)
    stems = [_stem(part) for part in parts if part not in _STOP]
    return stems if len(parts) == 1 else [token, *stems]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return str(_ENGLISH.stemWord(word))


def _sorted(weights: dict[str, float]) -> TermWeights:
    # CRC-32 as term number: two of half a million terms share one with odds of 1 in 9,000 a term.
    by_index: dict[int, float] = {}
    for term, weight in weights.items():
        index = zlib.crc32(term.encode())
        by_index[index] = max(weight, by_index.get(index, 0.0))
    indices = sorted(by_index)
    return TermWeights(
        np.array(indices, dtype=np.uint32), np.array([by_index[i] for i in indices], dtype=np.float32)
    )
