"""Embedding of passages and queries with a sentence-transformers model."""

import gc
import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbeddingFailed

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer  # noqa: TID251 - this is the one module

Vectors = NDArray[np.float32]
"""Float32 array of shape (n_texts, dimension), each row L2-normalised."""

# 16 passages of 200 tokens keep both cores of a small machine busy; larger batches only pad more.
_BATCH_SIZE = 16
_SAMPLE_BYTES = 2**20
_FINGERPRINTED = ("modules.json", "config_sentence_transformers.json", "tokenizer.json")
# The same weights in formats that sentence-transformers does not load here.
_OTHER_FORMATS = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf"]


class QuestionEmbedder(Protocol):
    """Turns questions into vectors; `fingerprint` names the model and its weights."""

    fingerprint: str

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions. Blocks; call it off the event loop."""

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed passages. Blocks; call it off the event loop."""


class Embedder(QuestionEmbedder, Protocol):
    """Turns passages and questions into vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Most tokens the model reads of a text."""

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Count the model's tokens in each text, special tokens left out."""


class SentenceTransformerEmbedder:
    """An `Embedder` on a sentence-transformers model.

    The model is loaded at the first use; until then neither torch nor
    sentence-transformers is imported, so that a run with nothing to embed costs nothing. It loads
    in bfloat16 where the processor computes in it (twice as fast, same ranking), else in float32.
    Prompts named `query` and `passage` (or `document`) in the model folder are applied; E5 models
    without them get "query: " and "passage: " (Wang et al., "Multilingual E5 Text Embeddings",
    2024).

    Raises:
        EmbeddingFailed: The model is neither a folder nor to be had from the model hub.
    """

    def __init__(self, model: str, models_path: Path) -> None:
        self._folder = resolve_model(model, models_path)
        self.fingerprint = fingerprint_model(model, self._folder)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        return _load(self._folder)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        """Most tokens the model reads of a text."""
        return int(self._model.max_seq_length or 512)

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed passages into float32 vectors of shape (n, dimension).

        Raises:
            EmbeddingFailed: The model failed on this input.
        """
        return self._embed(texts, _prompt(self._model, self.fingerprint, "passage", "document"))

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions into float32 vectors of shape (n, dimension).

        Raises:
            EmbeddingFailed: The model failed on this input.
        """
        return self._embed(texts, _prompt(self._model, self.fingerprint, "query"))

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Count the tokens of each text without truncation or special tokens."""
        if not texts:
            return []
        encoded = self._model.tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def _embed(self, texts: list[str], prompt: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        try:
            vectors = self._model.encode(
                texts,
                prompt=prompt,
                batch_size=_BATCH_SIZE,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            raise EmbeddingFailed(f"embedding {len(texts)} texts failed: {error}") from error
        vectors = np.asarray(vectors, dtype=np.float32)
        # The model normalises in its own precision; bfloat16 leaves norms off by up to 0.4 %.
        normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalised


def resolve_model(model: str, models_path: Path) -> Path:
    """Find the folder of a model: the folder named, one built under `models_path`, or the hub's.

    The hub name `owner/name` is first looked for as `models_path/name` (lower case), so that the
    same setting serves machines with and without a model hub.

    Raises:
        EmbeddingFailed: No such folder, and the hub does not give the model.
    """
    for folder in (Path(model), models_path / model.rsplit("/", 1)[-1].lower()):
        if (folder / "config.json").is_file():
            return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, ignore_patterns=_OTHER_FORMATS))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise EmbeddingFailed(
            f"embedding model {model!r} is neither a model folder nor under {models_path}, and the model hub "
            "did not give it. Run `make models` or set MEDCITE_EMBEDDING_MODEL to a model folder"
        ) from error


def _load(folder: Path) -> "SentenceTransformer":
    # Importing makes a million objects that all stay; collecting among them takes a fifth of the time.
    gc.disable()
    try:
        return _load_model(folder)
    finally:
        gc.freeze()
        gc.enable()


def _load_model(folder: Path) -> "SentenceTransformer":
    import torch  # noqa: TID251 - heavy: seconds and 200 MB, only where a model is loaded
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer  # noqa: TID251 - as above
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    dtype = torch.bfloat16 if computes_in_bfloat16(torch) else torch.float32
    try:
        model = SentenceTransformer(str(folder), local_files_only=True, model_kwargs={"dtype": dtype})
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EmbeddingFailed(
            f"cannot load the embedding model in {folder}: {reason}. Remove the folder and run `make models`, "
            "or set MEDCITE_EMBEDDING_MODEL to another model"
        ) from error
    return model.eval()


def computes_in_bfloat16(torch: Any) -> bool:
    """Tell whether the processor in use multiplies in bfloat16; `torch` is the module, imported late."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _prompt(model: "SentenceTransformer", fingerprint: str, *names: str) -> str:
    own = model.prompts or {}
    if any(own.values()):
        return next((own[name] for name in names if own.get(name)), "")
    # The fingerprint begins with the model's name; a folder from the hub is named by a commit.
    return f"{names[0]}: " if "e5" in fingerprint.partition("@")[0] else ""


def fingerprint_model(model: str, folder: Path) -> str:
    """Name the model and hash its configuration and a sample of its weights.

    The folder's place does not count, so that a moved cache is still the same model. The head of a
    safetensors file lists every tensor and its tail holds weights: together they tell two
    trainings apart in milliseconds.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.name in _FINGERPRINTED or path.suffix in (".safetensors", ".bin"):
            with path.open("rb") as file:
                digest.update(
                    path.name.encode() + str(path.stat().st_size).encode() + file.read(_SAMPLE_BYTES)
                )
                file.seek(-min(_SAMPLE_BYTES, path.stat().st_size), 2)
                digest.update(file.read())
    return f"{model.rstrip('/').rsplit('/', 1)[-1].lower()}@{digest.hexdigest()[:12]}"
