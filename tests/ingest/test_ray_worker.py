"""What a Ray worker does with a batch, without Ray."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ingest.errors import RayFailed
from ingest.ray_worker import EmbeddingWorker, Worker, do_batch, unpack
from ingest.steps import Step
from knowledge.embedding import Embedder
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed
from tests.knowledge.factories import EMBEDDER

WORKER = Worker(HashingEmbedder, EMBEDDER.fingerprint)


def batch(*rows: object) -> dict[str, Any]:
    return {"row": np.arange(len(rows)) + 7, "work": [pickle.dumps(row) for row in rows]}


def results(step: Step[Any, Any], *rows: object, worker: Worker = WORKER) -> list[Any]:
    return [unpack(result) for result in do_batch(batch(*rows), step, worker)["result"]]


def count(embedder: Embedder, text: str) -> int:
    return embedder.count_tokens([text])[0]


def fail(_: Embedder, reason: str) -> None:
    raise EmbeddingFailed(reason)


def no_such_model() -> HashingEmbedder:
    raise EmbeddingFailed("no such model")


def test_a_batch_has_a_result_for_each_row_with_its_number():
    done = do_batch(batch("a" * 8, "b" * 4), count, WORKER)
    assert ([7, 8], [2, 1]) == (done["row"].tolist(), [unpack(result) for result in done["result"]])


def test_an_error_of_a_step_is_raised_where_its_result_is_unpacked():
    with pytest.raises(EmbeddingFailed, match="out of memory"):
        results(fail, "out of memory")


def test_an_error_leaves_the_other_rows_of_the_batch_alone():
    done = do_batch(batch("a" * 8, 3), count, WORKER)["result"]
    assert 2 == unpack(done[0])


def test_the_embedder_is_made_once_in_a_process():
    assert WORKER.embedder() is replace(WORKER).embedder()


def test_a_window_is_embedded_in_one_go():
    ((vectors,),) = [
        [unpack(result) for result in EmbeddingWorker(WORKER)(batch(["one text", "another"]))["result"]]
    ]
    assert EMBEDDER.embed_passages(["one text", "another"]).tobytes() == vectors.tobytes()


def test_a_worker_without_the_model_says_so():
    with pytest.raises(EmbeddingFailed, match="no such model"):
        results(count, "a", worker=Worker(no_such_model, "absent@1"))


def test_a_worker_with_another_model_refuses():
    with pytest.raises(RayFailed, match=r"has the embedder hashing@64, wanted other@1; put the same model"):
        results(count, "a", worker=Worker(HashingEmbedder, "other@1"))


def test_a_worker_with_another_release_refuses():
    with pytest.raises(RayFailed, match=r"wanted loaders-0 and chunker-0; install the same release"):
        results(count, "a", worker=replace(WORKER, versions=("loaders-0", "chunker-0")))
