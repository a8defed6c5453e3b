import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.server_connection import connect
from knowledge.server_layout import Layout
from tests.knowledge.store_contract.places import EdgePlace, Place, QdrantPlace, local_place, wire_place
from tests.knowledge.store_contract.wire_qdrant import WireQdrant

# A live server is one more place where one is named, not a test that is skipped where none is.
LIVE = ["live"] if "QDRANT_URL" in os.environ else []


@pytest.fixture(params=["edge", "local", "wire", *LIVE])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Give an empty place for generations, of each kind in turn."""
    if request.param == "edge":
        yield EdgePlace(tmp_path)
    elif request.param == "local":
        yield local_place()
    elif request.param == "wire":
        yield wire_place(WireQdrant())
    else:
        async for live in live_place():
            yield live


async def live_place() -> AsyncIterator[QdrantPlace]:
    """Give a place on the server at QDRANT_URL under a name of its own, and clear it afterwards."""
    server = connect(os.environ["QDRANT_URL"], os.environ.get("QDRANT_API_KEY"))
    place = QdrantPlace(server.client, server.address, Layout(prefix=f"medcitetest{secrets.token_hex(4)}"))
    try:
        yield place
    finally:
        for collection in await place.collections():
            await server.client.delete_collection(collection)
        await server.client.close()
