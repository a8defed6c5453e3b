"""Micro-batching: questions that arrive together are embedded together."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from knowledge.embedding import QuestionEmbedder, Vectors

# More questions in one batch lengthen the wait of the first without raising the rate.
_MAX_BATCH = 32
# Statements of a passage, 50 tokens each: some 40 ms on two cores.
_MAX_PASSAGES = 8


class QueryEmbedder:
    """Embeds questions off the event loop, one batch at a time.

    A question that finds the model idle is embedded at once; those that arrive meanwhile wait and
    form the next batch. One thread serves all: the model itself uses every core.
    """

    def __init__(self, embedder: QuestionEmbedder) -> None:
        self._embedder = embedder
        self._waiting: list[tuple[str, asyncio.Future[Vectors]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")
        self._worker: asyncio.Task[None] | None = None
        self._loading: Future[object] | None = None

    def load(self) -> None:
        """Begin to load the model in the embedding thread; questions wait for it."""
        self._loading = self._thread.submit(self._embedder.embed_queries, ["warm-up"])

    @property
    def fault(self) -> str | None:
        """Why questions cannot be embedded yet, None when they can."""
        if self._loading is None or not self._loading.done():
            return "the embedding model is being loaded"
        error = self._loading.exception()
        return str(error) if error else None

    async def embed(self, text: str) -> Vectors:
        """Embed one question.

        Returns:
            Float32 vector of shape (dimension,), L2-normalised.

        Raises:
            EmbeddingFailed: The model failed on the batch.
        """
        future: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def embed_passages(self, texts: list[str]) -> Vectors:
        """Embed pieces of text, a few at a time, so that questions are embedded in between.

        Returns:
            Float32 vectors of shape (n, dimension), L2-normalised.

        Raises:
            EmbeddingFailed: The model failed.
        """
        loop = asyncio.get_running_loop()
        parts = [texts[i : i + _MAX_PASSAGES] for i in range(0, len(texts), _MAX_PASSAGES)]
        batches = [
            await loop.run_in_executor(self._thread, self._embedder.embed_passages, part) for part in parts
        ]
        return np.concatenate(batches) if batches else np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Let the running batch end and release the thread."""
        self._thread.shutdown(wait=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
            wanted = [(text, future) for text, future in batch if not future.cancelled()]
            texts = [text for text, _ in wanted]
            try:
                vectors = await loop.run_in_executor(self._thread, self._embedder.embed_queries, texts)
            except Exception as error:  # noqa: BLE001 - every waiting question must learn of it
                _fail(wanted, error)
                continue
            for (_, future), vector in zip(wanted, vectors, strict=True):
                if not future.done():
                    future.set_result(vector)


def _fail(wanted: list[tuple[str, "asyncio.Future[Vectors]"]], error: Exception) -> None:
    for _, future in wanted:
        if not future.done():
            future.set_exception(error)
