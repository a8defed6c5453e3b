"""What only the writer on a Qdrant server does; what all writers do is in store_contract."""

import pytest
from qdrant_client import models

from knowledge.errors import GenerationCorrupt, StoreLocked, StoreUnavailable
from tests.knowledge.factories import embed, make_manifest, make_passage
from tests.knowledge.store_contract.places import QdrantPlace, wire_place
from tests.knowledge.store_contract.steps import complete, generation_ids
from tests.knowledge.store_contract.wire_qdrant import WireQdrant


@pytest.fixture
def server() -> WireQdrant:
    return WireQdrant()


@pytest.fixture
def place(server: WireQdrant) -> QdrantPlace:
    return wire_place(server)


async def test_a_collection_is_made_as_the_layout_says(server: WireQdrant):
    await complete(
        wire_place(server, shards=6, replicas=3, write_consistency=2).store(), "g1", [make_passage()]
    )
    assert {
        "vectors": {"dense": {"size": 64, "distance": "Dot"}},
        "sparse_vectors": {"sparse": {"modifier": "idf"}},
        "shard_number": 6,
        "replication_factor": 3,
        "write_consistency_factor": 2,
        "optimizers_config": {"indexing_threshold": 0},
        "metadata": {"medcite_generation": "g1"},
    } == server.bodies["PUT /collections/medcite_g1"][-1]


async def test_indexing_is_deferred_until_everything_is_loaded(place: QdrantPlace, server: WireQdrant):
    await complete(place.store(), "g1", [make_passage()])
    allow, load = "PATCH /collections/medcite_g1", "PUT /collections/medcite_g1/points"
    assert load not in server.seen[server.seen.index(allow) :]


async def test_indexing_is_allowed_before_the_generation_is_complete(place: QdrantPlace, server: WireQdrant):
    await complete(place.store(), "g1", [make_passage()])
    (change,) = server.bodies["PATCH /collections/medcite_g1"]
    assert change["optimizers_config"]["indexing_threshold"] > 0


async def test_every_field_that_a_filter_names_has_an_index(place: QdrantPlace, server: WireQdrant):
    await complete(place.store(), "g1", [make_passage()])
    made = server.bodies["PUT /collections/medcite_g1/index"]
    assert {
        "document_id": "keyword",
        "language": "keyword",
        "publisher": "keyword",
        "status": "keyword",
        "source": "keyword",
        "document_type": "keyword",
        "dated": "datetime",
    } == {each["field_name"]: each["field_schema"] for each in made}


@pytest.mark.parametrize("state", [models.CollectionStatus.YELLOW, models.CollectionStatus.GREY])
async def test_a_generation_is_complete_when_its_indexes_are_built(
    place: QdrantPlace, server: WireQdrant, state: models.CollectionStatus
):
    server.states = [state, state]
    await complete(place.store(), "g1", [make_passage()])
    assert 3 == server.seen.count("GET /collections/medcite_g1")


async def test_indexing_that_does_not_begin_is_started_again(place: QdrantPlace, server: WireQdrant):
    server.states = [models.CollectionStatus.GREY]
    await complete(place.store(), "g1", [make_passage()])
    assert 2 == server.seen.count("PATCH /collections/medcite_g1")


async def test_indexing_that_takes_too_long_is_given_up(server: WireQdrant):
    server.states = [models.CollectionStatus.YELLOW] * 99
    store = wire_place(server, green_within_s=0.05).store()
    with pytest.raises(
        StoreUnavailable, match=r"has not finished indexing medcite_g1 after \d+ s \(yellow\)"
    ):
        await complete(store, "g1", [make_passage()])
    assert [] == await generation_ids(store)


async def test_indexing_that_failed_is_told(place: QdrantPlace, server: WireQdrant):
    server.states = [models.CollectionStatus.RED]
    with pytest.raises(GenerationCorrupt, match="failed to index medcite_g1"):
        await complete(place.store(), "g1", [make_passage()])


async def test_a_writer_whose_lock_was_broken_does_not_complete(place: QdrantPlace):
    manifest = make_manifest("g1", [make_passage()])
    async with place.store().write("g1", None) as writer:
        await writer.upsert(embed([make_passage()]))
        await place.age_lock(3600)
        async with place.store().write("g2", None):
            with pytest.raises(StoreLocked, match=r"taken over by .*nothing is published"):
                await writer.complete(manifest)
    assert [] == await generation_ids(place.store())
