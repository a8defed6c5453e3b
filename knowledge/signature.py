"""A signature: what a document is compared by when it is asked whether two say the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """What a document is compared by; about 220 bytes, so that a manifest can hold it.

    `text` is a digest of its words in order. `facts` is one of its title, its imprint as far as two
    revisions or translations differ in it, and its numbers, comparisons and negations in order.
    `minhash` holds the lowest byte of 128 MinHash values of its five-word shingles, as Base64;
    `n_shingles` is how many different ones there are.
    """

    text: str
    facts: str
    minhash: str
    n_shingles: int
