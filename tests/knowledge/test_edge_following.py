"""How an open store follows what other processes publish."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationCorrupt
from tests.knowledge.factories import complete, folder_of, make_passage, publish, texts_of, until_given


class SlowStore(EdgeStore):
    """A store that opens a generation only when told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.may_open = asyncio.Event()
        self.may_open.set()

    async def _open_once(self, generation: str) -> EdgeReader:
        await self.may_open.wait()
        return await super()._open_once(generation)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SlowStore]:
    """Give a store with a first generation open, which must wait to open the next."""
    await publish(EdgeStore(tmp_path), "g1", [make_passage("old")])
    store = SlowStore(tmp_path)
    await store.current()
    store.may_open.clear()
    yield store
    store.may_open.set()
    await store.close()


async def test_nobody_waits_while_a_new_generation_is_opened(store: SlowStore):
    await publish(EdgeStore(store.root), "g2", [make_passage("new")])
    given = [await texts_of(await store.current()) for _ in range(3)]
    assert [["old"]] * 3 == given


async def test_a_new_generation_is_given_once_it_is_open(store: SlowStore):
    await publish(EdgeStore(store.root), "g2", [make_passage("new")])
    await store.current()
    store.may_open.set()
    assert ["new"] == await texts_of(await until_given(store, "g2"))


async def test_the_newest_of_several_generations_is_opened(store: SlowStore):
    for n in (2, 3):
        await publish(EdgeStore(store.root), f"g{n}", [make_passage(f"text {n}")])
        await store.current()
    store.may_open.set()
    assert ["text 3"] == await texts_of(await until_given(store, "g3"))


async def test_a_store_that_writes_knows_at_once_what_another_published(store: SlowStore):
    store.may_open.set()
    async with store.write("g3", None):
        await EdgeStore(store.root).publish((await complete_beside(store.root)).manifest.generation)
        assert ["beside"] == await texts_of(await store.current())


async def complete_beside(root: Path) -> EdgeReader:
    """Complete a generation in another folder, as nobody else may write, and move it over."""
    reader = await complete(EdgeStore(root / "other"), "g2", "beside")
    shutil.move(folder_of(root / "other", "g2"), folder_of(root, "g2"))
    return reader


async def test_a_new_generation_that_cannot_be_opened_is_told_at_each_call(store: SlowStore):
    store.may_open.set()
    (store.root / "current").write_text("g9")
    with pytest.raises(GenerationCorrupt):
        await until_given(store, "g9")
    with pytest.raises(GenerationCorrupt, match="g9"):
        await store.current()


async def test_a_new_generation_is_given_once_it_has_been_mended(store: SlowStore):
    store.may_open.set()
    (store.root / "current").write_text("g9")
    with pytest.raises(GenerationCorrupt):
        await until_given(store, "g9")
    (store.root / "current").write_text("g1")
    assert ["old"] == await texts_of(await store.current())


async def test_a_store_can_be_closed(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage()])
    reader = await store.current()
    assert reader is not None
    await store.close()
    with pytest.raises(Exception, match="not initialized"):
        await reader.passage_counts()


async def test_a_store_that_opened_nothing_can_be_closed(tmp_path: Path):
    await EdgeStore(tmp_path).close()
