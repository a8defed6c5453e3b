"""The events of a streamed answer."""

from typing import Annotated, Literal

from pydantic import Field

from knowledge.document import Language
from rag_service.protocol import Answer, Notice, Problem, Sentence, Source, Wire


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
