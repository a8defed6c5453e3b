"""What goes over the wire: answers and problems."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from knowledge.document import Status

Verdict = Literal["supported", "partly_supported", "unsupported"]
CheckKind = Literal["citation", "quantity", "name", "polarity", "entailment"]
Section = Literal[
    "possible_causes",
    "red_flags",
    "suggested_tests",
    "medication_information",
    "self_care",
    "when_to_seek_care",
]
SourceKind = Literal["reference", "record"]
Origin = Literal["written", "quoted"]
NoticeKind = Literal["emergency", "crisis", "caution", "conflict", "degraded", "disclaimer"]
RefusalReason = Literal[
    "not_enough_evidence", "sources_do_not_answer", "conflicting_evidence", "needs_context", "out_of_scope"
]
PackingReason = Literal[
    "packed",
    "over_budget",
    "beyond_limit",
    "repeats",
    "superseded",
    "retracted",
    "weak",
    "not_enough_evidence",
]


class Wire(BaseModel):
    """A frozen model of the wire; unknown fields are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Wire):
    """A numbered passage that the answer may cite. Offsets are code points in the document text.

    `kind` tells a reference text from a part of the medical record that was sent with the question.
    `context` is what stands over the text: title, headings, and the header row of a table that the
    passage begins inside.
    """

    marker: int
    kind: SourceKind
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
    context: str
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


class Check(Wire):
    """One check of a sentence; `words` are the offending ones."""

    kind: CheckKind
    passed: bool
    words: tuple[str, ...] = ()


class Sentence(Wire):
    """One finished sentence with its markers, its verdict, its citations and the checks that led to it.

    `origin` says whether the model wrote it or it is quoted. `reattributed` is true where the
    citations are not those that the model gave. `section` is filled in a structured answer.
    """

    index: int
    text: str
    verdict: Verdict
    citations: tuple[Citation, ...]
    origin: Origin
    reattributed: bool
    checks: tuple[Check, ...]
    section: Section | None = None


class Withheld(Wire):
    """A sentence that was not shown: what its checks found. Its words stay inside the service."""

    verdict: Verdict
    checks: tuple[Check, ...]


class Considered(Wire):
    """A passage that was found for the answer: its marker where it went before the model, else why not.

    `n_tokens` as the engine counts them, or estimated; 0 for what was not counted.
    """

    passage_id: str
    reason: PackingReason
    marker: int | None = None
    n_tokens: int = 0


class Refusal(Wire):
    """Why there is no answer; `questions` ask for what is missing, where that would help."""

    reason: RefusalReason
    text: str
    questions: tuple[str, ...] = ()


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
    structured: dict[Section, tuple[Sentence, ...]] | None
    withheld: tuple[Withheld, ...]
    packing: tuple[Considered, ...]
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
