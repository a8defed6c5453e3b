import asyncio
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationCorrupt
from knowledge.sparse import weigh_query
from knowledge.store import HybridQuery, SearchFilter
from tests.knowledge.factories import EMBEDDER, embed, make_manifest, make_passage, publish, texts_of

QUESTION = "血压 140/90"

CORPUS = (
    make_passage(
        document_id="a", publisher="NHC", reviewed_on=date(2026, 1, 31), published_on=date(2019, 1, 1)
    ),
    make_passage(
        "Blood pressure 140/90 mmHg.", document_id="b", language="en", published_on=date(2024, 6, 1)
    ),
    make_passage(document_id="c", status="superseded", published_on=date(2020, 1, 1)),
    make_passage(document_id="d", status="retracted"),
)


@pytest.fixture(scope="module")
def corpus(shared_path: Path) -> EdgeReader:
    """Publish the corpus once; a generation is only read."""

    async def publish_and_open() -> EdgeReader:
        store = EdgeStore(shared_path)
        await publish(store, "g1", CORPUS)
        return await open_current(store)

    return asyncio.run(publish_and_open())


async def open_current(store: EdgeStore) -> EdgeReader:
    reader = await store.current()
    assert reader is not None
    return reader


async def found_by(reader: EdgeReader, only: SearchFilter | None = None) -> set[str]:
    """Search and name the documents that are found."""
    dense = EMBEDDER.embed_queries([QUESTION])[0]
    hits = await reader.search(HybridQuery(dense, weigh_query(QUESTION), 50, only or SearchFilter(), "zh"))
    return {hit.passage.document_id for hit in hits}


async def test_an_empty_folder_has_no_current_generation(tmp_path: Path):
    assert await EdgeStore(tmp_path).current() is None


async def test_a_folder_that_does_not_exist_has_no_current_generation(tmp_path: Path):
    assert await EdgeStore(tmp_path / "nothing").current() is None


async def test_a_published_generation_is_current_with_its_manifest(tmp_path: Path):
    store = EdgeStore(tmp_path)
    manifest = await publish(store, "g1", [make_passage()])
    assert manifest == (await open_current(store)).manifest


async def test_a_passage_is_read_as_it_was_written(corpus: EdgeReader):
    assert [CORPUS[0]] == await corpus.passages([CORPUS[0].passage_id])


async def test_an_open_generation_is_not_opened_again(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage()])
    assert await store.current() is await store.current()


async def test_passages_come_in_the_order_of_the_ids(corpus: EdgeReader):
    wanted = [CORPUS[2], CORPUS[0], CORPUS[3]]
    assert wanted == await corpus.passages([passage.passage_id for passage in wanted])


@pytest.mark.parametrize(
    "unknown",
    [
        "00000000-0000-0000-0000-000000000000",
        "",
        "7",
        "../../etc/passwd",
        "{00000000-0000-0000-0000-000000000000}",
    ],
)
async def test_an_unknown_or_malformed_id_is_left_out(corpus: EdgeReader, unknown: str):
    assert [CORPUS[0]] == await corpus.passages([unknown, CORPUS[0].passage_id])


async def test_a_document_of_many_passages_comes_whole_and_in_order(tmp_path: Path):
    passages = [make_passage(f"第 {n} 段", n) for n in range(300)]
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [*reversed(passages), make_passage("别的", document_id="gout-zh")])
    assert [passage.text for passage in passages] == await texts_of(await open_current(store))


