"""Packing: which passages go before the model, in which order."""

from knowledge.passage import Passage, ScoredPassage

# The embedder's and the engine's tokenizers differ by up to this much on Chinese medical text;
# a packed prompt must never be longer than the engine takes.
_TOKENIZER_MARGIN = 1.5
# A passage's headings, number and line breaks.
_OVERHEAD_TOKENS = 40


def pack(hits: list[ScoredPassage], budget_tokens: int) -> list[Passage]:
    """Take passages in order of score while they fit the budget; none is cut.

    Returns:
        At least the best passage, so that a small budget degrades rather than silences.
    """
    packed: list[Passage] = []
    left = float(budget_tokens)
    for hit in hits:
        cost = hit.passage.n_tokens * _TOKENIZER_MARGIN + _OVERHEAD_TOKENS
        if packed and cost > left:
            continue
        packed.append(hit.passage)
        left -= cost
    return packed
