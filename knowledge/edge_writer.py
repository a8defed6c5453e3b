"""Writing one generation of the embedded store."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as qe  # noqa: TID251 - one of the modules that speak to the engine

from knowledge.edge_reader import EdgeReader, dense_vectors, open_generation, sparse_vector
from knowledge.embedding import Vectors
from knowledge.errors import GenerationCorrupt, KnowledgeError, StoreUnavailable
from knowledge.generation import Manifest, dump_manifest
from knowledge.payload import to_payload
from knowledge.store import DensePage, EmbeddedPassages

# Fields that filters name; Qdrant answers a filter on an unindexed field by reading every payload.
# The indexes lie in files: in memory they would grow with the number of passages.
_FIELD_INDEXES: dict[str, qe.KeywordIndexParams | qe.DatetimeIndexParams] = {
    **dict.fromkeys(
        ("document_id", "language", "publisher", "status", "source", "document_type"),
        qe.KeywordIndexParams(memory=qe.Memory.Cold),
    ),
    "dated": qe.DatetimeIndexParams(memory=qe.Memory.Cold),
}
# What is written stays in memory until it is indexed, so it is indexed whenever there are so many
# kilobytes of vectors (16,384 passages of 384 numbers): more than the engine's own threshold of
# 10,000, below which it leaves a segment as it is. Indexing takes about 100 MB beside that.
_SEGMENT_KB = 24_576
# Small segments, such as a night's changes leave, are merged up to this size.
_MAX_SEGMENT_KB = 32_768
# Passages whose vectors are read at a time.
_PAGE = 1024
# The engine writes through memory maps; where the disk has no room for one, the system ends the
# process (SIGBUS) instead of reporting an error. So there must be room for what comes before it
# comes: a new shard takes 62 MiB however little it holds, and a batch of passages a few.
_HEADROOM_BYTES = 128 * 2**20


class EdgeWriter:
    """A `GenerationWriter` in a folder of its own."""

    def __init__(self, building: Path, final: Path) -> None:
        self._building = building
        self._final = final
        self._shard: qe.EdgeShard | None = None
        self._unindexed_bytes = 0

    def copy_from(self, parent: Path) -> None:
        """Start from a copy of the parent's files, which costs no re-reading of vectors.

        Raises:
            GenerationCorrupt: The parent cannot be read.
            StoreUnavailable: The copy cannot be written.
        """
        folder = self._building / "shard"
        try:
            shutil.copytree(parent / "shard", folder)
        except FileNotFoundError as error:
            raise GenerationCorrupt(f"{parent} cannot be copied: {error}") from error
        except OSError as error:
            raise StoreUnavailable(f"{parent} cannot be copied to {folder}: {error}") from error
        try:
            self._shard = qe.EdgeShard.load(str(folder))
        except Exception as error:  # the engine raises bare Exception
            raise GenerationCorrupt(f"the copy of {parent} cannot be opened: {error}") from error

    async def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Remove all passages of these documents.

        Raises:
            StoreUnavailable: The disk or the engine failed.
        """
        if self._shard is None or not document_ids:
            return
        wanted = qe.Filter(must=[qe.FieldCondition(key="document_id", match=qe.MatchAny(list(document_ids)))])
        with writing(self._building):
            await asyncio.to_thread(self._shard.update, qe.UpdateOperation.delete_points_by_filter(wanted))

    async def upsert(self, embedded: EmbeddedPassages) -> None:
        """Write passages with their vectors.

        Raises:
            StoreUnavailable: The disk is full or cannot be written, or the engine failed.
        """
        with writing(self._building):
            await asyncio.to_thread(self._upsert, embedded)

    async def dense_pages(self) -> AsyncIterator[DensePage]:
        """Yield the dense vectors of all passages, a thousand at a time.

        Raises:
            StoreUnavailable: The engine failed.
        """
        offset: Any = None
        while self._shard is not None:
            request = qe.ScrollRequest(
                limit=_PAGE, offset=offset, with_payload=["language"], with_vector=["dense"]
            )
            with writing(self._building):
                records, offset = await asyncio.to_thread(self._shard.scroll, request)
            if records:
                languages = [(record.payload or {})["language"] for record in records]
                yield DensePage([str(record.id) for record in records], languages, dense_vectors(records))
            if offset is None:
                return

    async def replace_dense(self, passage_ids: Sequence[str], dense: Vectors) -> None:
        """Replace dense vectors, float32 of shape (len(passage_ids), dimension).

        Raises:
            StoreUnavailable: The disk is full or cannot be written, or the engine failed.
        """
        if self._shard is None:
            return
        points = [qe.PointVectors(i, {"dense": v}) for i, v in zip(passage_ids, dense.tolist(), strict=True)]
        with writing(self._building):
            insist_on_room(self._building.parent, _HEADROOM_BYTES)
            await asyncio.to_thread(self._shard.update, qe.UpdateOperation.update_vectors(points))
            self._unindexed_bytes += dense.nbytes
            if self._unindexed_bytes >= _SEGMENT_KB * 1024:
                await asyncio.to_thread(self._index, self._shard)

    async def complete(self, manifest: Manifest) -> EdgeReader:
        """Build the indexes, write everything to disk, move the generation into place.

        Raises:
            GenerationCorrupt: The shard does not hold as many passages as the manifest says.
            StoreUnavailable: The disk is full or cannot be written, or the engine failed.
        """
        with writing(self._building):
            return await asyncio.to_thread(self._complete, manifest)

    def _upsert(self, embedded: EmbeddedPassages) -> None:
        insist_on_room(self._building.parent, _HEADROOM_BYTES)
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
        self._unindexed_bytes += embedded.dense.nbytes
        if self._unindexed_bytes >= _SEGMENT_KB * 1024:
            self._index(shard)

    def _index(self, shard: qe.EdgeShard) -> None:
        """Move what was written from memory into files of its own."""
        shard.optimize()
        shard.flush()
        self._unindexed_bytes = 0

    def _complete(self, manifest: Manifest) -> EdgeReader:
        shard = self._shard
        n_stored = shard.count(qe.CountRequest(exact=True)) if shard else 0
        if shard is None or n_stored != manifest.n_passages:
            raise GenerationCorrupt(
                f"the new generation holds {n_stored} passages, its manifest {manifest.n_passages}; not published"
            )
        # Optimising writes everything once more before the old files go.
        insist_on_room(self._building.parent, _HEADROOM_BYTES + _size_bytes(self._building))
        self._index(shard)
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
            for name, index in _FIELD_INDEXES.items():
                self._shard.update(qe.UpdateOperation.create_field_index(name, index))
        return self._shard


