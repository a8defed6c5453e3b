"""The manifest of a generation, kept in the collection that it describes.

It lies in points of its own, numbered (passages have UUIDs) and without vectors, so that no search
finds them and no idf counts them; whatever copies, moves or deletes the collection does so to the
manifest too. Point 0 is the head: it says which points hold the parts. Collection metadata would be
handier, but it is part of every answer about the collection and of the cluster's consensus log,
where megabytes do not belong.

A document takes 317 bytes of JSON, 76 packed and 101 as base64 (20,000 records like MedQuAD's), so a
million documents are 97 parts; a request may hold 32 MiB.
"""

import asyncio
import hashlib
import zlib
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, fields
from typing import Any

from qdrant_client import models

from knowledge.errors import GenerationCorrupt
from knowledge.generation import Manifest, dump_manifest, load_manifest
from knowledge.server_connection import Connection

_PART_CHARS = 2**20
_PARTS_PER_REQUEST = 8
# The hashes in a manifest do not shrink; stronger levels take five times as long for a tenth less.
_ZLIB_LEVEL = 1
_HEAD = 0
# The parts of a manifest and of the one that replaces it lie in two places, by turns.
_PLACES = (1, 2**32)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the parts are and what they must hash to."""

    first: int
    n_parts: int
    sha256: str

    @property
    def part_ids(self) -> range:
        return range(self.first, self.first + self.n_parts)


_HEAD_FIELDS = {field.name for field in fields(_Head)}


async def save_manifest(server: Connection, collection: str, manifest: Manifest) -> None:
    """Write a manifest into its collection, in place of an earlier one in one atomic step.

    Raises:
        StoreUnavailable: The server cannot be reached or fails.
    """
    old = await _read_head(server, collection)
    packed = await asyncio.to_thread(_pack, manifest)
    texts = [packed[start : start + _PART_CHARS] for start in range(0, len(packed), _PART_CHARS)]
    first = _PLACES[1] if old is not None and old.first == _PLACES[0] else _PLACES[0]
    head = _Head(first, len(texts), hashlib.sha256(packed.encode()).hexdigest())
    for number, text in zip(head.part_ids, texts, strict=True):
        await _write(server, collection, number, {"manifest": text})
    await _write(server, collection, _HEAD, asdict(head))
    if old is not None:
        outdated = models.PointIdsList(points=list(old.part_ids))
        await server.ask(lambda client: client.delete(collection, outdated))


async def read_manifest(server: Connection, collection: str) -> Manifest:
    """Read the manifest of a collection.

    Raises:
        GenerationCorrupt: It is not there, incomplete or damaged.
        GenerationMissing: The collection does not exist.
        StoreUnavailable: The server cannot be reached or fails.
    """
    head = await _read_head(server, collection)
    while True:
        try:
            return await _read(server, collection, head)
        except (GenerationCorrupt, KeyError, TypeError, ValueError, zlib.error) as error:
            read, head = head, await _read_head(server, collection)
            if read != head:  # it was replaced meanwhile
                continue
            raise GenerationCorrupt(
                f"the manifest in collection {collection} on Qdrant at {server.address} cannot be read "
                f"({error}); run medcite-ingest again to build a new generation"
            ) from error


def is_manifest_part(point_id: models.ExtendedPointId) -> bool:
    """Tell a part of the manifest from a passage."""
    return isinstance(point_id, int)


async def _read(server: Connection, collection: str, head: _Head | None) -> Manifest:
    if head is None:
        raise GenerationCorrupt("its head is missing or damaged")
    parts: dict[Any, dict[str, Any]] = {}
    for start in range(0, head.n_parts, _PARTS_PER_REQUEST):
        parts |= await _fetch(server, collection, head.part_ids[start : start + _PARTS_PER_REQUEST])
    packed = "".join(parts[number]["manifest"] for number in head.part_ids)
    if hashlib.sha256(packed.encode()).hexdigest() != head.sha256:
        raise GenerationCorrupt("its parts do not belong together")
    return await asyncio.to_thread(_unpack, packed)


async def _read_head(server: Connection, collection: str) -> _Head | None:
    payload = (await _fetch(server, collection, range(_HEAD, _HEAD + 1))).get(_HEAD)
    return _Head(**payload) if payload and payload.keys() == _HEAD_FIELDS else None


async def _fetch(server: Connection, collection: str, numbers: range) -> dict[Any, dict[str, Any]]:
    records = await server.ask(lambda client: client.retrieve(collection, list(numbers)))
    return {record.id: record.payload or {} for record in records}


async def _write(server: Connection, collection: str, number: int, payload: dict[str, Any]) -> None:
    point = models.PointStruct(id=number, vector={}, payload=payload)
    await server.ask(lambda client: client.upsert(collection, [point]))


def _pack(manifest: Manifest) -> str:
    return b64encode(zlib.compress(dump_manifest(manifest), _ZLIB_LEVEL)).decode()


def _unpack(packed: str) -> Manifest:
    return load_manifest(zlib.decompress(b64decode(packed)))
