"""Gathering: from a question to the passages that go before the model."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from knowledge.evidence import LeftOut
from knowledge.passage import Passage, ScoredPassage
from knowledge.retrieval import Retrieved
from knowledge.search import SearchQuery
from knowledge.store import SearchFilter
from rag_service.asked import Asked
from rag_service.conversation import Turn, trim_history
from rag_service.extractive import Candidate, shortlist
from rag_service.generation import Generator
from rag_service.library import Library
from rag_service.packing import N_NEEDED, Packing, add_left_out, estimate_tokens, line_up, pack
from rag_service.prompts import Brief, write_passage, write_prompt
from rag_service.protocol import Considered, Refusal
from rag_service.record import choose_parts, cut_record
from rag_service.scope import why_refused
from rag_service.settings import HandleKind, ServiceSettings

# Where there is a record, so much of the budget is the reference texts'; what they leave is its.
_REFERENCE_SHARE = 0.5
# What the engine adds around messages.
_TEMPLATE_TOKENS = 64
# Passages are packed anew for the questions before; after so many a conversation starts afresh.
_N_EARLIER = 6


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is to answer from; `refused` says why that is not enough.

    `relevant` are the markers of this question's passages, best first; `history` is what of the
    conversation fits the budget; `sufficiency` the estimated probability that the passages hold an
    answer.
    """

    generation: str = ""
    packing: Packing = field(default_factory=Packing)
    candidates: list[Candidate] = field(default_factory=list)
    relevant: tuple[int, ...] = ()
    history: tuple[Turn, ...] = ()
    refused: Refusal | None = None
    sufficiency: float = 0.0

    def brief(self, asked: Asked, handles: HandleKind, *, is_structured: bool = False) -> Brief:
        """Give what the prompt for a question is written from."""
        return Brief(
            question=asked.question,
            language=asked.language,
            passages=self.packing.passages,
            generation=self.generation,
            relevant=self.relevant[:N_NEEDED],
            history=self.history,
            facts=[fact.words for fact in asked.facts],
            handles=handles,
            is_structured=is_structured,
        )


