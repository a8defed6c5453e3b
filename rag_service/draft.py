"""A draft: a question made ready, and what its answer holds so far."""

import time
from dataclasses import dataclass, field

from knowledge.passage import Passage
from rag_service import wording
from rag_service.asked import Asked
from rag_service.events import NoticeEvent, SentenceEvent
from rag_service.gathering import Gathered
from rag_service.protocol import (
    Notice,
    NoticeKind,
    Origin,
    Refusal,
    RefusalReason,
    Section,
    Sentence,
    Source,
    Usage,
    Withheld,
)
from rag_service.proving import Proved, is_shown
from rag_service.record import RECORD_ID
from rag_service.sections import SECTIONS
from rag_service.settings import UnprovedPolicy


@dataclass(slots=True)
class Draft:
    """A question that has been screened, looked up and packed, and what its answer holds so far.

    `n_candidates` is how many answers are to be written, of which the best is shown. `timings_ms` has the wall-clock milliseconds of each stage; `started_at` is a `perf_counter`
    reading in seconds.
    """

    answer_id: str
    asked: Asked
    gathered: Gathered
    notices: list[Notice]
    timings_ms: dict[str, float]
    started_at: float
    policy: UnprovedPolicy
    n_candidates: int = 1
    is_structured: bool = False
    sentences: list[Sentence] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    says_no_answer: bool = False

    @property
    def passages(self) -> list[Passage]:
        """The passages in the order of their markers."""
        return self.gathered.packing.passages

    def release(self, proved: Proved, origin: Origin, section: Section | None = None) -> SentenceEvent | None:
        """Add a sentence to the answer; None where it may not be shown, or was said before."""
        verification = proved.verification
        if not is_shown(proved, self.policy):
            self.withheld.append(Withheld(verdict=verification.verdict, checks=verification.checks))
            return None
        if any(proved.cited.text == sentence.text for sentence in self.sentences):
            return None
        sentence = Sentence(
            index=len(self.sentences),
            text=proved.cited.text,
            verdict=verification.verdict,
            citations=proved.cited.citations,
            origin=origin,
            reattributed=proved.is_reattributed,
            checks=verification.checks,
            section=section,
        )
        self.timings_ms.setdefault("first_sentence", ms_since(self.started_at))
        self.sentences.append(sentence)
        return SentenceEvent(**dict(sentence))

    def add_notice(self, kind: NoticeKind, text: str) -> NoticeEvent:
        """Add a notice to the answer."""
        self.notices.append(Notice(kind=kind, text=text))
        return NoticeEvent(kind=kind, text=text)

    def refusal(self) -> Refusal | None:
        """Say why there is no answer, None when there is one."""
        if self.sentences:
            return None
        if self.gathered.refused is not None:
            return self.gathered.refused
        reason: RefusalReason = "sources_do_not_answer" if self.says_no_answer else "not_enough_evidence"
        return Refusal(reason=reason, text=wording.REFUSAL[reason][self.asked.language])

    def structured(self) -> dict[Section, tuple[Sentence, ...]] | None:
        """Sort the sentences of a structured answer into its sections; None for any other."""
        if not self.is_structured:
            return None
        return {section: tuple(s for s in self.sentences if s.section == section) for section in SECTIONS}

    def sources(self) -> tuple[Source, ...]:
        """Number the passages as the model saw them, from 1."""
        return tuple(_source(marker, passage) for marker, passage in enumerate(self.passages, start=1))


def ms_since(start: float) -> float:
    """Milliseconds since a `perf_counter` reading, to the microsecond."""
    return round((time.perf_counter() - start) * 1000, 3)


def _source(marker: int, passage: Passage) -> Source:
    return Source(
        marker=marker,
        kind="record" if passage.document_id == RECORD_ID else "reference",
        passage_id=passage.passage_id,
        document_id=passage.document_id,
        title=passage.imprint.title,
        publisher=passage.imprint.publisher,
        url=passage.imprint.url,
        published_on=passage.imprint.published_on,
        reviewed_on=passage.imprint.reviewed_on,
        status=passage.imprint.status,
        section_path=passage.section_path,
        page_first=passage.page_first,
        page_last=passage.page_last,
        start=passage.start,
        end=passage.end,
        context=passage.context,
        text=passage.text,
    )
