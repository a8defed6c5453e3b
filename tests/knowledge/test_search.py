import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import Passage, ScoredPassage
from knowledge.search import Found, SearchQuery, search
from knowledge.store import GenerationReader, SearchFilter
from tests.knowledge.factories import make_passage, publish

FEVER = make_passage("Fever above 38.5 ℃ is treated with acetaminophen.", 0, language="en")
PRESSURE = make_passage("高血压的诊断标准是血压≥140/90 mmHg。", 1)
SUGAR = make_passage("糖尿病患者的 HbA1c 应低于 7.0%。", 2)
PASSAGES = FEVER, PRESSURE, SUGAR


@pytest.fixture(scope="module")
def reader(shared_path: Path) -> GenerationReader:
    """Publish the passages once; a generation is only read."""
    return asyncio.run(publish_and_open(shared_path, PASSAGES))


async def publish_and_open(root: Path, passages: Sequence[Passage]) -> GenerationReader:
    await publish(EdgeStore(root), "g1", passages)
    return await reader_of(root)


async def reader_of(root: Path) -> GenerationReader:
    reader = await EdgeStore(root).current()
    assert reader is not None
    return reader


async def look(
    reader: GenerationReader, text: str, limit: int = 8, only: SearchFilter | None = None
) -> Found:
    queries = QueryEmbedder(HashingEmbedder())
    try:
        return await search(reader, queries, SearchQuery(text, limit, only or SearchFilter()))
    finally:
        queries.close()


async def find(
    reader: GenerationReader, text: str, limit: int = 8, only: SearchFilter | None = None
) -> list[ScoredPassage]:
    return (await look(reader, text, limit, only)).hits


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("140/90 mmHg 是高血压吗", PRESSURE),
        ("１４０／９０", PRESSURE),
        ("HbA1c 应低于多少?", SUGAR),
        ("How is fever treated?", FEVER),
    ],
)
async def test_the_passage_that_shares_the_terms_comes_first(
    reader: GenerationReader, question: str, expected: Passage
):
    assert expected == (await find(reader, question))[0].passage


async def test_the_results_are_ordered_by_score(reader: GenerationReader):
    scores = [hit.score for hit in await find(reader, "高血压 140/90")]
    assert sorted(scores, reverse=True) == scores


async def test_the_limit_bounds_the_results(reader: GenerationReader):
    assert 2 == len(await find(reader, "血压", limit=2))


async def test_a_filter_keeps_others_out(reader: GenerationReader):
    found = await find(reader, "高血压 140/90", only=SearchFilter(languages=("en",)))
    assert [FEVER] == [hit.passage for hit in found]


@pytest.mark.parametrize("question", ["", "？！", "😀", "\x00"])
async def test_a_question_without_words_finds_nothing_and_says_why(reader: GenerationReader, question: str):
    found = await look(reader, question)
    assert ([], "no_words") == (found.hits, found.why_empty)


async def test_a_passage_without_a_common_term_has_no_sparse_score(reader: GenerationReader):
    sparse = {hit.passage: hit.sparse for hit in await find(reader, "fever")}
    assert sparse[PRESSURE] is None


async def test_nothing_is_found_when_no_passage_is_admitted(reader: GenerationReader):
    assert [] == await find(reader, "fever", only=SearchFilter(publishers=("nobody",)))


async def test_where_nothing_is_admitted_the_search_says_that_nothing_was_found(reader: GenerationReader):
    nobody = SearchFilter(publishers=("nobody",))
    assert "nothing_found" == (await look(reader, "fever", only=nobody)).why_empty


async def test_a_passage_whose_document_another_replaces_is_superseded(tmp_path: Path):
    store = EdgeStore(tmp_path)
    manifest = await publish(store, "g1", PASSAGES)
    await store.record(replace(manifest, superseded={PRESSURE.document_id: "newer"}))
    found = await look(await reader_of(tmp_path), "高血压 140/90")
    assert "superseded" == next(h for h in found.hits if h.passage.ordinal == 1).passage.imprint.status
