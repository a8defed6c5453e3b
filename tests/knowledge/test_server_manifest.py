import hashlib
from dataclasses import replace

import pytest
from qdrant_client import models

from knowledge.errors import GenerationCorrupt
from knowledge.generation import DocumentRecord, Manifest
from knowledge.server_connection import Connection
from knowledge.server_manifest import read_manifest, save_manifest
from tests.knowledge.factories import make_manifest
from tests.knowledge.store_contract.wire_qdrant import URL, WireQdrant

COLLECTION = "medcite_g1"


def make_large(n_documents: int, forced: bool = False) -> Manifest:
    """Make a manifest whose hashes do not shrink, as real ones do not."""
    records = {
        f"document-{n}": DocumentRecord(
            "/texts", f"{n}.md", hashlib.sha256(str(n).encode()).hexdigest(), "r", 1
        )
        for n in range(n_documents)
    }
    return replace(make_manifest("g1", []), documents=records, forced=forced)


@pytest.fixture
def wire() -> WireQdrant:
    return WireQdrant()


@pytest.fixture
async def server(wire: WireQdrant) -> Connection:
    client = wire.client()
    await client.create_collection(COLLECTION, vectors_config={})
    return Connection(client, URL)


async def nothing() -> None:
    """Let one request pass."""


async def points_in(server: Connection) -> list[models.Record]:
    return (await server.client.scroll(COLLECTION, limit=100))[0]


async def overwrite(server: Connection, number: int, payload: dict[str, object]) -> None:
    await server.client.upsert(COLLECTION, [models.PointStruct(id=number, vector={}, payload=payload)])


async def test_a_large_manifest_is_cut_into_parts(server: Connection):
    manifest = make_large(20_000)
    await save_manifest(server, COLLECTION, manifest)
    assert (manifest, True) == (await read_manifest(server, COLLECTION), len(await points_in(server)) > 2)


async def test_no_part_is_larger_than_a_request_may_be(server: Connection):
    await save_manifest(server, COLLECTION, make_large(20_000))
    assert 2**20 == max(len((point.payload or {}).get("manifest", "")) for point in await points_in(server))


async def test_replacing_a_manifest_leaves_nothing_of_the_old_one(server: Connection):
    await save_manifest(server, COLLECTION, make_large(20_000))
    for _ in range(3):
        await save_manifest(server, COLLECTION, make_large(1))
    assert 2 == len(await points_in(server))


async def test_a_manifest_that_is_replaced_while_it_is_read_is_read_anew(
    server: Connection, wire: WireQdrant
):
    new = make_large(1, forced=True)
    await save_manifest(server, COLLECTION, make_large(1))

    async def replace_it() -> None:
        await save_manifest(server, COLLECTION, new)

    fetch = f"POST /collections/{COLLECTION}/points"
    wire.meanwhile = [(fetch, nothing), (fetch, replace_it)]
    assert new == await read_manifest(server, COLLECTION)


async def test_a_manifest_is_the_old_one_until_its_replacement_is_whole(server: Connection, wire: WireQdrant):
    old = make_large(1)
    await save_manifest(server, COLLECTION, old)
    seen = []

    async def look() -> None:
        seen.append(await read_manifest(server, COLLECTION))

    wire.meanwhile = [(f"PUT /collections/{COLLECTION}/points", look)] * 2
    await save_manifest(server, COLLECTION, make_large(1, forced=True))
    assert [old, old] == seen


async def refusal_to_read(server: Connection) -> str:
    with pytest.raises(GenerationCorrupt) as caught:
        await read_manifest(server, COLLECTION)
    return str(caught.value)


async def test_a_collection_without_a_manifest_is_named(server: Connection):
    assert f"collection {COLLECTION} on Qdrant at {URL}" in await refusal_to_read(server)


@pytest.mark.parametrize(
    "head",
    [{}, {"first": 1}, {"first": 1, "n_parts": 1, "sha256": "0"}, {"first": 9, "n_parts": 1, "sha256": "0"}],
)
async def test_a_damaged_head_says_how_to_build_a_new_generation(server: Connection, head: dict[str, object]):
    await save_manifest(server, COLLECTION, make_large(1))
    await overwrite(server, 0, head)
    assert "run medcite-ingest again" in await refusal_to_read(server)


@pytest.mark.parametrize("payload", [{"manifest": "AAAA"}, {"manifest": 7}, {}])
async def test_a_damaged_part_says_how_to_build_a_new_generation(
    server: Connection, payload: dict[str, object]
):
    await save_manifest(server, COLLECTION, make_large(1))
    await overwrite(server, 1, payload)
    assert "run medcite-ingest again" in await refusal_to_read(server)
