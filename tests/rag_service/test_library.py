import asyncio
import threading
from contextlib import asynccontextmanager

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed, GenerationCorrupt, GenerationMismatch
from knowledge.search import SearchQuery
from rag_service.errors import KnowledgeAway, NotFound
from rag_service.library import Library
from tests.rag_service.factories import GENERATION, METFORMIN, FailingEmbedder, metformin, pressure, publish


@asynccontextmanager
async def library_on(store, embedder=None):
    library = Library(store, embedder or HashingEmbedder())
    try:
        yield library
    finally:
        await library.close()


async def test_the_passage_that_matches_best_is_found_first(store):
    async with library_on(store) as library:
        _, retrieved = await library.retrieve(SearchQuery("When must metformin not be used?"))
    assert metformin()[1] == retrieved.chosen[0].passage


async def test_a_search_tells_which_generation_it_searched(store):
    async with library_on(store) as library:
        assert GENERATION == (await library.retrieve(SearchQuery("血压")))[0]


async def test_a_document_is_given_in_order(store):
    async with library_on(store) as library:
        assert metformin() == await library.document(METFORMIN)


async def test_a_passage_is_given_by_its_id(store):
    async with library_on(store) as library:
        assert metformin()[1] == await library.passage(metformin()[1].passage_id)


@pytest.mark.parametrize("passage_id", ["", "absent", "5C1F3E0A-7F3B-4A52-9A0E-2F6D1C0B8A11"])
async def test_an_unknown_passage_is_not_found(store, passage_id):
    async with library_on(store) as library:
        with pytest.raises(NotFound, match=f"has no passage '{passage_id}'"):
            await library.passage(passage_id)


async def test_an_unknown_document_is_not_found(store):
    async with library_on(store) as library:
        with pytest.raises(NotFound, match="has no document 'absent'"):
            await library.document("absent")


async def test_without_an_index_a_search_says_what_to_run(tmp_path):
    async with library_on(EdgeStore(tmp_path)) as library:
        with pytest.raises(KnowledgeAway, match="run `medcite-ingest run SOURCE`"):
            await library.retrieve(SearchQuery("血压"))


async def test_opening_without_an_index_is_no_fault(tmp_path):
    async with library_on(EdgeStore(tmp_path)) as library:
        await library.open()
        assert ["no index has been published; run `medcite-ingest run SOURCE`"] == (await library.faults())[
            :1
        ]


async def test_an_index_published_later_is_followed(tmp_path):
    async with library_on(EdgeStore(tmp_path)) as library:
        await library.open()
        await publish(tmp_path, pressure())
        assert GENERATION == (await library.retrieve(SearchQuery("血压")))[0]


async def test_an_index_of_another_embedder_does_not_open(store):
    async with library_on(store, HashingEmbedder(name="other")) as library:
        with pytest.raises(
            GenerationMismatch, match="built with the embedder hashing@64, this service has other@64"
        ):
            await library.open()


async def test_an_index_of_another_embedder_is_a_fault(store):
    async with library_on(store, HashingEmbedder(name="other")) as library:
        assert "set MEDCITE_EMBEDDING_MODEL to the same model" in (await library.faults())[0]


async def test_an_index_that_cannot_be_read_does_not_open(tmp_path):
    (tmp_path / "current").write_text(GENERATION)
    async with library_on(EdgeStore(tmp_path)) as library:
        with pytest.raises(GenerationCorrupt, match="cannot be opened"):
            await library.open()


async def test_a_library_is_reachable_while_its_embedder_loads(store):
    loaded = threading.Event()
    async with library_on(store, Waiting(loaded)) as library:
        await library.open()
        faults = await library.faults()
        loaded.set()
    assert ["the embedding model is being loaded"] == faults


async def test_a_question_waits_for_the_embedder_to_load(store):
    loaded = threading.Event()
    async with library_on(store, Waiting(loaded)) as library:
        await library.open()
        asking = asyncio.create_task(library.retrieve(SearchQuery("血压")))
        await asyncio.sleep(0.02)
        loaded.set()
        assert GENERATION == (await asking)[0]


async def test_an_embedder_that_cannot_be_loaded_is_a_fault(store):
    async with library_on(store, FailingEmbedder()) as library:
        await library.open()
        with pytest.raises(EmbeddingFailed):
            await library.retrieve(SearchQuery("血压"))
        assert ["no model for 1 texts"] == await library.faults()


async def test_texts_are_compared_by_their_meaning(store):
    async with library_on(store) as library:
        same, other = await library.compare("血压的标准", [("血压的标准", "zh"), ("Take metformin.", "en")])
    assert (pytest.approx(1.0), True) == (same, other < 0.5)


async def test_no_texts_are_compared_without_an_embedder(store):
    async with library_on(store, FailingEmbedder()) as library:
        assert [] == await library.compare("血压的标准", [])


async def test_texts_cannot_be_compared_by_a_model_that_fails(store):
    async with library_on(store, FailingEmbedder()) as library:
        with pytest.raises(EmbeddingFailed):
            await library.compare("血压的标准", [("血压", "zh")])


async def test_a_question_without_words_is_compared_as_it_stands(store):
    async with library_on(store) as library:
        assert [pytest.approx(1.0)] == await library.compare("？！", [("？！", "zh")])


class Waiting(HashingEmbedder):
    """Loads only when it is told to."""

    def __init__(self, loaded):
        super().__init__()
        self._loaded = loaded

    def embed_queries(self, texts):
        self._loaded.wait(5)
        return super().embed_queries(texts)
