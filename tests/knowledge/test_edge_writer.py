import asyncio
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge.edge_store import EdgeStore
from knowledge.edge_writer import EdgeWriter, insist_on_room, writing
from knowledge.errors import GenerationMissing, StoreUnavailable
from knowledge.sparse import weigh_passage
from knowledge.store import EmbeddedPassages, HybridQuery, SearchFilter
from scripts.bootstrap import ROOT
from tests.knowledge.factories import (
    complete,
    embed,
    folder_of,
    make_manifest,
    make_passage,
    names_in,
    publish,
    texts_of,
)

# A file may not grow beyond the limit, as on a full disk.
FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from knowledge.edge_store import EdgeStore
from knowledge.errors import KnowledgeError
from tests.knowledge.factories import embed, make_manifest, make_passage

async def write():
    passages = [make_passage("new" * 200, ordinal=n) for n in range(50)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    async with EdgeStore(Path(sys.argv[1])).write("g2", None) as writer:
        await writer.upsert(embed(passages))
        await writer.complete(make_manifest("g2", passages))
    raise SystemExit("it was written all the same")

try:
    asyncio.run(write())
except KnowledgeError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("limit_bytes", [0, 5_000, 1_000_000])
def test_a_full_disk_is_an_error_of_ours_and_leaves_the_old_generation(tmp_path: Path, limit_bytes: int):
    asyncio.run(publish(EdgeStore(tmp_path), "g1", [make_passage("old")]))
    command = [sys.executable, "-c", FULL_DISK, tmp_path, str(limit_bytes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (0, True, ["old"], {"current", "generations", "lock"}) == (
        done.returncode,
        done.stdout.startswith("StoreUnavailable") and "File too large" in done.stdout,
        asyncio.run(read_current(tmp_path)),
        names_in(tmp_path),
    ), done.stderr


async def read_current(root: Path) -> list[str]:
    return await texts_of(await EdgeStore(root).current())


async def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreUnavailable, match=f"{tmp_path}/file cannot be written: "):
        async with EdgeStore(tmp_path / "file").write("g1", None):
            pass


async def test_a_pointer_that_cannot_be_moved_is_an_error_of_ours(tmp_path: Path):
    await complete(EdgeStore(tmp_path), "g1", "new")
    (tmp_path / "current").mkdir()
    with pytest.raises(StoreUnavailable, match=f"{tmp_path} cannot be written: "):
        await EdgeStore(tmp_path).publish("g1")


async def test_a_manifest_that_cannot_be_replaced_is_an_error_of_ours(tmp_path: Path):
    reader = await complete(EdgeStore(tmp_path), "g1", "new")
    (tmp_path / "generations" / "g1" / "manifest.new").mkdir()
    with pytest.raises(StoreUnavailable, match="g1 cannot be written: "):
        await EdgeStore(tmp_path).record(reader.manifest)


def test_errors_of_ours_pass_as_they_are(tmp_path: Path):
    with pytest.raises(GenerationMissing), writing(tmp_path):
        raise GenerationMissing


def test_too_little_room_is_told_in_figures(tmp_path: Path):
    with pytest.raises(
        StoreUnavailable, match=r"\d+ MiB are free where 1099511627776 MiB are wanted; make room"
    ):
        insist_on_room(tmp_path / "not" / "yet" / "there", 2**60)


def test_room_enough_is_no_error(tmp_path: Path):
    insist_on_room(tmp_path / "not" / "yet" / "there", 1)


N_DIMENSIONS = 8192
"""Long vectors, so that few passages fill a segment."""


def random_passages(n: int) -> EmbeddedPassages:
    """Make passages with vectors that have nothing in common."""
    rows = np.random.default_rng(7).standard_normal((n, N_DIMENSIONS), dtype=np.float32)
    dense = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    passages = [make_passage(f"第 {number} 段", number) for number in range(n)]
    return EmbeddedPassages(passages, dense, [weigh_passage(p.text) for p in passages])


def part(embedded: EmbeddedPassages, where: slice) -> EmbeddedPassages:
    return EmbeddedPassages(embedded.passages[where], embedded.dense[where], embedded.sparse[where])


async def test_what_fills_several_segments_is_found_as_if_it_were_one(tmp_path: Path):
    embedded = random_passages(500)
    store = EdgeStore(tmp_path)
    async with store.write("g1", None) as writer:
        for start in range(0, 500, 100):
            await writer.upsert(part(embedded, slice(start, start + 100)))
        reader = await writer.complete(make_manifest("g1", embedded.passages))
    for number in (0, 399, 499):
        query = HybridQuery(embedded.dense[number], embedded.sparse[number], 1, SearchFilter(), "zh")
        (best,) = await reader.search(query)
        assert (number, True) == (best.passage.ordinal, best.score > 0.99)


async def ids_in_pages(writer: EdgeWriter) -> list[str]:
    return [i async for page in writer.dense_pages() for i in page.passage_ids]


async def test_vectors_that_fill_several_segments_are_all_replaced(tmp_path: Path):
    embedded = random_passages(900)
    wanted = -embedded.dense
    rows = {passage.passage_id: row for row, passage in enumerate(embedded.passages)}
    async with EdgeStore(tmp_path).write("g1", None) as writer:
        for start in range(0, 900, 300):
            await writer.upsert(part(embedded, slice(start, start + 300)))
        async for page in writer.dense_pages():
            await writer.replace_dense(page.passage_ids, wanted[[rows[i] for i in page.passage_ids]])
        reader = await writer.complete(make_manifest("g1", embedded.passages))
    found = await reader.dense_vectors(list(rows))
    assert (900, True) == (
        len(found),
        all(np.allclose(found[i], wanted[row], atol=1e-6) for i, row in rows.items()),
    )


async def test_pages_give_a_passage_that_was_written_twice_once(tmp_path: Path):
    passages = [make_passage(f"第 {number} 段", number) for number in range(3)]
    async with EdgeStore(tmp_path).write("g1", None) as writer:
        await writer.upsert(embed(passages))
        await writer.upsert(embed(passages[:1]))
        given = await ids_in_pages(writer)
    assert sorted(passage.passage_id for passage in passages) == sorted(given)


async def test_pages_give_nothing_of_a_document_that_was_removed(tmp_path: Path):
    kept, removed = make_passage("kept", document_id="kept"), make_passage("removed", document_id="removed")
    async with EdgeStore(tmp_path).write("g1", None) as writer:
        await writer.upsert(embed([removed, kept]))
        await writer.delete_documents(["removed"])
        assert [kept.passage_id] == await ids_in_pages(writer)


async def test_pages_give_what_was_copied_and_what_is_new(tmp_path: Path):
    old, new = make_passage("old", document_id="old"), make_passage("new", document_id="new")
    parent = await publish(EdgeStore(tmp_path), "g1", [old])
    async with EdgeStore(tmp_path).write("g2", parent) as writer:
        await writer.upsert(embed([new]))
        assert {old.passage_id, new.passage_id} == set(await ids_in_pages(writer))


async def test_pages_of_an_empty_generation_are_none(tmp_path: Path):
    async with EdgeStore(tmp_path).write("g1", None) as writer:
        assert [] == await ids_in_pages(writer)


async def test_a_published_shard_has_graphs_and_so_has_its_child(tmp_path: Path):
    parent = await publish(EdgeStore(tmp_path), "g1", [make_passage("old", document_id="old")])
    new = make_passage("new", document_id="new")
    async with EdgeStore(tmp_path).write("g2", parent) as writer:
        await writer.upsert(embed([new]))
        await writer.complete(make_manifest("g2", [make_passage("old", document_id="old"), new]))
    configs = [folder_of(tmp_path, g) / "shard" / "edge_config.json" for g in ("g1", "g2")]
    assert [16, 16] == [json.loads(path.read_text())["hnsw_config"]["m"] for path in configs]
