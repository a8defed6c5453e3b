"""Reranking with a cross-encoder, a model that reads question and passage together."""

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.embedding import computes_in_bfloat16, resolve_model
from knowledge.embedding_process import ModelProcess
from knowledge.errors import EmbeddingFailed, RerankFailed
from knowledge.passage import Passage

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder  # noqa: TID251 - beside embedding.py the one module

# What is handed to the model at once, and so what an abandoned question can still cost.
_BATCH_SIZE = 8
# As long as the pairs that BAAI/bge-reranker-v2-m3 is used with on its model card; it reads 8,192,
# at sixteen times the price. The longer text of a pair is cut.
_MAX_PAIR_TOKENS = 512

# In the child only: where the model lies, and the model once it is loaded.
_folder: Path | None = None
_loaded: "CrossEncoder | None" = None


class CrossEncoderReranker:
    """A `Reranker` on a sentence-transformers cross-encoder in a child process.

    The model is loaded at the first question, or by a call without passages. Questions wait for
    each other, eight passages at a time.

    Raises:
        RerankFailed: The model is neither a folder nor to be had from the model hub.
    """

    def __init__(self, model: str, models_path: Path) -> None:
        try:
            folder = resolve_model(model, models_path)
        except EmbeddingFailed as error:
            raise RerankFailed(
                f"reranker {model!r} is neither a model folder nor under {models_path}, and the model hub did "
                "not give it. Set MEDCITE_RERANKER_MODEL to a model folder, or MEDCITE_RERANKER to none"
            ) from error
        self._process = ModelProcess(_prepare, folder)

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Give each passage's relevance in [0, 1]; with no passages, load the model.

        Raises:
            RerankFailed: The model cannot be loaded or failed, or the child died.
        """
        texts = [passage.embedded_text for passage in passages]
        starts = range(0, max(len(texts), 1), _BATCH_SIZE)
        try:
            # Cancelled, these cancel what the child has not begun.
            batches = await asyncio.gather(
                *(
                    asyncio.wrap_future(self._process.submit(_score, question, texts[i : i + _BATCH_SIZE]))
                    for i in starts
                )
            )
        except BrokenProcessPool as error:
            raise RerankFailed("the reranking process died; it may be short of memory") from error
        return [score for batch in batches for score in batch]

    async def close(self) -> None:
        """Stop the child."""
        await asyncio.to_thread(self._process.close)


def _prepare(folder: Path) -> None:
    global _folder
    _folder = folder


def _score(question: str, texts: list[str]) -> list[float]:
    """Score pairs; in the child."""
    import torch  # noqa: TID251 - only in the child

    model = _model()
    try:
        logits_to_share = torch.nn.Sigmoid()
        pairs = [(question, text) for text in texts]
        scores = model.predict(
            pairs, batch_size=_BATCH_SIZE, show_progress_bar=False, activation_fn=logits_to_share
        ).tolist()
    except Exception as error:  # noqa: BLE001 - whatever the model raises, the question goes on without it
        # Its message may repeat what was read.
        raise RerankFailed(f"the reranker failed on {len(texts)} passages ({type(error).__name__})") from None
    if not all(map(math.isfinite, scores)):
        raise RerankFailed("the reranker gave what is no number; its weights may be damaged")
    return [float(score) for score in scores]


def _model() -> "CrossEncoder":
    global _loaded
    if _folder is None:
        raise RerankFailed("the reranking process was not prepared")
    if _loaded is None:
        _loaded = _load(_folder)
    return _loaded


def _load(folder: Path) -> "CrossEncoder":
    import torch  # noqa: TID251 - only in the child
    from sentence_transformers import CrossEncoder  # noqa: TID251 - as above
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    dtype = torch.bfloat16 if computes_in_bfloat16(torch) else torch.float32
    try:
        model = CrossEncoder(str(folder), local_files_only=True, model_kwargs={"dtype": dtype})
    except Exception as error:  # noqa: BLE001 - there is no list of what the libraries raise here
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        # No cause: not every error of these libraries can be sent to another process.
        raise RerankFailed(f"cannot load the reranker in {folder}: {reason}") from None
    if model.num_labels != 1:
        raise RerankFailed(
            f"the model in {folder} gives {model.num_labels} scores for a pair, a reranker gives one; set "
            "MEDCITE_RERANKER_MODEL to another"
        )
    model.max_seq_length = min(model.max_seq_length or _MAX_PAIR_TOKENS, _MAX_PAIR_TOKENS)
    return model
