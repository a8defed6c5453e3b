"""A question as it comes over the wire."""

from datetime import date
from typing import Literal

from pydantic import Field

from knowledge.document import Language
from knowledge.store import SearchFilter
from rag_service.protocol import Wire


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


class Message(Wire):
    """What one side said in a conversation."""

    role: Literal["user", "assistant"]
    content: str


class AnswerRequest(Wire):
    """A question, alone or as the last message of a conversation."""

    question: str = Field(
        default="",
        description="The question, in Chinese or English; or send `messages`.",
        examples=["家里自测血压多少算高?"],
    )
    messages: tuple[Message, ...] = Field(
        default=(), description="A conversation that ends with the question, instead of `question`."
    )
    record: str = Field(
        default="",
        description="A medical record that the question is about; it can be pasted into the question too.",
    )
    format: Literal["text", "structured"] = Field(
        default="text", description="`structured` puts each sentence into one of six sections."
    )
    candidates: int = Field(
        default=1,
        ge=1,
        le=8,
        description="How many answers are written, of which the best verified is given; above 1 without `stream` only.",
    )
    stream: bool = Field(default=False, description="True for server-sent events, false for one JSON object.")
    language: Language | None = Field(
        default=None, description="Language of the answer; by default that of the question."
    )
    max_passages: int | None = Field(
        default=None, ge=1, le=50, description="Most passages put before the model."
    )
    filters: Filters = Field(default=Filters(), description="Which passages may be found; by default all.")
