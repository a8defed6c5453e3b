"""A model in a process of its own, for a service that must not stall, and the embedder in one.

Torch holds the interpreter's lock for milliseconds at a time, at import for seconds; in the
process that streams answers every stream would feel it.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.machinery import ModuleSpec
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, TypeVar

from knowledge.embedding import SentenceTransformerEmbedder, Vectors, fingerprint_model, resolve_model
from knowledge.errors import EmbeddingFailed

Result = TypeVar("Result")

# In the child only: the model it has loaded.
_loaded: SentenceTransformerEmbedder | None = None


class ModelProcess:
    """A child process that does one thing at a time, such as to hold a model.

    It is started at the first call, again after it died, and ends with this process. `prepare` is
    called in it first, with `arguments`. One thread calls.
    """

    def __init__(self, prepare: Callable[..., None], *arguments: Any) -> None:
        self._initargs = (prepare, arguments)
        self._pool = self._new_pool()

    def submit(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Have the child call a function of a module; the result may be a `BrokenProcessPool`."""
        try:
            return self._pool.submit(function, *arguments)
        except BrokenProcessPool:
            self._pool = self._new_pool()
        return self._pool.submit(function, *arguments)

    def close(self) -> None:
        """Stop the child; what it has begun it ends first, what waits is cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy locks that threads hold.
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=self._initargs,
        )


class EmbeddingProcess(ModelProcess):
    """Embeds questions with a sentence-transformers model in a child process.

    Raises:
        EmbeddingFailed: The model is neither a folder nor to be had from the model hub.
    """

    def __init__(self, model: str, models_path: Path) -> None:
        self.fingerprint = fingerprint_model(model, resolve_model(model, models_path))
        super().__init__(_prepare, model, models_path)

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Embed questions into float32 vectors of shape (n, dimension). Blocks.

        Raises:
            EmbeddingFailed: The model cannot be loaded or failed, or the child died twice.
        """
        return self._call(_embed_queries, texts)

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed passages into float32 vectors of shape (n, dimension). Blocks.

        Raises:
            EmbeddingFailed: As of `embed_queries`.
        """
        return self._call(_embed_passages, texts)

    def _call(self, embed: Callable[[list[str]], Vectors], texts: list[str]) -> Vectors:
        try:
            return self.submit(embed, texts).result()
        except BrokenProcessPool:
            pass  # and once more, in a new child
        try:
            return self.submit(embed, texts).result()
        except BrokenProcessPool as error:
            raise EmbeddingFailed("the embedding process died twice; it may be short of memory") from error


def _begin(prepare: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    for name in ("sklearn", "sklearn.metrics", "sklearn.metrics.pairwise", "scipy.stats"):
        sys.modules.setdefault(name, _Unused(name))
    prepare(*arguments)


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


def _prepare(model: str, models_path: Path) -> None:
    global _loaded
    _loaded = SentenceTransformerEmbedder(model, models_path)


def _embed_queries(texts: list[str]) -> Vectors:
    return _model().embed_queries(texts)


def _embed_passages(texts: list[str]) -> Vectors:
    return _model().embed_passages(texts)


def _model() -> SentenceTransformerEmbedder:
    if _loaded is None:
        raise EmbeddingFailed("the embedding process was not prepared")
    return _loaded
