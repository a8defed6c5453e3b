import asyncio
import threading

import numpy as np
import pytest

from knowledge.embedding import Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed
from knowledge.microbatch import QueryEmbedder

FAILING = "a question that the model cannot embed"


class GatedEmbedder(HashingEmbedder):
    """Notes every batch and waits in it until the gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[str]] = []

    def embed_queries(self, texts: list[str]) -> Vectors:
        self.batches.append(texts)
        self.entered.set()
        if not self.gate.wait(timeout=10):
            raise TimeoutError("the test did not open the gate")
        if FAILING in texts:
            raise EmbeddingFailed("out of memory")
        return super().embed_queries(texts)


async def ask_behind_a_busy_model(
    model: GatedEmbedder, queries: QueryEmbedder, texts: list[str]
) -> list["asyncio.Task[Vectors]"]:
    """Start a first question, and when the model is at work on it, all the others."""
    first = asyncio.create_task(queries.embed("first"))
    await asyncio.to_thread(model.entered.wait, 10)
    others = [asyncio.create_task(queries.embed(text)) for text in texts]
    await asyncio.sleep(0)
    return [first, *others]


async def test_one_question_gets_the_vector_of_its_text():
    queries = QueryEmbedder(HashingEmbedder())
    expected = HashingEmbedder().embed_queries(["血压 140/90"])[0]
    np.testing.assert_array_equal(expected, await queries.embed("血压 140/90"))
    queries.close()


async def test_questions_that_arrive_while_the_model_works_share_a_batch():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    tasks = await ask_behind_a_busy_model(model, queries, ["a", "b", "c"])
    model.gate.set()
    await asyncio.gather(*tasks)
    queries.close()
    assert [["first"], ["a", "b", "c"]] == model.batches


async def test_each_question_of_a_batch_gets_its_own_vector():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    texts = [f"question number {n}" for n in range(5)]
    tasks = await ask_behind_a_busy_model(model, queries, texts)
    model.gate.set()
    found = await asyncio.gather(*tasks)
    queries.close()
    np.testing.assert_array_equal(HashingEmbedder().embed_queries(["first", *texts]), np.stack(found))


async def test_a_batch_has_at_most_32_questions():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    tasks = await ask_behind_a_busy_model(model, queries, [f"q{n}" for n in range(70)])
    model.gate.set()
    await asyncio.gather(*tasks)
    queries.close()
    assert [1, 32, 32, 6] == [len(batch) for batch in model.batches]


async def test_an_error_reaches_every_question_of_the_batch():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    tasks = await ask_behind_a_busy_model(model, queries, ["a", FAILING, "b"])
    model.gate.set()
    _, *outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    queries.close()
    assert ["out of memory"] * 3 == [str(outcome) for outcome in outcomes]


async def test_a_question_after_an_error_is_answered():
    model = GatedEmbedder()
    model.gate.set()
    queries = QueryEmbedder(model)
    with pytest.raises(EmbeddingFailed):
        await queries.embed(FAILING)
    assert (64,) == (await queries.embed("next")).shape
    queries.close()


async def test_a_cancelled_question_is_left_out_of_the_batch():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    tasks = await ask_behind_a_busy_model(model, queries, ["a", "cancelled", "b"])
    tasks[2].cancel()
    await asyncio.sleep(0)
    model.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    queries.close()
    assert ["a", "b"] == model.batches[1]


async def test_a_question_cancelled_inside_a_running_batch_does_not_break_it():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    first, second = await ask_behind_a_busy_model(model, queries, ["second"])
    first.cancel()
    await asyncio.sleep(0)
    model.gate.set()
    assert (64,) == (await second).shape
    queries.close()


async def test_a_batch_of_cancelled_questions_does_not_stop_later_ones():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    first, second = await ask_behind_a_busy_model(model, queries, ["cancelled"])
    second.cancel()
    await asyncio.sleep(0)
    model.gate.set()
    await first
    assert (64,) == (await queries.embed("later")).shape
    queries.close()


class CountingEmbedder(HashingEmbedder):
    """Notes how many passages were embedded at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def embed_passages(self, texts: list[str]) -> Vectors:
        self.sizes.append(len(texts))
        return super().embed_passages(texts)


async def test_each_passage_gets_the_vector_of_its_text():
    queries = QueryEmbedder(HashingEmbedder())
    texts = [f"passage number {n}" for n in range(20)]
    found = await queries.embed_passages(texts)
    queries.close()
    np.testing.assert_array_equal(HashingEmbedder().embed_passages(texts), found)


async def test_passages_are_embedded_a_few_at_a_time():
    model = CountingEmbedder()
    queries = QueryEmbedder(model)
    await queries.embed_passages(["text"] * 20)
    queries.close()
    assert [8, 8, 4] == model.sizes


async def test_no_passages_need_no_model():
    model = CountingEmbedder()
    queries = QueryEmbedder(model)
    shape = (await queries.embed_passages([])).shape
    queries.close()
    assert (0, []) == (shape[0], model.sizes)


async def test_a_question_is_embedded_in_between_passages():
    model = GatedEmbedder()
    queries = QueryEmbedder(model)
    embedding = asyncio.create_task(queries.embed_passages(["text"] * 400))
    await asyncio.sleep(0)
    model.gate.set()
    await queries.embed("question")
    is_done = embedding.done()
    await embedding
    queries.close()
    assert not is_done


async def test_a_model_that_fails_on_passages_tells_so():
    class BrokenEmbedder(HashingEmbedder):
        def embed_passages(self, texts: list[str]) -> Vectors:
            raise EmbeddingFailed("out of memory")

    queries = QueryEmbedder(BrokenEmbedder())
    with pytest.raises(EmbeddingFailed, match="out of memory"):
        await queries.embed_passages(["text"])
    queries.close()


def test_a_model_that_is_not_loaded_is_a_fault():
    queries = QueryEmbedder(HashingEmbedder())
    assert "the embedding model is being loaded" == queries.fault
    queries.close()


def test_a_loaded_model_is_no_fault():
    queries = QueryEmbedder(HashingEmbedder())
    queries.load()
    queries.close()
    assert queries.fault is None


def test_a_model_that_cannot_be_loaded_is_a_fault_that_says_why():
    class BrokenEmbedder(HashingEmbedder):
        def embed_queries(self, texts: list[str]) -> Vectors:
            raise EmbeddingFailed("cannot load the embedding model")

    queries = QueryEmbedder(BrokenEmbedder())
    queries.load()
    queries.close()
    assert "cannot load the embedding model" == queries.fault


async def test_a_question_after_close_fails_instead_of_waiting_for_ever():
    queries = QueryEmbedder(HashingEmbedder())
    queries.close()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(queries.embed("late"), timeout=5)
