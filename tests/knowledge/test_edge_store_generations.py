"""Several generations beside each other: writers, publication, roll-back, retention."""

from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationMissing, StoreLocked
from knowledge.generation import CheckRecord
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


async def test_a_complete_generation_is_not_current_before_it_is_published(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage("old")])
    await complete(EdgeStore(tmp_path), "g2", "new")
    assert ["old"] == await texts_of(await EdgeStore(tmp_path).current())


async def test_a_complete_generation_can_be_read_before_it_is_published(tmp_path: Path):
    assert ["new"] == await texts_of(await complete(EdgeStore(tmp_path), "g2", "new"))


async def test_an_older_generation_can_be_made_current_again(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage("old")])
    await publish(store, "g2", [make_passage("new")])
    await store.publish("g1")
    assert ["old"] == await texts_of(await store.current())


async def test_a_roll_back_keeps_the_newer_generation(tmp_path: Path):
    store = EdgeStore(tmp_path, keep=1)
    await complete(store, "g2", "new")
    await publish(store, "g1", [make_passage("old")])
    assert {"g1", "g2"} == names_in(tmp_path / "generations")


@pytest.mark.parametrize("generation", ["g9", "", ".."])
async def test_a_generation_that_does_not_exist_cannot_be_published(tmp_path: Path, generation: str):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    with pytest.raises(GenerationMissing, match=f"{tmp_path} holds no generation '{generation}'"):
        await EdgeStore(tmp_path).publish(generation)


async def test_generations_are_listed_oldest_first(tmp_path: Path):
    store = EdgeStore(tmp_path)
    manifests = [await publish(store, generation, [make_passage()]) for generation in ("g1", "g2")]
    assert manifests == await store.generations()


async def test_a_generation_that_cannot_be_read_is_not_listed(tmp_path: Path):
    manifest = await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    await publish(EdgeStore(tmp_path), "g2", [make_passage()])
    (folder_of(tmp_path, "g2") / "manifest.json").write_bytes(b"{")
    assert [manifest] == await EdgeStore(tmp_path).generations()


async def test_a_second_writer_is_told_to_wait(tmp_path: Path):
    async with EdgeStore(tmp_path).write("g1", None):
        with pytest.raises(StoreLocked, match=f"writing to {tmp_path}"):
            async with EdgeStore(tmp_path).write("g2", None):
                pass


async def test_a_refused_writer_does_not_disturb_the_first(tmp_path: Path):
    passage = make_passage()
    store = EdgeStore(tmp_path)
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([passage]))
        with pytest.raises(StoreLocked):
            async with EdgeStore(tmp_path).write("g2", None):
                pass
        await writer.complete(make_manifest("g1", [passage]))
        await store.publish("g1")
    assert [passage.text] == await texts_of(await store.current())


async def test_an_old_reader_answers_after_a_new_publish(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage("old")])
    old = await store.current()
    await publish(store, "g2", [make_passage("new")])
    assert ["old"] == await texts_of(old)


async def test_an_old_reader_answers_after_its_folder_was_removed(tmp_path: Path):
    store = EdgeStore(tmp_path, keep=1)
    await publish(store, "g1", [make_passage("old")])
    old = await store.current()
    await publish(store, "g2", [make_passage("new")])
    assert (False, ["old"]) == (folder_of(tmp_path, "g1").exists(), await texts_of(old))


async def test_as_many_generations_stay_as_are_kept(tmp_path: Path):
    for generation in ("g1", "g2", "g3", "g4"):
        await publish(EdgeStore(tmp_path, keep=2), generation, [make_passage()])
    assert {"g3", "g4"} == names_in(tmp_path / "generations")


async def test_the_new_generation_stays_even_when_its_id_sorts_first(tmp_path: Path):
    await publish(EdgeStore(tmp_path, keep=1), "g2", [make_passage("old")])
    await publish(EdgeStore(tmp_path, keep=1), "g1", [make_passage("new")])
    assert ["new"] == await texts_of(await EdgeStore(tmp_path, keep=1).current())


async def test_a_complete_generation_can_be_opened_by_its_id(tmp_path: Path):
    await complete(EdgeStore(tmp_path), "g2", "new")
    assert ["new"] == await texts_of(await EdgeStore(tmp_path).open("g2"))


async def test_a_generation_that_does_not_exist_cannot_be_opened(tmp_path: Path):
    with pytest.raises(GenerationMissing, match=f"{tmp_path} holds no generation 'g9'"):
        await EdgeStore(tmp_path).open("g9")


async def test_what_the_gate_found_is_kept_in_the_manifest(tmp_path: Path):
    store = EdgeStore(tmp_path)
    reader = await complete(store, "g1", "new")
    found = replace(reader.manifest, gate=(CheckRecord("recall", True, 0.95, 0.9),))
    await store.record(found)
    assert [found] == await store.generations()


async def test_a_generation_that_does_not_exist_has_no_record(tmp_path: Path):
    with pytest.raises(GenerationMissing, match="holds no generation 'g9'"):
        await EdgeStore(tmp_path).record(make_manifest("g9", []))
