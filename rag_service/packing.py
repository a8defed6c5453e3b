"""Packing: which passages go before the model, in which order, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from knowledge.evidence import LeftOut
from knowledge.passage import Passage, ScoredPassage
from rag_service.protocol import Considered

# The embedder's and the engine's tokenizers differ by up to this much on Chinese medical text;
# where the engine does not count, a packed prompt must still not be longer than it takes.
_TOKENIZER_MARGIN = 1.5
# A passage's headings, number and fence.
_OVERHEAD_TOKENS = 60
# A later question of a conversation keeps the passages of the earlier ones, or the engine would
# have to read everything again. It starts afresh when there are so many times the limit.
_MOST_KEPT = 3
# The best passages of a question, which it cannot do without.
N_NEEDED = 3
# Of a later question's passages, this share of the limit at most is new, if that is enough: the rest
# adds little to what is there, and would have to be read.
_NEW_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Packing:
    """The passages in the order of their markers, and the trace: all considered, packed or not."""

    passages: list[Passage] = field(default_factory=list)
    trace: list[Considered] = field(default_factory=list)

    @property
    def n_tokens(self) -> int:
        """Tokens of all that is packed."""
        return sum(each.n_tokens for each in self.trace if each.reason == "packed")


def estimate_tokens(passage: Passage) -> int:
    """Estimate what a passage takes in a prompt where the engine cannot count it."""
    return round(passage.n_tokens * _TOKENIZER_MARGIN) + _OVERHEAD_TOKENS


def line_up(earlier: Sequence[Passage], hits: Sequence[ScoredPassage], limit: int) -> list[Passage]:
    """Put the passages of earlier questions first, in their old order, then the new ones, best first.

    Nothing in front of a new passage changes from one question of a conversation to the next, so
    that the engine's prefix cache holds all of it.
    """
    wanted = [hit.passage for hit in hits]
    if not earlier:
        return wanted
    known = {passage.passage_id for passage in earlier}
    most_new = max(N_NEEDED, ceil(limit * _NEW_SHARE))
    new = [passage for passage in wanted if passage.passage_id not in known][:most_new]
    if len(earlier) + len(new) > _MOST_KEPT * limit:
        return wanted
    return [*earlier, *new]


def pack(candidates: Sequence[Passage], costs: Sequence[int], budget_tokens: int) -> Packing:
    """Take passages in order while they fit the budget; none is cut.

    Args:
        candidates: Passages, the most wanted first.
        costs: Tokens of each as it stands in the prompt.
        budget_tokens: Most tokens of all together.

    Returns:
        At least the first passage, so that a small budget degrades rather than silences.
    """
    packing = Packing()
    left = budget_tokens
    for passage, cost in zip(candidates, costs, strict=True):
        fits = not packing.passages or cost <= left
        if fits:
            packing.passages.append(passage)
            left -= cost
        packing.trace.append(
            Considered(
                passage_id=passage.passage_id,
                reason="packed" if fits else "over_budget",
                marker=len(packing.passages) if fits else None,
                n_tokens=cost,
            )
        )
    return packing


def add_left_out(packing: Packing, left_out: Sequence[LeftOut]) -> None:
    """Add what retrieval had found and did not choose to the trace."""
    known = {each.passage_id for each in packing.trace}
    packing.trace.extend(
        Considered(passage_id=each.passage_id, reason=each.reason)
        for each in left_out
        if each.passage_id not in known
    )
