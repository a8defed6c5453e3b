"""How every store switches, keeps, lists and records generations."""

import asyncio
from dataclasses import replace

import pytest

from knowledge.errors import GenerationMissing
from knowledge.generation import CheckRecord, DocumentRecord, QuarantineRecord
from tests.knowledge.factories import embed, make_manifest, make_passage
from tests.knowledge.store_contract.places import Place
from tests.knowledge.store_contract.steps import (
    complete,
    current_id,
    find,
    generation_ids,
    notices,
    open_current,
    publish,
    texts_of,
)

N_DOCUMENTS = 20_000


async def test_an_empty_place_has_no_current_generation(place: Place):
    assert await place.store().current() is None


async def test_an_empty_place_has_no_generations(place: Place):
    assert [] == await place.store().generations()


async def test_a_published_generation_is_current_with_its_manifest(place: Place):
    store = place.store()
    manifest = await publish(store, "g1", [make_passage()])
    assert manifest == (await open_current(store)).manifest


async def test_a_complete_generation_is_not_current_until_it_is_published(place: Place):
    store = place.store()
    await complete(store, "g1", [make_passage()])
    assert await store.current() is None


async def test_a_complete_generation_is_readable_before_it_is_published(place: Place):
    store = place.store()
    await complete(store, "g1", [make_passage("new")])
    assert ["new"] == await texts_of(await store.open("g1"))


async def test_a_complete_generation_survives_the_next_writer(place: Place):
    await complete(place.store(), "g1", [make_passage()])
    await complete(place.store(), "g2", [make_passage()])
    assert ["g1", "g2"] == await generation_ids(place.store())


async def test_a_generation_that_does_not_exist_cannot_be_opened(place: Place):
    with pytest.raises(GenerationMissing, match="holds no generation 'g9'"):
        await place.store().open("g9")


async def test_a_generation_that_does_not_exist_cannot_be_published(place: Place):
    await publish(place.store(), "g1", [make_passage()])
    with pytest.raises(GenerationMissing, match="holds no generation 'g9'"):
        await place.store().publish("g9")
    assert "g1" == await current_id(place.store())


async def test_an_open_generation_is_not_opened_again(place: Place):
    store = place.store()
    await publish(store, "g1", [make_passage()])
    assert await store.current() is await store.current()


async def test_a_store_notices_what_another_published(place: Place):
    reading = place.store()
    await publish(place.store(), "g1", [make_passage()])
    await reading.current()
    await publish(place.store(), "g2", [make_passage()])
    assert await notices(reading, "g2")


async def test_a_store_notices_its_own_publish_at_once(place: Place):
    store = place.store()
    await publish(store, "g1", [make_passage()])
    await store.current()
    await publish(store, "g2", [make_passage()])
    assert "g2" == await current_id(store)


async def test_a_reader_sees_the_old_generation_or_the_new_one_and_never_both(place: Place):
    old = [make_passage(f"血压 {n}", n, status="superseded") for n in range(20)]
    new = [make_passage(f"血压 {n}", n) for n in range(20)]
    await publish(place.store(), "g1", old)
    await complete(place.store(), "g2", new)
    seen: list[set[str]] = []

    async def read() -> None:
        while not seen or seen[-1] != {"current"}:
            hits = await find(await open_current(place.store()))
            seen.append({hit.passage.imprint.status for hit in hits})
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        reading = asyncio.gather(read(), read())
        await asyncio.sleep(0.01)
        await place.store().publish("g2")
        await reading
    assert all(statuses in ({"superseded"}, {"current"}) for statuses in seen)


@pytest.mark.parametrize("keep", [1, 3])
async def test_an_old_reader_answers_after_a_new_publish(place: Place, keep: int):
    store = place.store(keep)
    await publish(store, "g1", [make_passage("old")])
    old = await open_current(store)
    await publish(store, "g2", [make_passage("new")])
    assert ["old"] == await texts_of(old)


async def test_as_many_generations_stay_as_are_kept(place: Place):
    for generation in ("g1", "g2", "g3", "g4"):
        await publish(place.store(keep=2), generation, [make_passage()])
    assert ["g3", "g4"] == await generation_ids(place.store())


async def test_an_older_generation_can_be_published_again(place: Place):
    await publish(place.store(), "g1", [make_passage("old")])
    await publish(place.store(), "g2", [make_passage("new")])
    await place.store().publish("g1")
    assert ["old"] == await texts_of(await open_current(place.store()))


async def test_a_newer_generation_stays_when_an_older_one_is_published_again(place: Place):
    await publish(place.store(), "g2", [make_passage()])
    await publish(place.store(), "g3", [make_passage()])
    await place.store(keep=1).publish("g2")
    assert ["g2", "g3"] == await generation_ids(place.store())


async def test_a_child_can_be_made_of_a_generation_that_is_not_current(place: Place):
    store = place.store()
    kept = make_passage("kept")
    parent = await complete(store, "g1", [kept])
    async with store.write("g2", parent) as writer:
        reader = await writer.complete(make_manifest("g2", [kept], "g1"))
    assert ["kept"] == await texts_of(reader)


async def test_a_manifest_can_be_replaced(place: Place):
    store = place.store()
    checked = replace(
        await complete(store, "g1", [make_passage()]),
        gate=(CheckRecord("recall", passed=True, measured=1, required=0.9),),
    )
    await store.record(checked)
    assert [checked] == await place.store().generations()


async def test_a_manifest_can_be_replaced_again_and_again(place: Place):
    store = place.store()
    manifest = await complete(store, "g1", [make_passage()])
    for forced in (True, False, True):
        await store.record(replace(manifest, forced=forced))
    assert [replace(manifest, forced=True)] == await place.store().generations()


async def test_a_replaced_manifest_changes_no_passage(place: Place):
    store = place.store()
    manifest = await complete(store, "g1", [make_passage("kept")])
    await store.record(replace(manifest, forced=True))
    assert ["kept"] == await texts_of(await store.open("g1"))


async def test_the_manifest_of_a_generation_that_does_not_exist_cannot_be_replaced(place: Place):
    with pytest.raises(GenerationMissing, match="holds no generation 'g9'"):
        await place.store().record(make_manifest("g9", []))


async def test_a_manifest_of_many_documents_is_read_as_it_was_written(place: Place):
    passage = make_passage()
    empty = {
        f"document-{n}": DocumentRecord("/文献", f"{n}.md", f"{n:064x}", f"{n:032x}", 0)
        for n in range(N_DOCUMENTS)
    }
    single = make_manifest("g1", [passage])
    manifest = replace(
        single,
        documents={**single.documents, **empty},
        quarantine=(QuarantineRecord("/文献", "坏.pdf", "0" * 64, 'kein "Text"\n'),),
    )
    async with place.store().write("g1", None) as writer:
        await writer.upsert(embed([passage]))
        await writer.complete(manifest)
    assert [manifest] == await place.store().generations()
