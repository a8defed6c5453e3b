"""A source as it is written in a catalogue."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ingest.sources.source import Trust
from knowledge.document import Language

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Column = Literal[
    "id", "title", "text", "language", "url", "publisher", "published_on", "reviewed_on", "license"
]


class SourceSpec(BaseModel):
    """One source as it is written in the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = Field(description="Name in the manifest and in messages; renaming means ingesting anew.")
    location: Text | None = Field(
        default=None,
        description="A file, folder, glob or archive (relative to this file), https://…, list:FILE or "
        "list:https://…, s3://… or another fsspec address, or reader:MODULE:CLASS.",
    )
    urls: list[Text] | None = Field(
        default=None, min_length=1, description="Web addresses, instead of a location."
    )
    publisher: str = Field(default="", description="Publisher of documents that name none.")
    license: Text | None = Field(default=None, description="Licence of documents that name none.")
    language: Language | None = Field(
        default=None, description="Language of documents that name none and leave it in doubt."
    )
    trust: Trust = Field(default="general", description="How far the statements may be relied on.")
    refresh: str = Field(
        default="1h",
        pattern=r"^\d{1,4}[mhd]$",
        description="How long a web address is not asked for again: 30m, 12h, 7d.",
    )
    delay_s: float = Field(
        default=1.0, ge=0, le=60, description="Seconds between two requests to one host of the web."
    )
    include: list[Text] = Field(default_factory=list, description="Globs of names to read; empty for all.")
    exclude: list[Text] = Field(default_factory=list, description="Globs of names not to read.")
    columns: dict[Column, Text | list[Text]] = Field(
        default_factory=dict,
        description="Column, or columns by preference, of each document field in CSV and JSON records.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Storage options of an object store, or constructor arguments of a reader. "
        "${NAME} is replaced by that environment variable.",
    )
    load: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of a reader's load_data; ${NAME} as in options."
    )


class Catalogue(BaseModel):
    """Sources of a medcite index."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="medcite sources.yaml")

    sources: list[SourceSpec] = Field(min_length=1, description="The sources, in the order of reading.")
