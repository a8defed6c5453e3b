"""What goes over the wire: requests, the event union, problems."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.document import Language, Status
from knowledge.store import SearchFilter

Verdict = Literal["supported", "partly_supported", "unsupported"]
NoticeKind = Literal["emergency", "crisis", "caution", "degraded", "disclaimer"]
RefusalReason = Literal["not_enough_evidence", "sources_do_not_answer"]


class Wire(BaseModel):
    """A frozen model of the wire; unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Filters(Wire):
    """Which passages may be found: an empty field admits all, several values any of them.

    Dates compare with the document's date of review, or of publication where that is missing.
    """

    languages: tuple[Language, ...] = ()
    publishers: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field(default=(), description="Names of sources, as `sources.yaml` has them.")
    document_types: tuple[str, ...] = Field(default=(), description="Such as `article` or `drug_label`.")
    dated_from: date | None = None
    dated_to: date | None = None

    def admitting(self) -> SearchFilter:
        """Give them the form of a search; a retracted text is never found."""
        return SearchFilter(
            languages=self.languages,
            publishers=self.publishers,
            sources=self.sources,
            document_types=self.document_types,
            statuses=("current", "superseded"),
            dated_from=self.dated_from,
            dated_to=self.dated_to,
        )


class AnswerRequest(Wire):
    """A question."""

    question: str = Field(
        description="The question, in Chinese or English.", examples=["家里自测血压多少算高?"]
    )
    stream: bool = Field(default=False, description="True for server-sent events, false for one JSON object.")
    language: Language | None = Field(
        default=None, description="Language of the answer; by default that of the question."
    )
    max_passages: int | None = Field(
        default=None, ge=1, le=50, description="Most passages put before the model."
    )
    filters: Filters = Field(default=Filters(), description="Which passages may be found; by default all.")


class Source(Wire):
    """A numbered passage that the answer may cite. Offsets are code points in the document text."""

    marker: int
    passage_id: str
    document_id: str
    title: str
    publisher: str
    url: str | None
    published_on: date | None
    reviewed_on: date | None
    status: Status
    section_path: tuple[str, ...]
    page_first: int | None
    page_last: int | None
    start: int
    end: int
    text: str


class Citation(Wire):
    """What proves a sentence: `quote == document.text[start:end]`; `exact` says that this was checked."""

    marker: int
    passage_id: str
    document_id: str
    quote: str
    start: int
    end: int
    page: int | None
    exact: bool


class Notice(Wire):
    """Text that the server adds to an answer."""

    kind: NoticeKind
    text: str


class Sentence(Wire):
    """One finished sentence with its markers, its verdict and its citations."""

    index: int
    text: str
    verdict: Verdict
    citations: tuple[Citation, ...]


class Refusal(Wire):
    """Why there is no answer."""

    reason: RefusalReason
    text: str


class Versions(Wire):
    """What the answer was made with."""

    policy: str
    prompt: str
    embedder: str


class Usage(Wire):
    """Tokens as the engine counted them; zero when it was not asked."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Answer(Wire):
    """A whole answer."""

    answer_id: str
    text: str
    sentences: tuple[Sentence, ...]
    sources: tuple[Source, ...]
    notices: tuple[Notice, ...]
    refusal: Refusal | None
    generation: str
    model: str
    versions: Versions
    usage: Usage
    timings_ms: dict[str, float]


class Problem(Wire):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = None


class AnswerStarted(Wire):
    """First event of a stream."""

    type: Literal["answer.started"] = "answer.started"
    answer_id: str
    model: str
    generation: str
    language: Language
    policy_version: str
    prompt_version: str


class NoticeEvent(Notice):
    """A notice."""

    type: Literal["notice"] = "notice"


class SourcesEvent(Wire):
    """The numbered passages, before the first sentence."""

    type: Literal["sources"] = "sources"
    sources: tuple[Source, ...]


class SentenceEvent(Sentence):
    """A finished sentence."""

    type: Literal["sentence"] = "sentence"


class AnswerCompleted(Answer):
    """Last event of an answer."""

    type: Literal["answer.completed"] = "answer.completed"


class AnswerRefused(Answer):
    """Last event of a refusal."""

    type: Literal["answer.refused"] = "answer.refused"


class AnswerFailed(Wire):
    """Last event of an answer that broke off."""

    type: Literal["answer.failed"] = "answer.failed"
    problem: Problem


Event = Annotated[
    AnswerStarted
    | NoticeEvent
    | SourcesEvent
    | SentenceEvent
    | AnswerCompleted
    | AnswerRefused
    | AnswerFailed,
    Field(discriminator="type"),
]


class Health(Wire):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    model: str


class Readiness(Wire):
    """Whether questions can be answered in full, and if not, why."""

    status: Literal["ready", "not_ready"]
    reasons: tuple[str, ...]
