"""Writing one generation of the embedded store."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import qdrant_edge as qe  # noqa: TID251 - one of the modules that speak to the engine

from knowledge.edge_reader import EdgeReader, open_generation, sparse_vector
from knowledge.errors import GenerationCorrupt
from knowledge.generation import Manifest, dump_manifest
from knowledge.payload import to_payload
from knowledge.store import EmbeddedPassages

# Fields that filters name; Qdrant answers a filter on an unindexed field by reading every payload.
_KEYWORD_FIELDS = ("document_id", "language", "publisher", "status")


class EdgeWriter:
    """A `GenerationWriter` in a folder of its own."""

    def __init__(self, building: Path, final: Path) -> None:
        self._building = building
        self._final = final
        self._shard: qe.EdgeShard | None = None

    def copy_from(self, parent: Path) -> None:
        """Start from a copy of the parent's files, which costs no re-reading of vectors."""
        try:
            shutil.copytree(parent / "shard", self._building / "shard")
            self._shard = qe.EdgeShard.load(str(self._building / "shard"))
        except Exception as error:  # the engine raises bare Exception
            raise GenerationCorrupt(f"{parent} cannot be copied: {error}") from error

    async def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Remove all passages of these documents."""
        if self._shard is None or not document_ids:
            return
        wanted = qe.Filter(must=[qe.FieldCondition(key="document_id", match=qe.MatchAny(list(document_ids)))])
        await asyncio.to_thread(self._shard.update, qe.UpdateOperation.delete_points_by_filter(wanted))

    async def upsert(self, embedded: EmbeddedPassages) -> None:
        """Write passages with their vectors."""
        await asyncio.to_thread(self._upsert, embedded)

    async def complete(self, manifest: Manifest) -> EdgeReader:
        """Build the indexes, write everything to disk, move the generation into place.

        Raises:
            GenerationCorrupt: The shard does not hold as many passages as the manifest says.
        """
        return await asyncio.to_thread(self._complete, manifest)

    def _upsert(self, embedded: EmbeddedPassages) -> None:
        shard = self._open_or_create(embedded.dense.shape[1])
        points = [
            qe.Point(
                passage.passage_id, {"dense": dense, "sparse": sparse_vector(sparse)}, to_payload(passage)
            )
            for passage, dense, sparse in zip(
                embedded.passages, embedded.dense.tolist(), embedded.sparse, strict=True
            )
        ]
        shard.update(qe.UpdateOperation.upsert_points(points))

    def _complete(self, manifest: Manifest) -> EdgeReader:
        shard = self._shard
        n_stored = shard.count(qe.CountRequest(exact=True)) if shard else 0
        if shard is None or n_stored != manifest.n_passages:
            raise GenerationCorrupt(
                f"the new generation holds {n_stored} passages, its manifest {manifest.n_passages}; not published"
            )
        shard.optimize()
        shard.flush()
        shard.close()
        self._final.parent.mkdir(exist_ok=True)
        write_durably(self._building / "manifest.json", dump_manifest(manifest))
        self._building.replace(self._final)
        sync_folder(self._final.parent)
        return open_generation(self._final)

    def _open_or_create(self, dimension: int) -> qe.EdgeShard:
        if self._shard is None:
            folder = self._building / "shard"
            folder.mkdir(parents=True)
            self._shard = qe.EdgeShard.create(str(folder), _config(dimension))
            for name in _KEYWORD_FIELDS:
                self._shard.update(qe.UpdateOperation.create_field_index(name, qe.PayloadSchemaType.Keyword))
        return self._shard


def _config(dimension: int) -> qe.EdgeConfig:
    return qe.EdgeConfig(
        # Vectors are normalised, so the dot product is the cosine.
        vectors={"dense": qe.EdgeVectorParams(size=dimension, distance=qe.Distance.Dot)},
        sparse_vectors={"sparse": qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
        wal_enabled=False,
    )


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
