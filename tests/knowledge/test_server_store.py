"""What only the store on a Qdrant server does; what all stores do is in store_contract."""

import asyncio
from collections.abc import Iterator

import pytest
import stamina
from qdrant_client import models
from structlog.testing import capture_logs

from knowledge.errors import GenerationMissing, StoreUnavailable
from tests.knowledge.factories import make_passage
from tests.knowledge.store_contract.places import QdrantPlace, wire_place
from tests.knowledge.store_contract.steps import (
    complete,
    crash_while_writing,
    current_id,
    find,
    generation_ids,
    open_current,
    publish,
    texts_of,
)
from tests.knowledge.store_contract.wire_qdrant import WireQdrant, failure


@pytest.fixture
def server() -> WireQdrant:
    return WireQdrant()


@pytest.fixture
def place(server: WireQdrant) -> QdrantPlace:
    return wire_place(server)


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Ask a failing server again at once, four times in all."""
    with stamina.set_testing(True, attempts=4):
        yield


async def leave_as_killed(place: QdrantPlace, generation: str) -> None:
    """Leave what a writer that was killed an hour ago leaves: its lock and an unfinished collection."""
    async with place.store().write(generation, None):
        (lock,) = await place.client.retrieve(place.layout.lock, [1])
    await place.client.upsert(place.layout.lock, [models.PointStruct(id=1, vector={}, payload=lock.payload)])
    await place.age_lock(3600)
    await place.client.create_collection(
        place.layout.collection(generation), vectors_config={}, metadata={"medcite_generation": generation}
    )


async def test_a_generation_is_a_collection_under_two_aliases(place: QdrantPlace):
    await publish(place.store(), "g1", [make_passage()])
    aliases = {a.alias_name: a.collection_name for a in (await place.client.get_aliases()).aliases}
    assert {"medcite_current": "medcite_g1", "medcite_complete_g1": "medcite_g1"} == aliases


async def test_one_request_carries_both_legs_of_a_search(place: QdrantPlace, server: WireQdrant):
    store = place.store()
    await publish(store, "g1", [make_passage()])
    reader = await open_current(store)
    server.seen.clear()
    await find(reader)
    assert [
        "POST /collections/medcite_g1/points/query/batch",
        "POST /collections/medcite_g1/points",
    ] == server.seen


async def test_the_server_is_asked_for_the_current_generation_once_a_second(
    place: QdrantPlace, server: WireQdrant
):
    store = place.store()
    await publish(place.store(), "g1", [make_passage()])
    server.seen.clear()
    await asyncio.gather(*(store.current() for _ in range(50)))
    assert 1 == server.seen.count("GET /aliases")


async def test_a_failing_server_is_asked_for_the_current_generation_once_a_second(
    place: QdrantPlace, server: WireQdrant
):
    store = place.store()
    server.faults = [("GET /aliases", failure(503))]
    outcomes = await asyncio.gather(*(store.current() for _ in range(50)), return_exceptions=True)
    assert ({StoreUnavailable}, 1) == ({type(outcome) for outcome in outcomes}, len(server.seen))


async def test_nothing_is_asked_while_the_answer_is_fresh(place: QdrantPlace, server: WireQdrant):
    store = place.store()
    await publish(store, "g1", [make_passage()])
    await store.current()
    server.seen.clear()
    await store.current()
    assert [] == server.seen


async def test_the_manifest_is_found_by_no_search(place: QdrantPlace):
    store = place.store()
    await publish(store, "g1", [make_passage()])
    assert [make_passage()] == [hit.passage for hit in await find(await open_current(store))]


async def test_a_crashed_writer_leaves_no_collection(place: QdrantPlace):
    await crash_while_writing(place.store())
    assert {"medcite-lock"} == await place.collections()


async def test_the_next_writer_sweeps_what_a_killed_one_left(place: QdrantPlace):
    await publish(place.store(), "g1", [make_passage("old")])
    await leave_as_killed(place, "g2")
    await publish(place.store(), "g3", [make_passage("new")])
    assert {"medcite-lock", "medcite_g1", "medcite_g3"} == await place.collections()


async def test_a_generation_that_a_killed_writer_left_is_not_listed(place: QdrantPlace):
    await publish(place.store(), "g1", [make_passage("old")])
    await leave_as_killed(place, "g2")
    assert ["g1"] == await generation_ids(place.store())


async def test_a_collection_that_cannot_be_dropped_now_is_swept_next_time(
    place: QdrantPlace, server: WireQdrant
):
    server.faults = [("DELETE", failure(503))]
    with capture_logs() as logs:
        await crash_while_writing(place.store(), "g1")
    await publish(place.store(), "g2", [make_passage()])
    assert (["collection_not_dropped"], {"medcite-lock", "medcite_g2"}) == (
        [entry["event"] for entry in logs],
        await place.collections(),
    )


@pytest.mark.parametrize("name", ["medcite_notes", "medcite", "medcite_other_g1", "other_g1"])
async def test_a_collection_of_somebody_else_is_not_swept(place: QdrantPlace, name: str):
    await place.client.create_collection(name, vectors_config={}, metadata={"medcite_generation": "g1"})
    await publish(place.store(), "g2", [make_passage()])
    assert await place.client.collection_exists(name)


async def test_two_stores_with_two_names_do_not_meet(server: WireQdrant):
    one, other = wire_place(server, prefix="one"), wire_place(server, prefix="other")
    await publish(one.store(), "g1", [make_passage("one")])
    async with one.store().write("g2", None):
        await publish(other.store(), "g1", [make_passage("other")])
    assert (["one"], ["other"]) == tuple(
        [await texts_of(await open_current(each.store())) for each in (one, other)]
    )


async def test_the_generation_just_replaced_stays_for_those_who_read_it(place: QdrantPlace):
    for generation in ("g1", "g2", "g3"):
        await publish(place.store(keep=1), generation, [make_passage()])
    assert ["g2", "g3"] == await generation_ids(place.store())


async def test_a_reader_of_a_generation_that_is_no_longer_kept_is_told(place: QdrantPlace):
    store = place.store(keep=1)
    await publish(store, "g1", [make_passage()])
    old = await open_current(store)
    await publish(store, "g2", [make_passage()])
    await publish(store, "g3", [make_passage()])
    with pytest.raises(GenerationMissing, match=r"medcite_g1 .*MEDCITE_KEEP_GENERATIONS"):
        await find(old)


async def test_a_publish_holds_even_if_old_generations_cannot_be_removed(
    place: QdrantPlace, server: WireQdrant
):
    store = place.store(keep=1)
    await publish(store, "g1", [make_passage()])
    await publish(store, "g2", [make_passage()])
    await complete(store, "g3", [make_passage()])
    server.faults = [("DELETE", failure(503))] * 9
    with capture_logs() as logs:
        await store.publish("g3")
    assert ("g3", "old_generations_not_removed") == (await current_id(store), logs[-1]["event"])


async def test_a_store_can_be_closed(place: QdrantPlace):
    store = place.store()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.current()
