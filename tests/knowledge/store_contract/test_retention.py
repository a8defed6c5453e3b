"""What every store keeps: after a publish, after a failed gate; and that it can be closed."""

from dataclasses import replace

from knowledge.generation import CheckRecord
from knowledge.store import PassageStore
from tests.knowledge.factories import make_passage
from tests.knowledge.store_contract.places import Place
from tests.knowledge.store_contract.steps import complete, generation_ids, publish

FAILED = (CheckRecord("recall", passed=False, measured=0.5, required=0.8),)


async def reject(store: PassageStore, generation: str, *, forced: bool = False) -> None:
    """Complete a generation and have the gate reject it."""
    manifest = await complete(store, generation, [make_passage()])
    await store.record(replace(manifest, gate=FAILED, forced=forced))


async def kept_by_the_next_writer(place: Place) -> list[str]:
    async with place.store().write("g9", None):
        return await generation_ids(place.store())


async def test_a_generation_that_failed_the_gate_stays_until_the_next_writer(place: Place):
    await publish(place.store(), "g1", [make_passage()])
    await reject(place.store(), "g2")
    kept = await generation_ids(place.store())
    assert (["g1", "g2"], ["g1"]) == (kept, await kept_by_the_next_writer(place))


async def test_a_generation_forced_through_the_gate_stays(place: Place):
    await publish(place.store(), "g1", [make_passage()])
    await reject(place.store(), "g2", forced=True)
    assert ["g1", "g2"] == await kept_by_the_next_writer(place)


async def test_the_current_generation_stays_whatever_its_manifest_says(place: Place):
    await reject(place.store(), "g1")
    await place.store().publish("g1")
    assert ["g1"] == await kept_by_the_next_writer(place)


async def test_a_generation_that_the_gate_has_not_seen_stays(place: Place):
    await complete(place.store(), "g1", [make_passage()])
    assert ["g1"] == await kept_by_the_next_writer(place)


async def test_the_generation_just_replaced_is_the_last_to_go(place: Place):
    await publish(place.store(keep=2), "g1", [make_passage()])
    # Nights on which nothing was published.
    for generation in ("g2", "g3"):
        await complete(place.store(), generation, [make_passage()])
    await complete(place.store(), "g4", [make_passage()])
    await place.store(keep=2).publish("g4")
    assert ["g1", "g4"] == await generation_ids(place.store())


async def test_a_store_that_has_read_can_be_closed(place: Place):
    await publish(place.store(), "g1", [make_passage()])
    store = place.store()
    await store.current()
    await store.close()