class Gatherer:
    """Finds and packs the evidence for a question."""

    def __init__(self, library: Library, generator: Generator, settings: ServiceSettings) -> None:
        self._library = library
        self._generator = generator
        self._settings = settings

    async def gather(self, asked: Asked, limit: int, admitted: SearchFilter) -> Gathered:
        """Retrieve, line up and pack the evidence.

        Raises:
            KnowledgeAway: There is no index.
            KnowledgeError: The index or the embedder failed.
        """
        # Not the last few of them: what is packed first would be another text at every question.
        earlier = asked.earlier[len(asked.earlier) // _N_EARLIER * _N_EARLIER :]
        queries = [SearchQuery(each, limit, admitted) for each in [*earlier, asked.searched]]
        found = await asyncio.gather(*(self._library.retrieve(query) for query in queries))
        generation, retrieved = found[-1]
        refused = why_refused(asked, retrieved, self._settings.least_sufficiency)
        history, budget = await self._room(asked, generation)
        hits = [] if refused else retrieved.chosen
        if refused and not asked.record:
            return Gathered(generation, _trace_only(retrieved), refused=refused)
        packing = Packing()
        for wanted in [self._enough(each) for _, each in found[:-1]] + [hits]:
            packing = await self._pack(packing.passages, wanted, limit, (generation, asked, budget))
        if refused:
            packing.trace.extend(_not_enough(packing, retrieved))
        spare = [hit.passage.passage_id for hit in hits if hit.passage.passage_id not in _known(packing)]
        add_left_out(packing, [*(LeftOut(each, "beyond_limit") for each in spare), *retrieved.left_out])
        if asked.record:
            await self._add_record(packing, asked, generation, budget)
        return Gathered(
            generation=generation,
            packing=packing,
            candidates=shortlist(asked.searched, packing.passages, hits),
            relevant=_markers(packing.passages, hits),
            history=history,
            sufficiency=retrieved.sufficiency,
        )

    async def _pack(
        self,
        earlier: list[Passage],
        hits: Sequence[ScoredPassage],
        limit: int,
        room: tuple[str, Asked, int],
    ) -> Packing:
        generation, asked, budget = room
        share = _REFERENCE_SHARE if asked.record else 1.0
        lined_up = line_up(earlier, hits, limit)
        packing = pack(lined_up, await self._costs(lined_up, asked, generation), round(budget * share))
        if not earlier or len(_markers(packing.passages, hits[:N_NEEDED])) == len(hits[:N_NEEDED]):
            return packing
        # What earlier questions needed has left no room for what this one needs.
        new = [hit.passage for hit in hits]
        return pack(new, await self._costs(new, asked, generation), round(budget * share))

    async def _add_record(self, packing: Packing, asked: Asked, generation: str, budget: int) -> None:
        """Put the parts of the record that bear on the question behind the passages."""
        # A record of 30,000 tokens takes a fifth of a second to cut and to search.
        cut = await asyncio.to_thread(cut_record, asked.record, asked.language)
        costs = await self._costs(cut, asked, generation)
        parts = [replace(part, n_tokens=cost) for part, cost in zip(cut, costs, strict=True)]
        chosen = await asyncio.to_thread(choose_parts, asked.searched, parts, budget - packing.n_tokens)
        for part in parts:
            if part in chosen:
                packing.passages.append(part)
            packing.trace.append(
                Considered(
                    passage_id=part.passage_id,
                    reason="packed" if part in chosen else "over_budget",
                    marker=len(packing.passages) if part in chosen else None,
                    n_tokens=part.n_tokens,
                )
            )

    async def _costs(self, passages: Sequence[Passage], asked: Asked, generation: str) -> list[int]:
        """Count what each passage takes in the prompt, by the engine's own tokenizer where it is there."""
        brief = Brief("", asked.language, (), generation, handles=self._settings.engine_handles)
        counted = await self._count([write_passage(p, 1, brief) for p in passages])
        return counted or [estimate_tokens(passage) for passage in passages]

    async def _room(self, asked: Asked, generation: str) -> tuple[tuple[Turn, ...], int]:
        """Trim the history to its budget; give it and the tokens left for passages."""
        settings = self._settings
        bare = write_prompt(Brief(asked.question, asked.language, (), generation))
        texts = [bare.system + bare.user, *(turn.text for turn in asked.history)]
        counted = await self._count(texts) or [len(text) for text in texts]
        fixed, *turns = counted
        history = trim_history(asked.history, turns, settings.history_tokens)
        kept = sum(turns[len(turns) - len(history) :])
        length = await self._generator.context_length()
        room = settings.context_tokens
        if length is not None:
            room = min(room, length - settings.answer_tokens - fixed - kept - _TEMPLATE_TOKENS)
        return history, max(room, 0)

    async def _count(self, texts: Sequence[str]) -> list[int] | None:
        # Where no model answers there may be no engine, and to look for it takes time.
        is_asked = self._settings.answerer == "model"
        return await self._generator.count_tokens(texts) if is_asked else None

    def _enough(self, retrieved: Retrieved) -> list[ScoredPassage]:
        return retrieved.chosen if retrieved.sufficiency >= self._settings.least_sufficiency else []


def _markers(passages: Sequence[Passage], hits: Sequence[ScoredPassage]) -> tuple[int, ...]:
    marker_of = {passage.passage_id: marker for marker, passage in enumerate(passages, start=1)}
    found = (marker_of.get(hit.passage.passage_id) for hit in hits)
    return tuple(marker for marker in found if marker is not None)


def _known(packing: Packing) -> set[str]:
    return {each.passage_id for each in packing.trace}


def _trace_only(retrieved: Retrieved) -> Packing:
    packing = Packing(trace=_not_enough(Packing(), retrieved))
    add_left_out(packing, retrieved.left_out)
    return packing


def _not_enough(packing: Packing, retrieved: Retrieved) -> list[Considered]:
    """Trace what was chosen for a question that it does not answer, unless it is packed all the same."""
    known = {each.passage_id for each in packing.trace}
    ids = [hit.passage.passage_id for hit in retrieved.chosen]
    return [Considered(passage_id=i, reason="not_enough_evidence") for i in ids if i not in known]
