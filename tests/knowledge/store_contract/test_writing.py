"""What every store's writers do to the next generation, and what they leave of the current one."""

import pytest

from knowledge.errors import GenerationCorrupt, StoreLocked
from tests.knowledge.factories import embed, make_manifest, make_passage
from tests.knowledge.store_contract.places import Place
from tests.knowledge.store_contract.steps import (
    crash_while_writing,
    documents_found,
    generation_ids,
    open_current,
    publish,
    texts_of,
)

KEPT, REMOVED = make_passage(), make_passage("血压", document_id="gout-zh")


async def test_a_generation_begins_with_the_passages_of_its_parent(place: Place):
    added = make_passage("尿酸", document_id="gout-zh")
    store = place.store()
    parent = await publish(store, "g1", [KEPT])
    async with store.write("g2", parent) as writer:
        await writer.upsert(embed([added]))
        await writer.complete(make_manifest("g2", [KEPT, added], "g1"))
    await store.publish("g2")
    assert {"hypertension-zh", "gout-zh"} == await documents_found(await open_current(store))


async def test_a_parent_of_many_passages_is_copied_whole(place: Place):
    passages = [make_passage(f"第 {n} 段", n) for n in range(1500)]
    store = place.store()
    parent = await publish(store, "g1", passages)
    async with store.write("g2", parent) as writer:
        reader = await writer.complete(make_manifest("g2", passages, "g1"))
    assert [passage.text for passage in passages] == await texts_of(reader)


async def test_a_copied_passage_keeps_its_vector(place: Place):
    store = place.store()
    parent = await publish(store, "g1", [KEPT])
    async with store.write("g2", parent) as writer:
        reader = await writer.complete(make_manifest("g2", [KEPT], "g1"))
    vectors = await reader.dense_vectors([KEPT.passage_id])
    assert pytest.approx(embed([KEPT]).dense[0]) == vectors[KEPT.passage_id]


async def test_a_deleted_document_is_not_found(place: Place):
    store = place.store()
    parent = await publish(store, "g1", [KEPT, REMOVED])
    async with store.write("g2", parent) as writer:
        await writer.delete_documents(["gout-zh"])
        await writer.complete(make_manifest("g2", [KEPT], "g1"))
    await store.publish("g2")
    assert {"hypertension-zh"} == await documents_found(await open_current(store))


async def test_deleting_before_anything_was_written_does_nothing(place: Place):
    store = place.store()
    async with store.write("g1", None) as writer:
        await writer.delete_documents(["gout-zh"])
        await writer.upsert(embed([KEPT]))
        reader = await writer.complete(make_manifest("g1", [KEPT]))
    assert {"hypertension-zh": 1} == await reader.passage_counts()


async def test_deleting_no_documents_does_nothing(place: Place):
    store = place.store()
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([KEPT]))
        await writer.delete_documents([])
        reader = await writer.complete(make_manifest("g1", [KEPT]))
    assert {"hypertension-zh": 1} == await reader.passage_counts()


async def test_the_parent_keeps_what_its_child_deletes(place: Place):
    store = place.store()
    parent = await publish(store, "g1", [KEPT, REMOVED])
    old = await open_current(store)
    async with store.write("g2", parent) as writer:
        await writer.delete_documents(["gout-zh"])
        await writer.complete(make_manifest("g2", [KEPT], "g1"))
    await store.publish("g2")
    assert {"hypertension-zh", "gout-zh"} == await documents_found(old)


async def test_writing_a_passage_twice_changes_nothing(place: Place):
    store = place.store()
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([KEPT]))
        await writer.upsert(embed([KEPT]))
        reader = await writer.complete(make_manifest("g1", [KEPT]))
    assert [KEPT.text] == await texts_of(reader)


async def test_a_count_that_differs_from_the_manifest_is_not_completed(place: Place):
    store = place.store()
    async with store.write("g1", None) as writer:
        await writer.upsert(embed([KEPT]))
        with pytest.raises(GenerationCorrupt, match="holds 1 passages, its manifest 2; not published"):
            await writer.complete(make_manifest("g1", [KEPT, REMOVED]))
    assert [] == await generation_ids(store)


async def test_a_generation_without_passages_is_not_completed(place: Place):
    async with place.store().write("g1", None) as writer:
        with pytest.raises(GenerationCorrupt, match="holds 0 passages"):
            await writer.complete(make_manifest("g1", []))


async def test_a_second_writer_is_told_to_wait(place: Place):
    async with place.store().write("g1", None):
        with pytest.raises(StoreLocked, match="wait for it to end"):
            async with place.store().write("g2", None):
                pass


async def test_a_refused_writer_does_not_disturb_the_first(place: Place):
    async with place.store().write("g1", None) as writer:
        await writer.upsert(embed([KEPT]))
        with pytest.raises(StoreLocked):
            async with place.store().write("g2", None):
                pass
        reader = await writer.complete(make_manifest("g1", [KEPT]))
    assert [KEPT.text] == await texts_of(reader)


async def test_a_crash_while_writing_leaves_the_old_generation_current(place: Place):
    await publish(place.store(), "g1", [make_passage("old")])
    await crash_while_writing(place.store())
    assert ["old"] == await texts_of(await open_current(place.store()))


async def test_a_crashed_generation_is_not_listed(place: Place):
    await publish(place.store(), "g1", [make_passage("old")])
    await crash_while_writing(place.store())
    assert ["g1"] == await generation_ids(place.store())


async def test_a_writer_that_does_not_complete_changes_nothing(place: Place):
    await publish(place.store(), "g1", [make_passage("old")])
    async with place.store().write("g2", None) as writer:
        await writer.upsert(embed([make_passage("dropped")]))
    assert ["old"] == await texts_of(await open_current(place.store()))


async def test_a_writer_can_begin_after_a_crashed_one(place: Place):
    await crash_while_writing(place.store())
    await publish(place.store(), "g3", [make_passage("new")])
    assert ["new"] == await texts_of(await open_current(place.store()))


async def test_a_parent_that_is_gone_cannot_be_copied(place: Place):
    with pytest.raises(GenerationCorrupt, match="g1"):
        async with place.store().write("g2", make_manifest("g1", [])):
            pass


async def test_a_writer_whose_parent_is_gone_frees_the_lock(place: Place):
    with pytest.raises(GenerationCorrupt):
        async with place.store().write("g2", make_manifest("g1", [])):
            pass
    await publish(place.store(), "g3", [make_passage("new")])
    assert ["new"] == await texts_of(await open_current(place.store()))
