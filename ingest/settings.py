"""Settings of ingest."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.settings import PREFIX


class IngestSettings(BaseSettings):
    """How documents are cut, what is demanded of an index, where metrics go."""

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
    metrics_textfile: Path | None = Field(
        default=None,
        description="File that a run writes its metrics to, in the folder of node_exporter's textfile collector. "
        "Its name must end in .prom, or the collector does not read it.",
    )
    pushgateway_url: str | None = Field(
        default=None,
        pattern="^https?://[^/]",
        description="Prometheus Pushgateway that a run pushes its metrics to, such as http://pushgateway:9091.",
    )

    @field_validator("metrics_textfile")
    @classmethod
    def _is_read_by_the_collector(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix != ".prom":
            raise ValueError(f"{path} must end in .prom")
        return path
