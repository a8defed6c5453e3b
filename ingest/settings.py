"""Settings of ingest."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.settings import PREFIX


class IngestSettings(BaseSettings):
    """How documents are cut."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    passage_tokens: int = Field(
        default=256,
        ge=32,
        le=8192,
        description="Most tokens of a passage with its headings, in the embedder's tokens. Longer passages "
        "blur what they are about; 256 keeps a section of a monograph whole.",
    )
    golden_recall: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Least share of golden questions, per language, whose document a new generation must find.",
    )
    max_loss: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Greatest share of the current documents, or passages, that a new generation may lack.",
    )
