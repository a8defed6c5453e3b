"""A draft: a question made ready, and what its answer holds so far."""

import time
from dataclasses import dataclass, field

from knowledge.document import Language
from knowledge.passage import Passage
from rag_service import prompts
from rag_service.citations import CitedSentence
from rag_service.protocol import (
    Notice,
    NoticeEvent,
    NoticeKind,
    Refusal,
    RefusalReason,
    Sentence,
    SentenceEvent,
    Source,
    Usage,
)
from rag_service.verification import verify


@dataclass(slots=True)
class Draft:
    """A question that has been screened, looked up and packed, and what its answer holds so far.

    `timings_ms` has the wall-clock milliseconds of each stage; `started_at` is a `perf_counter`
    reading in seconds.
    """

    answer_id: str
    question: str
    language: Language
    generation: str
    passages: list[Passage]
    notices: list[Notice]
    timings_ms: dict[str, float]
    started_at: float
    sentences: list[Sentence] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    says_no_answer: bool = False

    def release(self, cited: CitedSentence) -> SentenceEvent:
        """Verify a finished sentence and add it to the answer."""
        sentence = Sentence(
            index=len(self.sentences),
            text=cited.text,
            verdict=verify(cited, self.passages),
            citations=cited.citations,
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
        reason: RefusalReason = "sources_do_not_answer" if self.says_no_answer else "not_enough_evidence"
        return Refusal(reason=reason, text=prompts.REFUSAL[self.language])

    def sources(self) -> tuple[Source, ...]:
        """Number the passages as the model saw them, from 1."""
        return tuple(_source(marker, passage) for marker, passage in enumerate(self.passages, start=1))


def ms_since(start: float) -> float:
    """Milliseconds since a `perf_counter` reading, to the microsecond."""
    return round((time.perf_counter() - start) * 1000, 3)


def _source(marker: int, passage: Passage) -> Source:
    return Source(
        marker=marker,
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
        text=passage.text,
    )