def _config(dimension: int) -> qe.EdgeConfig:
    # Cached: mapped files, read ahead; searched as fast as from memory, which it leaves to others.
    sparse = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf, memory=qe.Memory.Cached)
    return qe.EdgeConfig(
        # Vectors are normalised, so the dot product is the cosine.
        vectors={"dense": qe.EdgeVectorParams(size=dimension, distance=qe.Distance.Dot)},
        sparse_vectors={"sparse": sparse},
        id_tracker_memory=qe.Memory.Cold,
        optimizers=qe.EdgeOptimizersConfig(default_segment_number=2, max_segment_size=_MAX_SEGMENT_KB),
        wal_enabled=False,
    )


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Give errors of the disk and of the engine, which raises bare Exception, a form of ours.

    Raises:
        StoreUnavailable: Something in the block failed.
    """
    try:
        yield
    except KnowledgeError:
        raise
    except Exception as error:
        raise StoreUnavailable(
            f"{place} cannot be written: {error}; see that the disk has room and may be written, and run again"
        ) from error


def insist_on_room(folder: Path, wanted_bytes: int) -> None:
    """See to it that the disk of a folder, or of the nearest one above it, has room.

    Raises:
        StoreUnavailable: Fewer bytes than wanted are free.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free_bytes = shutil.disk_usage(there).free
    if free_bytes < wanted_bytes:
        raise StoreUnavailable(
            f"{folder} cannot be written: {free_bytes >> 20} MiB are free where {wanted_bytes >> 20} MiB are "
            "wanted; make room and run again"
        )


def _size_bytes(folder: Path) -> int:
    # Blocks, not length: the engine's files are longer than what is in them.
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


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
