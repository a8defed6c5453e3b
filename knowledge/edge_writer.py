"""Writing one generation of the embedded store."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import qdrant_edge as qe  # noqa: TID251 - one of the modules that speak to the engine

from knowledge.edge_reader import (
    FIELD_INDEXES,
    EdgeReader,
    dense_pages,
    give_back_memory,
    open_generation,
    points_of,
    shard_config,
)
from knowledge.embedding import Vectors
from knowledge.errors import GenerationCorrupt, KnowledgeError, StoreUnavailable
from knowledge.generation import Manifest, dump_manifest
from knowledge.store import DensePage, EmbeddedPassages

# What is written stays in memory until it is indexed, so it is indexed whenever there are so many
# kilobytes of vectors (8,192 passages of 384 numbers, 75 MB with all that belongs to them): more than
# the engine's own threshold of 10,000, below which it leaves a segment as it is.
_SEGMENT_KB = 12_288
# Passages that go to the engine in one call: as lists of numbers they take eight times their memory.
_BATCH = 256
# While a generation is written, each segment is left alone until almost nothing of it is valid. To
# merge, or to make up for deletions, would build every index several times, beside a full open segment.
_WHILE_WRITING = qe.EdgeOptimizersConfig(
    default_segment_number=10_000, max_segment_size=1, deleted_threshold=0.9
)
# Searches want few segments: in the end they are merged up to this size, as is a night's few changes.
_WHEN_COMPLETE = qe.EdgeOptimizersConfig(default_segment_number=2, max_segment_size=32_768)
# A new generation gets no graphs before its segments are merged, for merging builds them anew.
_NO_GRAPH = qe.HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=10_000, on_disk=False)
# The engine's own values; others would have it build the graphs of older generations again.
_GRAPH = qe.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000, on_disk=False)
# The engine writes through memory maps; where the disk has no room for one, the system ends the
# process (SIGBUS) instead of reporting an error. So there must be room for what comes before it
# comes: a new shard takes 62 MiB however little it holds, and a batch of passages a few.
_HEADROOM_BYTES = 128 * 2**20


class EdgeWriter:
    """A `GenerationWriter` in a folder of its own."""

    def __init__(self, building: Path, final: Path) -> None:
        self._building = building
        self._folder = building / "shard"
        self._final = final
        self._shard: qe.EdgeShard | None = None
        self._unindexed_bytes = 0
        # The ids of the passages written, 16 bytes each; None beside passages that were copied.
        self._written: bytearray | None = bytearray()

    def copy_from(self, parent: Path) -> None:
        """Start from a copy of the parent's files, which costs no re-reading of vectors.

        Raises:
            GenerationCorrupt: The parent cannot be read.
            StoreUnavailable: The copy cannot be written.
        """
        self._written = None
        try:
            shutil.copytree(parent / "shard", self._folder)
        except FileNotFoundError as error:
            raise GenerationCorrupt(f"{parent} cannot be copied: {error}") from error
        except OSError as error:
            raise StoreUnavailable(f"{parent} cannot be copied to {self._folder}: {error}") from error
        try:
            self._shard = qe.EdgeShard.load(str(self._folder), shard_config(_WHILE_WRITING))
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
        """Yield the dense vectors of all passages, some hundreds at a time.

        Raises:
            StoreUnavailable: The engine failed.
        """
        if self._shard is None:
            return
        pages = dense_pages(self._shard, bytes(self._written or b""))
        while True:
            with writing(self._building):
                page = await asyncio.to_thread(next, pages, None)
            if page is None:
                return
            yield page

    async def replace_dense(self, passage_ids: Sequence[str], dense: Vectors) -> None:
        """Replace dense vectors, float32 of shape (len(passage_ids), dimension).

        Raises:
            StoreUnavailable: The disk is full or cannot be written, or the engine failed.
        """
        if self._shard is None:
            return
        with writing(self._building):
            await asyncio.to_thread(self._replace_dense, self._shard, passage_ids, dense)

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
        for start in range(0, len(embedded.passages), _BATCH):
            shard.update(qe.UpdateOperation.upsert_points(points_of(embedded, slice(start, start + _BATCH))))
        if self._written is not None:
            self._written += b"".join(UUID(passage.passage_id).bytes for passage in embedded.passages)
        self._index_if_full(shard, embedded.dense.nbytes)

    def _replace_dense(self, shard: qe.EdgeShard, passage_ids: Sequence[str], dense: Vectors) -> None:
        insist_on_room(self._building.parent, _HEADROOM_BYTES)
        rows = zip(passage_ids, dense.tolist(), strict=True)
        shard.update(qe.UpdateOperation.update_vectors([qe.PointVectors(i, {"dense": v}) for i, v in rows]))
        self._index_if_full(shard, dense.nbytes)

    def _index_if_full(self, shard: qe.EdgeShard, written_bytes: int) -> None:
        self._unindexed_bytes += written_bytes
        if self._unindexed_bytes >= _SEGMENT_KB * 1024:
            self._index(shard)

    def _index(self, shard: qe.EdgeShard) -> None:
        """Move what was written from memory into files of its own."""
        shard.optimize()
        shard.flush()
        give_back_memory()
        self._unindexed_bytes = 0

    def _complete(self, manifest: Manifest) -> EdgeReader:
        shard = self._shard
        n_stored = shard.count(qe.CountRequest(exact=True)) if shard else 0
        if shard is None or n_stored != manifest.n_passages:
            raise GenerationCorrupt(
                f"the new generation holds {n_stored} passages, its manifest {manifest.n_passages}; not published"
            )
        self._index(shard)
        # Merging writes everything once more before the old files go.
        insist_on_room(self._building.parent, _HEADROOM_BYTES + _size_bytes(self._building))
        shard.close()
        graph = None if self._written is None else _GRAPH  # what was copied keeps its own
        shard = qe.EdgeShard.load(str(self._folder), shard_config(_WHEN_COMPLETE, hnsw_config=graph))
        self._index(shard)
        shard.close()
        self._final.parent.mkdir(exist_ok=True)
        write_durably(self._building / "manifest.json", dump_manifest(manifest))
        self._building.replace(self._final)
        sync_folder(self._final.parent)
        return open_generation(self._final)

    def _open_or_create(self, dimension: int) -> qe.EdgeShard:
        if self._shard is None:
            self._folder.mkdir(parents=True)
            # Vectors are normalised, so the dot product is the cosine.
            dense = {"dense": qe.EdgeVectorParams(size=dimension, distance=qe.Distance.Dot)}
            config = shard_config(_WHILE_WRITING, hnsw_config=_NO_GRAPH, vectors=dense)
            self._shard = qe.EdgeShard.create(str(self._folder), config)
            for name, index in FIELD_INDEXES.items():
                self._shard.update(qe.UpdateOperation.create_field_index(name, index))
        return self._shard


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