async def test_an_unknown_document_has_no_passages(corpus: EdgeReader):
    assert [] == await texts_of(corpus, "unknown")


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (SearchFilter(), "abcd"),
        (SearchFilter(languages=("en",)), "b"),
        (SearchFilter(languages=("en", "zh")), "abcd"),
        (SearchFilter(publishers=("NHC",)), "a"),
        (SearchFilter(publishers=("nobody",)), ""),
        (SearchFilter(document_ids=("a", "d")), "ad"),
        (SearchFilter(statuses=("current",)), "ab"),
        (SearchFilter(statuses=("superseded", "retracted")), "cd"),
        (SearchFilter(dated_from=date(2024, 6, 1)), "ab"),
        (SearchFilter(dated_from=date(2024, 6, 2)), "a"),
        (SearchFilter(dated_to=date(2024, 6, 1)), "bc"),
        (SearchFilter(dated_to=date(2024, 5, 31)), "c"),
        (SearchFilter(dated_from=date(2020, 1, 1), dated_to=date(2025, 1, 1)), "bc"),
        (SearchFilter(statuses=("current",), languages=("zh",)), "a"),
    ],
)
async def test_a_filter_admits_only_what_it_names(corpus: EdgeReader, only: SearchFilter, expected: str):
    assert set(expected) == await found_by(corpus, only)


async def test_the_dense_vectors_are_those_that_were_written(corpus: EdgeReader):
    written = embed(CORPUS[:1]).dense[0]
    found = await corpus.dense_vectors([CORPUS[0].passage_id])
    np.testing.assert_array_equal(written, found[CORPUS[0].passage_id])


async def test_the_passages_of_each_document_are_counted(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage(), make_passage("血压", 1), make_passage(document_id="gout-zh")])
    assert {"hypertension-zh": 2, "gout-zh": 1} == await (await open_current(store)).passage_counts()


async def test_a_generation_begins_with_the_passages_of_its_parent(tmp_path: Path):
    kept, added = make_passage(), make_passage("尿酸", document_id="gout-zh")
    store = EdgeStore(tmp_path)
    parent = await publish(store, "g1", [kept])
    async with store.write("g2", parent) as writer:
        await writer.upsert(embed([added]))
        await writer.complete(make_manifest("g2", [kept, added], "g1"))
        await store.publish("g2")
    assert {"hypertension-zh", "gout-zh"} == await found_by(await open_current(store))


async def test_a_deleted_document_is_not_found(tmp_path: Path):
    kept, removed = make_passage(), make_passage("血压", document_id="gout-zh")
    store = EdgeStore(tmp_path)
    parent = await publish(store, "g1", [kept, removed])
    async with store.write("g2", parent) as writer:
        await writer.delete_documents(["gout-zh"])
        await writer.complete(make_manifest("g2", [kept], "g1"))
        await store.publish("g2")
    assert {"hypertension-zh"} == await found_by(await open_current(store))


async def test_the_parent_keeps_what_its_child_deletes(tmp_path: Path):
    kept, removed = make_passage(), make_passage("血压", document_id="gout-zh")
    store = EdgeStore(tmp_path)
    parent = await publish(store, "g1", [kept, removed])
    old = await open_current(store)
    async with store.write("g2", parent) as writer:
        await writer.delete_documents(["gout-zh"])
        await writer.complete(make_manifest("g2", [kept], "g1"))
        await store.publish("g2")
    assert {"hypertension-zh", "gout-zh"} == await found_by(old)


async def test_writing_a_passage_twice_changes_nothing(tmp_path: Path):
    passage = make_passage()
    store = EdgeStore(tmp_path)
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([passage]))
        await writer.upsert(embed([passage]))
        await writer.complete(make_manifest("g1", [passage]))
        await store.publish("g1")
    assert [passage.text] == await texts_of(await open_current(store))


async def test_a_count_that_differs_from_the_manifest_is_refused(tmp_path: Path):
    one, two = make_passage(), make_passage("血压", 1)
    store = EdgeStore(tmp_path)
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([one]))
        with pytest.raises(GenerationCorrupt, match="holds 1 passages, its manifest 2; not published"):
            await writer.complete(make_manifest("g1", [one, two]))
    assert await store.current() is None


_READ_IN_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from knowledge.edge_store import EdgeStore

async def main():
    reader = await EdgeStore(Path(sys.argv[1])).current()
    print([passage.text async for passage in reader.document_passages("hypertension-zh")])

asyncio.run(main())
"""


async def test_two_processes_read_one_generation_at_a_time(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage("ok")])
    reader = await open_current(store)
    other = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this test
        [sys.executable, "-c", _READ_IN_ANOTHER_PROCESS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert f"{await texts_of(reader)}\n" == other.stdout
