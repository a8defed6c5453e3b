"""Which generations stay: after a publish, after a failed gate, after a clock that was wrong."""

import asyncio
from dataclasses import replace
from pathlib import Path

from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.generation import CheckRecord
from tests.knowledge.factories import complete, folder_of, make_passage, names_in, publish, texts_of

FAILED = (CheckRecord("recall", False, 0.5, 0.8),)


async def reject(root: Path, generation: str, *, forced: bool = False) -> None:
    """Complete a generation and have the gate reject it."""
    store = EdgeStore(root)
    reader = await complete(store, generation, "new")
    await store.record(replace(reader.manifest, gate=FAILED, forced=forced))


async def kept_after_the_next_writer(root: Path) -> set[str]:
    async with EdgeStore(root).write("g9", None):
        return names_in(root / "generations")


async def test_a_generation_that_failed_the_gate_stays_until_the_next_writer(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    await reject(tmp_path, "g2")
    kept = names_in(tmp_path / "generations")
    assert ({"g1", "g2"}, {"g1"}) == (kept, await kept_after_the_next_writer(tmp_path))


async def test_a_generation_forced_through_the_gate_stays(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    await reject(tmp_path, "g2", forced=True)
    assert {"g1", "g2"} == await kept_after_the_next_writer(tmp_path)


async def test_the_current_generation_stays_whatever_its_manifest_says(tmp_path: Path):
    await reject(tmp_path, "g1")
    await EdgeStore(tmp_path).publish("g1")
    assert {"g1"} == await kept_after_the_next_writer(tmp_path)


async def test_with_a_pointer_that_cannot_be_read_nothing_is_swept(tmp_path: Path):
    await reject(tmp_path, "g1")
    (tmp_path / "current").write_bytes(b"\xff")
    assert {"g1"} == await kept_after_the_next_writer(tmp_path)


async def test_the_generation_just_replaced_is_the_last_to_go(tmp_path: Path):
    store = EdgeStore(tmp_path, keep=2)
    await publish(store, "g1", [make_passage("old")])
    # Nights on which nothing was published.
    for generation in ("g2", "g3"):
        await complete(store, generation, "unpublished")
    await publish(store, "g4", [make_passage("new")])
    assert {"g1", "g4"} == names_in(tmp_path / "generations")


async def test_a_pointer_that_cannot_be_read_does_not_stop_a_publish(tmp_path: Path):
    await complete(EdgeStore(tmp_path), "g1", "new")
    (tmp_path / "current").write_bytes(b"\xff")
    await EdgeStore(tmp_path).publish("g1")
    assert ["new"] == await texts_of(await EdgeStore(tmp_path).current())


async def test_a_generation_from_a_clock_that_was_ahead_does_no_harm(tmp_path: Path):
    store = EdgeStore(tmp_path, keep=2)
    await publish(store, "20991231T000000Z-aaaaaa", [make_passage("ahead")])
    for day in (1, 2, 3):
        await publish(store, f"2026112{day}T000000Z-aaaaaa", [make_passage(f"day {day}")])
    assert ["day 3"] == await texts_of(await store.current())


async def test_without_its_manifest_a_half_removed_generation_is_none(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage()])
    await publish(store, "g2", [make_passage()])
    (folder_of(tmp_path, "g1") / "manifest.json").unlink()
    assert ["g2"] == [manifest.generation for manifest in await store.generations()]


class OvertakenStore(EdgeStore):
    """The generation that the pointer names is removed before it is opened, once."""

    overtaken = False

    async def _open_once(self, generation: str) -> EdgeReader:
        if not self.overtaken:
            self.overtaken = True
            await publish(EdgeStore(self.root, keep=1), "g2", [make_passage("new")])
        return await super()._open_once(generation)


async def test_a_reader_that_was_overtaken_by_a_publish_opens_the_new_generation(tmp_path: Path):
    await publish(EdgeStore(tmp_path, keep=1), "g1", [make_passage("old")])
    assert ["new"] == await texts_of(await OvertakenStore(tmp_path).current())


async def test_readers_and_a_publisher_never_meet_a_generation_that_is_gone(tmp_path: Path):
    await publish(EdgeStore(tmp_path, keep=1), "g0", [make_passage("text 0")])
    seen: list[str] = []

    async def read() -> None:
        while seen[-1:] != ["text 4"]:
            seen.extend(await texts_of(await EdgeStore(tmp_path).current()))
            await asyncio.sleep(0)

    async def write() -> None:
        for n in range(1, 5):
            await publish(EdgeStore(tmp_path, keep=1), f"g{n}", [make_passage(f"text {n}")])

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        tasks.create_task(write())
    assert sorted(seen) == seen
