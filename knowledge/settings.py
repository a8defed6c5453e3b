"""Settings of the index, shared by ingest and the service so that they cannot differ."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.errors import InvalidSettings

PREFIX = "MEDCITE_"
Settings = TypeVar("Settings", bound=BaseSettings)

# Every setting of every program: one environment serves ingest and the service, which do not know
# each other's settings classes. A test compares this list with the classes.
NAMES = frozenset(
    "knowledge_path cache embedding_model keep_generations qdrant_url qdrant_api_key qdrant_shards "
    "qdrant_replicas reranker reranker_model reranker_url reranker_api_key reranker_candidates "
    "reranker_time_box_ms passage_tokens golden_recall max_loss metrics_textfile pushgateway_url host port "
    "question_max_chars record_max_chars max_passages answerer quotations unproved entailment history_tokens engine_handles least_sufficiency believed_sufficiency context_tokens engine_url engine_model engine_api_key "
    "engine_connect_timeout_s engine_silence_timeout_s engine_total_timeout_s engine_retries engine_grammar "
    "temperature top_p answer_tokens engine_python engine_tensor_parallel_size engine_max_model_len "
    "engine_max_num_seqs engine_dtype engine_enforce_eager engine_cpu_kvcache_gib".split()
)


class KnowledgeSettings(BaseSettings):
    """Where the index lies, which model embeds it and which reranks what is found."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    knowledge_path: Path = Field(
        default_factory=lambda: Path.home() / ".local" / "share" / "medcite" / "knowledge",
        description="Folder of the embedded index (Qdrant Edge).",
    )
    cache: Path = Field(
        default_factory=lambda: Path.home() / ".cache" / "medcite",
        description="Folder of models built or fetched once; models lie in its folder models.",
    )
    embedding_model: str = Field(
        default="intfloat/multilingual-e5-small",
        description="Embedding model: a folder, a model built under the cache, or a hub name. "
        "BAAI/bge-m3 is the better choice where a hub and a GPU are at hand.",
    )
    keep_generations: int = Field(
        default=3, ge=1, description="Generations kept for roll-back and for replaying old answers."
    )
    qdrant_url: str | None = Field(
        default=None,
        pattern="^https?://[^/]",
        description="URL of a Qdrant server or cluster (1.16 or newer) that holds the index instead of the "
        "folder, such as https://qdrant:6333.",
    )
    qdrant_api_key: SecretStr | None = Field(
        default=None, description="API key of the Qdrant server, if it wants one."
    )
    qdrant_shards: int = Field(
        default=1,
        ge=1,
        description="Shards of a new generation on the Qdrant cluster; as many as it has nodes, or a multiple.",
    )
    qdrant_replicas: int = Field(
        default=1,
        ge=1,
        description="Copies of each shard on the Qdrant cluster; most of them must confirm a write.",
    )
    reranker: Literal["none", "cross-encoder", "engine"] = Field(
        default="none",
        description="What puts the passages found into a better order when a question is asked: `none`, "
        "`cross-encoder` (loaded by the service; wants a GPU) or `engine` (a vLLM server).",
    )
    reranker_model: str = Field(
        default="BAAI/bge-reranker-v2-m3",
        description="Reranker: for a cross-encoder a folder, a model under the cache or a hub name; for an engine "
        "the name that it serves the model under.",
    )
    reranker_url: str | None = Field(
        default=None,
        pattern="^https?://[^/]",
        description="Base URL of the vLLM server that reranks. Its route /rerank is asked, or /score if the URL "
        "ends so.",
    )
    reranker_api_key: SecretStr | None = Field(
        default=None, description="Bearer token of the server that reranks, if it wants one."
    )
    reranker_candidates: int = Field(
        default=24, ge=1, le=100, description="Passages found that are reranked; its time grows with them."
    )
    reranker_time_box_ms: int = Field(
        default=300,
        ge=1,
        description="Milliseconds to wait for the reranker; after that a question goes on without it.",
    )

    @property
    def models_path(self) -> Path:
        """Folder of the models built on this machine."""
        return self.cache / "models"


def read_settings(kind: type[Settings]) -> Settings:
    """Read settings of a kind from the environment.

    Raises:
        InvalidSettings: A variable is unknown (pydantic-settings would ignore a misspelled one
            without a word) or its value is out of range.
    """
    given = (name.upper() for name in os.environ if name.upper().startswith(PREFIX))
    unknown = sorted(name for name in given if name.removeprefix(PREFIX).lower() not in NAMES)
    if unknown:
        near = get_close_matches(unknown[0].removeprefix(PREFIX).lower(), NAMES, n=1)
        hint = (
            f"did you mean {PREFIX}{near[0].upper()}?" if near else "docs/configuration.md lists all settings"
        )
        raise InvalidSettings(f"unknown setting {', '.join(unknown)}; {hint}")
    try:
        return kind()
    except ValidationError as error:
        faults = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise InvalidSettings(faults) from error
