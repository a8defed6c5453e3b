"""The places where a store can lie, each good for any number of stores on the same generations."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from qdrant_client import AsyncQdrantClient, models

from knowledge.edge_store import EdgeStore
from knowledge.server_connection import Connection
from knowledge.server_layout import Layout
from knowledge.server_store import ServerStore
from knowledge.store import PassageStore
from tests.knowledge.store_contract.local_qdrant import LocalQdrant
from tests.knowledge.store_contract.wire_qdrant import URL, WireQdrant


class Place(Protocol):
    """Where generations lie."""

    def store(self, keep: int = 3) -> PassageStore:
        """Make a store of its own on the same generations, as another process would."""


@dataclass
class EdgePlace:
    """A folder."""

    root: Path

    def store(self, keep: int = 3) -> EdgeStore:
        return EdgeStore(self.root, keep)


@dataclass
class QdrantPlace:
    """A Qdrant server, real or not."""

    client: AsyncQdrantClient
    address: str = URL
    layout: Layout = field(default_factory=Layout)

    def store(self, keep: int = 3) -> ServerStore:
        return ServerStore(Connection(self.client, self.address), keep, self.layout)

    async def age_lock(self, seconds: float) -> None:
        """Make the writer's lock look as if its owner had been silent for a while."""
        (lock,) = await self.client.retrieve(self.layout.lock, [1])
        payload = lock.payload or {}
        older = {name: payload[name] - seconds for name in ("taken_at", "renewed_at")}
        point = models.PointStruct(id=1, vector={}, payload={**payload, **older})
        await self.client.upsert(self.layout.lock, [point])

    async def collections(self) -> set[str]:
        """Name the collections of the store."""
        listed = (await self.client.get_collections()).collections
        return {each.name for each in listed if each.name.startswith(self.layout.prefix)}


def local_place(**layout: Any) -> QdrantPlace:
    """Make a place in Qdrant's local mode."""
    return QdrantPlace(cast("AsyncQdrantClient", LocalQdrant()), layout=Layout(**layout))


def wire_place(server: WireQdrant, **layout: Any) -> QdrantPlace:
    """Make a place behind Qdrant's HTTP interface."""
    return QdrantPlace(server.client(), URL, Layout(**layout))
