import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import Passage
from knowledge.reranking_fake import OverlapReranker
from knowledge.retrieval import Reranking, Retrieved, retrieve
from knowledge.search import SearchQuery
from knowledge.store import GenerationReader
from tests.knowledge.factories import make_passage, publish

PRESSURE = [
    make_passage("高血压的诊断标准是血压≥140/90 mmHg。", 0),
    make_passage("每次测量前应安静休息 5 分钟。", 1),
    make_passage("袖带应与心脏同高。", 2),
]
SUGAR = [make_passage("糖尿病患者的 HbA1c 应低于 7.0%。", 0, document_id="diabetes-zh")]


@pytest.fixture(scope="module")
def reader(shared_path: Path) -> GenerationReader:
    """Publish the passages once; a generation is only read."""
    return asyncio.run(publish_and_open(shared_path, [*PRESSURE, *SUGAR]))


async def publish_and_open(root: Path, passages: Sequence[Passage]) -> GenerationReader:
    store = EdgeStore(root)
    await publish(store, "g1", passages)
    reader = await store.current()
    assert reader is not None
    return reader


async def ask(
    reader: GenerationReader, text: str, limit: int = 8, reranking: Reranking | None = None
) -> Retrieved:
    queries = QueryEmbedder(HashingEmbedder())
    try:
        return await retrieve(reader, queries, SearchQuery(text, limit), reranking)
    finally:
        queries.close()


async def test_the_best_passage_is_chosen_first(reader: GenerationReader):
    assert PRESSURE[0] == (await ask(reader, "高血压的诊断标准是多少?")).chosen[0].passage


async def test_no_more_are_chosen_than_wanted(reader: GenerationReader):
    assert 2 == len((await ask(reader, "血压 袖带 糖尿病", limit=2)).chosen)


async def test_every_passage_found_is_chosen_or_left_out(reader: GenerationReader):
    retrieved = await ask(reader, "血压 袖带 糖尿病", limit=2)
    ids = {hit.passage.passage_id for hit in retrieved.found}
    assert ids == {hit.passage.passage_id for hit in retrieved.chosen} | {
        each.passage_id for each in retrieved.left_out
    }


async def test_a_question_without_words_retrieves_nothing_and_says_why(reader: GenerationReader):
    retrieved = await ask(reader, "？！")
    assert ([], "no_words", 0.0) == (retrieved.chosen, retrieved.why_empty, retrieved.sufficiency)


@pytest.mark.parametrize(("delay_s", "fault"), [(0.0, "broken"), (5.0, "")])
async def test_without_its_reranker_the_order_of_the_search_stands_and_it_is_told(
    reader: GenerationReader, delay_s: float, fault: str
):
    plain = await ask(reader, "血压 袖带")
    slow = Reranking(OverlapReranker(delay_s, fault), 24, 0.05)
    retrieved = await ask(reader, "血压 袖带", reranking=slow)
    assert plain.found == retrieved.found
    assert retrieved.degraded


async def test_a_reranker_tells_the_relevance_of_what_was_found(reader: GenerationReader):
    retrieved = await ask(reader, "血压 袖带", reranking=Reranking(OverlapReranker(), 24, 5.0))
    assert [] == [hit for hit in retrieved.found if hit.reranked is None]
