"""The default store: Qdrant Edge, Qdrant's own engine inside this process.

    <root>/current                          id of the current generation
    <root>/generations/<id>/manifest.json
    <root>/generations/<id>/shard/          written once, then only read
    <root>/building/<id>/                   a generation in the making, swept by the next writer
    <root>/lock                             held by the one writer

Shards are made without a write-ahead log: with one, a second process could not open the same
shard, and a generation that is not yet published needs no log.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import qdrant_edge as qe  # noqa: TID251 - this is the one module
from filelock import FileLock, Timeout

from knowledge.errors import GenerationCorrupt, StoreLocked
from knowledge.fusion import fuse
from knowledge.generation import Manifest, dump_manifest, load_manifest
from knowledge.passage import Passage, ScoredPassage
from knowledge.payload import from_payload, to_payload
from knowledge.sparse import TermWeights
from knowledge.store import EmbeddedPassages, HybridQuery, SearchFilter

# Fields that filters name; Qdrant answers a filter on an unindexed field by reading every payload.
_KEYWORD_FIELDS = ("document_id", "language", "publisher", "status")
_SCROLL_LIMIT = 256
# Candidates of each leg. Their spread is what scores are normalised by, and 50 cost no more time in
# the engine than 10.
_N_CANDIDATES = 50


class EdgeStore:
    """A `PassageStore` in a folder. Any number of processes may read it, one may write.

    `keep` generations stay for roll-back and for replaying old answers; older ones are removed
    after a publish.
    """

    def __init__(self, root: Path, keep: int = 3) -> None:
        self.root = root
        self._keep = keep
        self._reader: EdgeReader | None = None
        self._opening = asyncio.Lock()

    async def current(self) -> "EdgeReader | None":
        """Open the current generation, or give back the open one while it is still current.

        Costs one small file read when nothing changed.

        Raises:
            GenerationCorrupt: The pointer names a generation that cannot be read.
        """
        generation = self._pointer()
        if generation is None:
            return None
        async with self._opening:
            if self._reader is None or self._reader.manifest.generation != generation:
                self._reader = await asyncio.to_thread(_open, self._folder(generation))
            return self._reader

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator["EdgeWriter"]:
        """Start a generation beside the others, filled with the parent's passages.

        Raises:
            StoreLocked: Another process is writing.
            GenerationCorrupt: The parent cannot be read.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreLocked(f"another ingest is writing to {self.root}; wait for it to end") from error
        try:
            building = self.root / "building"
            shutil.rmtree(building, ignore_errors=True)
            writer = EdgeWriter(self, building / generation)
            if parent is not None:
                await asyncio.to_thread(writer.copy_from, self._folder(parent.generation))
            yield writer
        finally:
            shutil.rmtree(self.root / "building", ignore_errors=True)
            lock.release()

    def make_current(self, building: Path, manifest: Manifest) -> None:
        """Move a finished generation into place and point to it; each step is atomic."""
        final = self._folder(manifest.generation)
        final.parent.mkdir(exist_ok=True)
        _write_durably(building / "manifest.json", dump_manifest(manifest))
        building.replace(final)
        pointer = self.root / "current.new"
        _write_durably(pointer, manifest.generation.encode())
        pointer.replace(self.root / "current")
        _sync_folder(self.root)
        for old in sorted(final.parent.iterdir())[: -self._keep]:
            if old != final:
                shutil.rmtree(old, ignore_errors=True)

    def _pointer(self) -> str | None:
        try:
            return (self.root / "current").read_text().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise GenerationCorrupt(f"{self.root / 'current'} cannot be read: {error}") from error

    def _folder(self, generation: str) -> Path:
        return self.root / "generations" / generation


