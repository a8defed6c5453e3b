"""Writing one generation on a Qdrant server."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

from qdrant_client import AsyncQdrantClient, models

from knowledge.embedding import Vectors
from knowledge.errors import GenerationCorrupt, GenerationMissing, StoreUnavailable
from knowledge.generation import Manifest
from knowledge.server_connection import Connection
from knowledge.server_layout import Layout
from knowledge.server_lock import WriterLock
from knowledge.server_manifest import is_manifest_part, save_manifest
from knowledge.server_points import copied, dense_page, dimension_of, points_of
from knowledge.server_reader import PAGE, ServerReader, open_generation
from knowledge.store import DensePage, EmbeddedPassages

# Fields that filters name; Qdrant answers a filter on an unindexed field by reading every payload.
_FIELDS = {
    "document_id": models.PayloadSchemaType.KEYWORD,
    "language": models.PayloadSchemaType.KEYWORD,
    "publisher": models.PayloadSchemaType.KEYWORD,
    "status": models.PayloadSchemaType.KEYWORD,
    "source": models.PayloadSchemaType.KEYWORD,
    "document_type": models.PayloadSchemaType.KEYWORD,
    "dated": models.PayloadSchemaType.DATETIME,
}
# Streams that keep the shards of a small cluster busy (Qdrant's guide to bulk uploads: two to four).
_N_STREAMS = 4
_DOCUMENTS_PER_DELETE = 1000
# Kilobytes of vectors in a segment from which on it is indexed; 0 defers it, this is the server's default.
_INDEXING_THRESHOLD_KB = 10_000
_FIRST_LOOK_S = 0.1
_LONGEST_LOOK_S = 5.0


class ServerWriter:
    """A `GenerationWriter` on a collection of its own, which nobody reads yet."""

    def __init__(self, server: Connection, layout: Layout, generation: str, lock: WriterLock) -> None:
        self._server = server.patient()
        self._layout = layout
        self._generation = generation
        self._collection = layout.collection(generation)
        self._lock = lock
        self._exists = False
        self.is_complete = False

    async def copy_from(self, parent: Manifest) -> None:
        """Copy the parent's passages with their vectors, page by page.

        Raises:
            GenerationCorrupt: The parent is gone or cannot be read.
            StoreUnavailable: The server cannot be reached or fails.
        """
        source = self._layout.collection(parent.generation)
        try:
            info = await self._server.ask(lambda client: client.get_collection(source))
            await self._create(dimension_of(info))
            offset: models.ExtendedPointId | None = None
            while True:
                records, offset = await self._page(source, offset)
                await self._upsert([copied(r) for r in records if not is_manifest_part(r.id)])
                if offset is None:
                    return
        except GenerationMissing as error:
            raise GenerationCorrupt(
                f"generation {parent.generation} cannot be copied: {error}. Run medcite-ingest again"
            ) from error

    async def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Remove all passages of these documents."""
        if not self._exists:
            return
        for start in range(0, len(document_ids), _DOCUMENTS_PER_DELETE):
            await self._lock.renew()
            await self._delete(document_ids[start : start + _DOCUMENTS_PER_DELETE])

    async def upsert(self, embedded: EmbeddedPassages) -> None:
        """Write passages with their vectors.

        Raises:
            StoreLocked: Another writer took over because this one was silent for too long.
            StoreUnavailable: The server cannot be reached or fails.
        """
        await self._create(embedded.dense.shape[1])
        step = PAGE * _N_STREAMS
        for start in range(0, len(embedded.passages), step):
            await self._upsert(points_of(embedded, slice(start, start + step)))

    async def dense_pages(self) -> AsyncIterator[DensePage]:
        """Yield the dense vectors of all passages.

        Raises:
            StoreUnavailable: The server cannot be reached or fails.
        """
        offset: models.ExtendedPointId | None = None
        while self._exists:
            await self._lock.renew()
            records, offset = await self._page(self._collection, offset)
            passages = [record for record in records if not is_manifest_part(record.id)]
            if passages:
                yield dense_page(passages)
            if offset is None:
                return

    async def replace_dense(self, passage_ids: Sequence[str], dense: Vectors) -> None:
        """Replace dense vectors, float32 of shape (len(passage_ids), dimension).

        Raises:
            StoreLocked: Another writer took over because this one was silent for too long.
            StoreUnavailable: The server cannot be reached or fails.
        """
        await self._lock.renew()
        points = [
            models.PointVectors(id=i, vector={"dense": v})
            for i, v in zip(passage_ids, dense.tolist(), strict=True)
        ]
        for start in range(0, len(points), PAGE):
            part = points[start : start + PAGE]
            await self._server.ask(partial(_update_vectors, self._collection, part))

    async def complete(self, manifest: Manifest) -> ServerReader:
        """Build the indexes, store the manifest, mark the generation as complete.

        Raises:
            GenerationCorrupt: The collection does not hold as many passages as the manifest says, or
                the server failed to index it.
            StoreLocked: Another writer took over because this one was silent for too long.
            StoreUnavailable: The server cannot be reached, fails, or is not done in time.
        """
        await self._lock.confirm()
        counted = await self._server.ask(lambda c: c.count(self._collection)) if self._exists else None
        if counted is None or counted.count != manifest.n_passages:
            n_stored = counted.count if counted else 0
            raise GenerationCorrupt(
                f"the new generation holds {n_stored} passages, its manifest {manifest.n_passages}; not published"
            )
        await save_manifest(self._server, self._collection, manifest)
        await self._index()
        reader = await open_generation(self._server, self._collection)
        # Whoever broke the lock meanwhile has swept the collection, and an alias of nothing is refused.
        mark = models.CreateAlias(
            collection_name=self._collection, alias_name=self._layout.complete(self._generation)
        )
        await self._server.ask(
            lambda client: client.update_collection_aliases([models.CreateAliasOperation(create_alias=mark)])
        )
        self.is_complete = True
        return reader

    async def _create(self, dimension: int) -> None:
        if self._exists:
            return
        await self._server.create(
            self._collection,
            _FIELDS,
            # Vectors are normalised, so the dot product is the cosine.
            vectors_config={"dense": models.VectorParams(size=dimension, distance=models.Distance.DOT)},
            sparse_vectors_config={"sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
            shard_number=self._layout.shards,
            # What the sweep knows its own collections by.
            metadata={"medcite_generation": self._generation},
            **self._layout.replication,
        )
        self._exists = True

    async def _page(
        self, source: str, offset: models.ExtendedPointId | None
    ) -> tuple[list[models.Record], models.ExtendedPointId | None]:
        limit = PAGE * _N_STREAMS
        return await self._server.ask(
            lambda client: client.scroll(source, limit=limit, offset=offset, with_vectors=True)
        )

    async def _delete(self, document_ids: Sequence[str]) -> None:
        doomed = models.FieldCondition(key="document_id", match=models.MatchAny(any=list(document_ids)))
        selector = models.FilterSelector(filter=models.Filter(must=[doomed]))
        await self._server.ask(lambda client: client.delete(self._collection, selector))

    async def _upsert(self, points: list[models.PointStruct]) -> None:
        await self._lock.renew()
        batches = [points[start : start + PAGE] for start in range(0, len(points), PAGE)]
        # All are waited for before one may fail: none must still write while the collection is dropped.
        outcomes = await asyncio.gather(*map(self._send, batches), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _send(self, points: list[models.PointStruct]) -> None:
        await self._server.ask(lambda client: client.upsert(self._collection, points))

    async def _index(self) -> None:
        """Let the server index what was loaded, and wait until it has."""
        await self._server.ask(self._allow_indexing)
        started = time.monotonic()
        look_s = _FIRST_LOOK_S
        while True:
            info = await self._server.ask(lambda client: client.get_collection(self._collection))
            if info.status == models.CollectionStatus.GREEN:
                return
            if info.status == models.CollectionStatus.RED:
                raise GenerationCorrupt(f"Qdrant failed to index {self._collection}: {info.optimizer_status}")
            if info.status == models.CollectionStatus.GREY:  # possible, but not begun: after a restart
                await self._server.ask(self._allow_indexing)
            waited_s = time.monotonic() - started
            if waited_s > self._layout.green_within_s:
                raise StoreUnavailable(
                    f"Qdrant at {self._server.address} has not finished indexing {self._collection} after "
                    f"{waited_s:.0f} s ({info.status}); not published. Give the cluster more processors, then run again"
                )
            await self._lock.renew()
            await asyncio.sleep(look_s)
            look_s = min(2 * look_s, _LONGEST_LOOK_S)

    async def _allow_indexing(self, client: AsyncQdrantClient) -> None:
        threshold = models.OptimizersConfigDiff(indexing_threshold=_INDEXING_THRESHOLD_KB)
        await client.update_collection(self._collection, optimizers_config=threshold)


async def _update_vectors(
    collection: str, points: list[models.PointVectors], client: AsyncQdrantClient
) -> None:
    await client.update_vectors(collection, points)
