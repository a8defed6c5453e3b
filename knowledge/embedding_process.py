"""The embedder in a process of its own, for a service that must not stall.

Torch holds the interpreter's lock for milliseconds at a time, at import for seconds; in the
process that streams answers every stream would feel it.
"""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.machinery import ModuleSpec
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from types import ModuleType

from knowledge.embedding import SentenceTransformerEmbedder, Vectors, fingerprint_model, resolve_model
from knowledge.errors import EmbeddingFailed

# In the child only: the model it has loaded.
_loaded: SentenceTransformerEmbedder | None = None


class EmbeddingProcess:
    """Embeds questions with a sentence-transformers model in a child process.

    The child is started at the first call, again if it dies, and ends with this process.

    Raises:
        EmbeddingFailed: The model is neither a folder nor to be had from the model hub.
    """

    def __init__(self, model: str, models_path: Path) -> None:
        self._model = model
        self._models_path = models_path
        self.fingerprint = fingerprint_model(model, resolve_model(model, models_path))
        self._pool = self._new_pool()

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions into float32 vectors of shape (n, dimension). Blocks.

        Raises:
            EmbeddingFailed: The model cannot be loaded or failed, or the child died twice.
        """
        try:
            return self._pool.submit(_embed_queries, texts).result()
        except BrokenProcessPool:
            self._pool = self._new_pool()
        try:
            return self._pool.submit(_embed_queries, texts).result()
        except BrokenProcessPool as error:
            raise EmbeddingFailed("the embedding process died twice; it may be short of memory") from error

    def close(self) -> None:
        """Stop the child."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy locks that threads hold.
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(self._model, self._models_path),
        )


def _prepare(model: str, models_path: Path) -> None:
    global _loaded
    Thread(target=_end_with_parent, daemon=True).start()
    for name in ("sklearn", "sklearn.metrics", "sklearn.metrics.pairwise", "scipy.stats"):
        sys.modules.setdefault(name, _Unused(name))
    _loaded = SentenceTransformerEmbedder(model, models_path)


def _end_with_parent() -> None:
    """Wait for the parent's end, a killed one's too, which no clean-up of its own could announce."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


class _Unused(ModuleType):
    """Stands for a module that is imported but never called here.

    Importing sentence-transformers should not need scikit-learn to encode a text; it imports it,
    and scipy.stats, for its evaluators (release 6.2), which is 0.8 s of a start of 5 s. This
    process only encodes. To be removed when those imports move into the evaluators.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return None  # calling it fails at once


def _embed_queries(texts: list[str]) -> Vectors:
    if _loaded is None:
        raise EmbeddingFailed("the embedding process was not prepared")
    return _loaded.embed_queries(texts)