class EdgeReader:
    """A `GenerationReader` on an open shard; safe to use from several threads."""

    def __init__(self, shard: qe.EdgeShard, manifest: Manifest) -> None:
        self.manifest = manifest
        self._shard = shard

    async def search(self, query: HybridQuery) -> list[ScoredPassage]:
        """Search both legs in one batched engine call, fuse them, fetch the best passages."""
        return await asyncio.to_thread(self._search, query)

    async def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """Fetch passages in the order of the ids; unknown or malformed ids are left out."""
        records = await asyncio.to_thread(self._retrieve, [i for i in passage_ids if _is_uuid(i)])
        by_id = {str(record.id): record.payload or {} for record in records}
        return [from_payload(i, by_id[i]) for i in passage_ids if i in by_id]

    async def document_passages(self, document_id: str) -> AsyncIterator[Passage]:
        """Yield the passages of a document in order of ordinal."""
        wanted = qe.Filter(must=[qe.FieldCondition(key="document_id", match=qe.MatchValue(document_id))])
        passages: list[Passage] = []
        offset: Any = None
        while True:
            request = qe.ScrollRequest(
                limit=_SCROLL_LIMIT, offset=offset, filter=wanted, with_payload=True, with_vector=False
            )
            records, offset = await asyncio.to_thread(self._shard.scroll, request)
            passages += [from_payload(str(record.id), record.payload or {}) for record in records]
            if offset is None:
                break
        for passage in sorted(passages, key=lambda passage: passage.ordinal):
            yield passage

    def _search(self, query: HybridQuery) -> list[ScoredPassage]:
        condition = _condition(query.only)
        limit = max(_N_CANDIDATES, query.limit)
        vectors: dict[str, Any] = {"dense": query.dense.tolist()}
        if len(query.sparse.indices):
            vectors["sparse"] = _vector(query.sparse)
        requests = [
            qe.QueryRequest(limit=limit, query=qe.Query.Nearest(vector, using=leg), filter=condition)
            for leg, vector in vectors.items()
        ]
        found = self._shard.query_batch(qe.QueryBatchRequest(requests))
        dense, sparse = ({point.id: point.score for point in leg} for leg in (*found, [])[:2])
        scores = dict(islice(fuse(dense, sparse).items(), query.limit))
        payloads = {record.id: record.payload or {} for record in self._retrieve(list(scores))}
        return [
            ScoredPassage(from_payload(str(i), payloads[i]), score, dense.get(i), sparse.get(i))
            for i, score in scores.items()
        ]

    def _retrieve(self, passage_ids: Sequence[int | str | UUID]) -> list[qe.Record]:
        return self._shard.retrieve([*passage_ids], with_payload=True, with_vector=False)


class EdgeWriter:
    """A `GenerationWriter` in a folder of its own."""

    def __init__(self, store: EdgeStore, building: Path) -> None:
        self._store = store
        self._building = building
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

    async def publish(self, manifest: Manifest) -> None:
        """Build the indexes, write everything to disk, make the generation current.

        Raises:
            GenerationCorrupt: The shard does not hold as many passages as the manifest says.
        """
        await asyncio.to_thread(self._publish, manifest)

    def _upsert(self, embedded: EmbeddedPassages) -> None:
        shard = self._open_or_create(embedded.dense.shape[1])
        points = [
            qe.Point(passage.passage_id, {"dense": dense, "sparse": _vector(sparse)}, to_payload(passage))
            for passage, dense, sparse in zip(
                embedded.passages, embedded.dense.tolist(), embedded.sparse, strict=True
            )
        ]
        shard.update(qe.UpdateOperation.upsert_points(points))

    def _publish(self, manifest: Manifest) -> None:
        shard = self._shard
        n_stored = shard.count(qe.CountRequest(exact=True)) if shard else 0
        if shard is None or n_stored != manifest.n_passages:
            raise GenerationCorrupt(
                f"the new generation holds {n_stored} passages, its manifest {manifest.n_passages}; not published"
            )
        shard.optimize()
        shard.flush()
        shard.close()
        self._store.make_current(self._building, manifest)

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


def _open(folder: Path) -> EdgeReader:
    try:
        manifest = load_manifest((folder / "manifest.json").read_bytes())
        shard = qe.EdgeShard.load(str(folder / "shard"))
    except GenerationCorrupt as error:
        raise GenerationCorrupt(f"{folder}: {error}") from error
    except Exception as error:  # the engine raises bare Exception
        raise GenerationCorrupt(
            f"{folder} cannot be opened: {error}. Run medcite-ingest again to build a new generation"
        ) from error
    return EdgeReader(shard, manifest)


def _vector(weights: TermWeights) -> qe.SparseVector:
    return qe.SparseVector(indices=weights.indices.tolist(), values=weights.values.tolist())


def _condition(only: SearchFilter) -> qe.Filter | None:
    admitted = {
        "language": only.languages,
        "publisher": only.publishers,
        "document_id": only.document_ids,
        "status": only.statuses,
    }
    must: list[Any] = [
        qe.FieldCondition(key=key, match=qe.MatchAny(list(values)))
        for key, values in admitted.items()
        if values
    ]
    if only.dated_from or only.dated_to:
        span = qe.RangeDateTime(
            gte=only.dated_from.isoformat() if only.dated_from else None,
            lte=only.dated_to.isoformat() if only.dated_to else None,
        )
        must.append(qe.FieldCondition(key="dated", range=span))
    return qe.Filter(must=must) if must else None


def _is_uuid(text: str) -> bool:
    # The engine raises on other strings, and ids arrive from URLs.
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
