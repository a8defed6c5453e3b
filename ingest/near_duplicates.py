"""Near-duplicates: texts that say the same a second time, told by small signatures.

A mirror, a copy in a second folder or a page with another footer must be linked, not indexed twice.
Similarity alone cannot tell that: at 0.9 it links "type 5" to "type 8" of one disease, the dose table of
2019 to that of 2024, and pages of two diseases written by one template. So what a text says in numbers,
comparisons and negations must be equal to the letter, and the rest may only be longer, not other: a copy
with something added has the similarity that its length foretells, one with words replaced has less.
"""

import base64
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.document import Document
from knowledge.signature import Signature

if TYPE_CHECKING:
    from datasketch import MinHash

VERSION = "near-duplicates-1"

# A tenth more text is a footer or a banner; more than that may be something to read. On MedQuAD two texts
# with equal titles and facts are either copies (1.0) or say something of their own (0.15 at most).
THRESHOLD = 0.9
# A name in another's place changes the length by a word or two; nothing shorter than this is a footer.
_LEAST_ADDED_SHINGLES = 5
# Standard errors that the estimate may lie below what the lengths foretell; a copy lies lower one time in 160.
_TOLERANCE_ERRORS = 2.5

_N_PERMUTATIONS = 128
_SHINGLE_WORDS = 5
_BATCH_SHINGLES = 16_384  # 8 MB of permuted hashes at a time
# Named, because the library's default may change and kept signatures must stay comparable.
_SCHEME = "affine32"
_SEED = 1

# Numbers whole, Han characters one by one, words with their "n't", signs that compare or are units, and
# the ends of sentences.
_TOKEN = re.compile(
    r"\d+(?:[.,:/^-]\d+)*|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+(?:'[a-z]+)?|[<>≤≥=±~%‰°.;。!?]"
)
_ENDS = frozenset(".;。!?")
# Words that turn a statement round, beside all numbers: negations, comparisons, numbers in words.
_FACT_WORDS = frozenset(
    "no not non never without nor none neither cannot avoid except unless only contraindicated one two three four "
    "five six seven eight nine ten once twice half double triple daily weekly hourly more less fewer above below over "
    "under higher lower least most increase increased increases decrease decreased decreases < > ≤ ≥ = ± ~".split()
) | frozenset("一二三四五六七八九十百千万萬两兩半双雙零不无無未勿非没沒禁忌莫高低增减減升降")
_TOKENS_AFTER_NUMBER = 3  # "5 mg per day", "5 mg/kg/day": what the number counts


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """The document that another nearly repeats, and how similar their texts are (0 to 1)."""

    document_id: str
    similarity: float


@dataclass(slots=True)
class NearDuplicates:
    """The documents seen so far; holds a signature of each, never a text."""

    _by_text: dict[str, str] = field(default_factory=dict)
    _by_facts: dict[str, list[tuple[str, Signature]]] = field(default_factory=dict)

    def add(self, document_id: str, signature: Signature) -> None:
        """Take a document in, for others to be compared with."""
        self._by_text.setdefault(signature.text, document_id)
        self._by_facts.setdefault(signature.facts, []).append((document_id, signature))

    def find(self, signature: Signature) -> NearDuplicate | None:
        """Find the document that one nearly repeats.

        Returns:
            The one with the same words, else the most similar of those with the same facts, the
            earliest on a tie; None when none is similar enough.
        """
        same = self._by_text.get(signature.text)
        if same is not None:
            return NearDuplicate(same, 1.0)
        best: NearDuplicate | None = None
        for document_id, other in self._by_facts.get(signature.facts, ()):
            similarity = _similarity(signature, other)
            if similarity >= _least(signature, other) and (best is None or similarity > best.similarity):
                best = NearDuplicate(document_id, round(similarity, 3))
        return best


def sign(document: Document) -> Signature:
    """Sign a cleaned document; the same on every machine and in every run."""
    imprint = document.imprint
    tokens = _tokens(document.text)
    words = [token for token in tokens if token not in _ENDS]
    # Equal words in another language, status or place of a revision chain are another text.
    kind = (imprint.language, imprint.status, imprint.supersedes or "")
    dates = (str(imprint.published_on), str(imprint.reviewed_on))
    shingles = _shingle_hashes(words)
    return Signature(
        text=_digest(*kind, *words),
        facts=_digest(*kind, *dates, *_tokens(imprint.title), "", *_facts(tokens)),
        minhash=base64.b64encode(_minhash(shingles)).decode(),
        n_shingles=len(shingles),
    )


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower().replace("’", "'"))


def _facts(tokens: list[str]) -> Iterator[str]:
    for place, token in enumerate(tokens):
        if token[0].isdecimal():
            after = tokens[place + 1 : place + 1 + _TOKENS_AFTER_NUMBER]
            yield " ".join((token, *takewhile(lambda word: word not in _ENDS, after)))
        elif token in _FACT_WORDS or token.endswith("n't"):
            yield token


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def _shingle_hashes(words: list[str]) -> NDArray[np.uint32]:
    """Hash each run of five words, without repeats; a shorter text is one shingle."""
    codes = {word: zlib.crc32(word.encode()) for word in set(words)}
    hashes = np.fromiter((codes[word] for word in words), dtype=np.uint32, count=len(words))
    n = max(1, len(words) - _SHINGLE_WORDS + 1)
    rolled = np.zeros(n, dtype=np.uint32)
    for i in range(min(_SHINGLE_WORDS, len(words))):
        # The golden-ratio multiplier of Knuth 6.4; arithmetic wraps at 2**32.
        rolled = rolled * np.uint32(0x9E3779B1) + hashes[i : i + n]
    return np.unique(rolled)


def _minhash(shingles: NDArray[np.uint32]) -> bytes:
    """Take the lowest byte of each minimum (b-bit minwise hashing, Li and König 2010)."""
    from datasketch import MinHash  # half a second, with scipy; only where a document is signed

    drawn = _prototype().permutations  # to draw them anew takes half the time of a short document
    minhash = MinHash(num_perm=_N_PERMUTATIONS, seed=_SEED, scheme=_SCHEME, hashfunc=int, permutations=drawn)
    for start in range(0, len(shingles), _BATCH_SHINGLES):
        minhash.update_batch(shingles[start : start + _BATCH_SHINGLES].tolist())
    return np.asarray(minhash.hashvalues & 0xFF, dtype=np.uint8).tobytes()


@cache
def _prototype() -> "MinHash":
    from datasketch import MinHash

    return MinHash(num_perm=_N_PERMUTATIONS, seed=_SEED, scheme=_SCHEME, hashfunc=int)


def _similarity(one: Signature, other: Signature) -> float:
    """Estimate the Jaccard similarity of the shingles; one byte in 256 agrees by chance."""
    pairs = zip(base64.b64decode(one.minhash), base64.b64decode(other.minhash), strict=True)
    agreeing = sum(a == b for a, b in pairs) / _N_PERMUTATIONS
    return max(0.0, (agreeing - 1 / 256) / (1 - 1 / 256))


def _least(one: Signature, other: Signature) -> float:
    """Say how similar two texts are at least when one is the other with something added."""
    fewer, more = sorted((one.n_shingles, other.n_shingles))
    if more - fewer < _LEAST_ADDED_SHINGLES:
        return inf
    forecast = fewer / more
    error = sqrt(forecast * (1 - forecast) / _N_PERMUTATIONS)
    return max(THRESHOLD, forecast - _TOLERANCE_ERRORS * error)
