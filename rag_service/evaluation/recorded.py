"""A recorded answer: what the measures read of an answer on the wire.

Models of their own and not those of the wire: an answer recorded before a field was added or
removed can still be measured.
"""

from pydantic import BaseModel, ConfigDict

from rag_service.protocol import Answer


class _Recorded(BaseModel):
    """A frozen model that passes over the fields it does not know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class RecordedSource(_Recorded):
    """A numbered passage."""

    marker: int
    passage_id: str
    document_id: str
    title: str
    section_path: tuple[str, ...]
    context: str = ""
    start: int
    end: int
    text: str


class RecordedCitation(_Recorded):
    """What proves a sentence."""

    marker: int
    passage_id: str
    document_id: str
    quote: str
    start: int
    end: int
    exact: bool


class RecordedSentence(_Recorded):
    """A sentence with its markers, its verdict and its citations."""

    text: str
    verdict: str
    citations: tuple[RecordedCitation, ...]
    origin: str = ""

    @property
    def is_supported(self) -> bool:
        """True when the service's own verdict says so."""
        return self.verdict == "supported"


class RecordedWithheld(_Recorded):
    """A sentence that was not shown."""

    verdict: str = ""


class RecordedNotice(_Recorded):
    """Text that the server added."""

    kind: str


class RecordedRefusal(_Recorded):
    """Why there is no answer."""

    reason: str


class RecordedVersions(_Recorded):
    """What the answer was made with."""

    prompt: str = ""
    policy: str = ""


class RecordedUsage(_Recorded):
    """Tokens as the engine counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class RecordedAnswer(_Recorded):
    """An answer, a refusal, or with a `failure` neither: then all else is empty."""

    text: str = ""
    sentences: tuple[RecordedSentence, ...] = ()
    sources: tuple[RecordedSource, ...] = ()
    notices: tuple[RecordedNotice, ...] = ()
    refusal: RecordedRefusal | None = None
    withheld: tuple[RecordedWithheld, ...] = ()
    generation: str = ""
    model: str = ""
    versions: RecordedVersions = RecordedVersions()
    usage: RecordedUsage = RecordedUsage()
    timings_ms: dict[str, float] = {}
    failure: str = ""

    @property
    def is_refusal(self) -> bool:
        """True when the service said that it has no answer."""
        return self.refusal is not None

    @property
    def is_answer(self) -> bool:
        """True when there is an answer, right or wrong."""
        return not self.failure and self.refusal is None

    @property
    def is_degraded(self) -> bool:
        """True when the language model was away and the passages were quoted instead."""
        return any(notice.kind == "degraded" for notice in self.notices)

    @property
    def citations(self) -> tuple[RecordedCitation, ...]:
        """The citations of all sentences, in their order."""
        return tuple(citation for sentence in self.sentences for citation in sentence.citations)


def record(answer: Answer) -> RecordedAnswer:
    """Take from an answer what the measures read."""
    return RecordedAnswer.model_validate(answer.model_dump())
