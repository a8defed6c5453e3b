"""Settings of the service and of the engine it starts."""

import re
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.settings import PREFIX
from knowledge.sufficiency import ENOUGH

UnprovedPolicy = Literal["withhold_facts", "withhold", "flag"]
HandleKind = Literal["passage", "sentence"]


class ServiceSettings(BaseSettings):
    """How the service listens, answers and reaches the language model."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the service listens on.")
    question_max_chars: int = Field(
        default=4000, ge=1, description="Longest question in characters; a longer one is answered with 422."
    )
    record_max_chars: int = Field(
        default=60_000,
        ge=0,
        description="Longest medical record sent or pasted with a question, in characters (30,000 tokens or so).",
    )
    max_passages: int = Field(default=8, ge=1, le=50, description="Most passages put before the model.")
    least_sufficiency: float = Field(
        default=ENOUGH,
        ge=0,
        le=1,
        description="Estimated probability that the passages found hold an answer, below which there is none. "
        "The default is fit to the default embedder; 0 answers whatever was found.",
    )
    answerer: Literal["model", "extractive"] = Field(
        default="model",
        description="Who answers: the language model, with quotations below, or quotations alone.",
    )
    quotations: int = Field(
        default=5,
        ge=0,
        le=20,
        description="Most statements of an answer that are quoted: below what the model wrote, as far as it has not "
        "said them, or instead of it while it is away.",
    )
    unproved: UnprovedPolicy = Field(
        default="withhold_facts",
        description="What becomes of a sentence that the sources do not bear out: withheld when it states a figure or "
        "its sources say otherwise, else shown with its verdict (withhold_facts); always withheld (withhold); always "
        "shown with its verdict (flag).",
    )
    believed_sufficiency: float = Field(
        default=ENOUGH,
        ge=0,
        le=1,
        description="Estimated probability of an answer up to which the model is believed when it writes that the "
        "passages do not answer; above it the closest statements are quoted under a notice. The default is for small "
        "models, which say so as often where the passages answer; 1 always believes.",
    )
    context_tokens: int = Field(
        default=6000,
        ge=256,
        description="Most tokens of passages put before the model. Leave room for the instructions, the question "
        "and the answer in the engine's context length.",
    )
    engine_url: str = Field(
        default="http://127.0.0.1:8001",
        description="Base URL of the vLLM (or other OpenAI-compatible) server.",
    )
    engine_model: str = Field(
        default="Qwen/Qwen2.5-7B-Instruct",
        description="Language model: the name the engine serves it under. `medcite-serve engine` looks for it in a "
        "folder of this name, then among the models built under the cache, then at the hub.",
    )
    engine_api_key: SecretStr | None = Field(
        default=None, description="Bearer token of the engine, if it wants one."
    )
    engine_connect_timeout_s: float = Field(
        default=2.0, gt=0, description="Seconds to wait for a connection before answering without the model."
    )
    engine_silence_timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds without a token, the first included, before giving up."
    )
    engine_total_timeout_s: float = Field(
        default=300.0, gt=0, description="Seconds one answer may take the engine in all before giving up."
    )
    engine_retries: int = Field(
        default=2,
        ge=0,
        le=5,
        description="How often a request is sent again when the connection is refused or lost before the first "
        "token, or the engine is busy (429, 502, 503); 0 sends it once.",
    )
    engine_grammar: bool = Field(
        default=True,
        description="Constrain the answer by a grammar, so that every sentence carries a valid citation marker. "
        "Needs vLLM; turn off for servers without structured outputs.",
    )
    engine_handles: HandleKind = Field(
        default="passage",
        description="What the model cites by: the number of a passage, or that of a sentence in it.",
    )
    temperature: float = Field(default=0.3, ge=0, le=2, description="Sampling temperature.")
    top_p: float = Field(default=0.9, gt=0, le=1, description="Nucleus sampling: share of probability kept.")
    entailment: Literal["none", "engine"] = Field(
        default="none",
        description="Whether the language model is asked of each sentence that it wrote if the passages say it; its yes "
        "or no counts beside the checks.",
    )
    history_tokens: int = Field(
        default=1500, ge=0, description="Most tokens of earlier turns put before the model; the newest stay."
    )
    answer_tokens: int = Field(default=512, ge=16, description="Most tokens of an answer.")


class EngineSettings(BaseSettings):
    """How `medcite-serve engine` starts vLLM."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    engine_python: Path = Field(
        default=Path(sys.executable),
        description="Python interpreter of the environment that vLLM is installed in.",
    )
    engine_tensor_parallel_size: int = Field(
        default=1, ge=1, description="Devices (or CPU ranks) one model is split over."
    )
    engine_max_model_len: int = Field(
        default=32768, ge=512, description="Context length in tokens, prompt and answer."
    )
    engine_max_num_seqs: int = Field(default=64, ge=1, description="Most requests computed at once.")
    engine_dtype: str = Field(default="auto", description="Weight type: auto, bfloat16, float16 or float32.")
    engine_enforce_eager: bool = Field(
        default=False, description="Skip graph compilation: starts much sooner, generates slower on a GPU."
    )
    engine_cpu_kvcache_gib: int = Field(
        default=4, ge=1, description="Memory for the KV cache on the CPU build, GiB."
    )


def short_model_name(model: str) -> str:
    """Shorten a model name for people: `Qwen/Qwen2.5-7B-Instruct` becomes `qwen2.5-7b`."""
    return re.sub(r"-instruct$", "", model.rstrip("/").rsplit("/", 1)[-1].lower())
