"""Reading one generation on a Qdrant server."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import islice
from typing import cast
from uuid import UUID

import numpy as np
from qdrant_client import models

from knowledge.embedding import Vectors
from knowledge.fusion import fuse
from knowledge.generation import Manifest
from knowledge.passage import Passage, ScoredPassage
from knowledge.payload import from_payload
from knowledge.server_connection import Connection
from knowledge.server_manifest import read_manifest
from knowledge.sparse import TermWeights
from knowledge.store import N_CANDIDATES, HybridQuery, SearchFilter

# Points in one answer: 256 passages with 1,024 numbers each are about 4 MB of JSON.
PAGE = 256
# A person waits for it.
_SEARCH_TIMEOUT_S = 10


class ServerReader:
    """A `GenerationReader` on one collection.

    It goes by the collection's own name, so that it stays with its generation after a switch.
    """

    def __init__(self, server: Connection, collection: str, manifest: Manifest) -> None:
        self.manifest = manifest
        self._server = server
        self._collection = collection

    async def search(self, query: HybridQuery) -> list[ScoredPassage]:
        """Search both legs in one request, fuse them, fetch the best passages in a second.

        Raises:
            StoreUnavailable: The server cannot be reached or fails.
            GenerationMissing: The generation is no longer kept.
        """
        requests = _requests(query)
        found = await self._server.ask(
            lambda client: client.query_batch_points(self._collection, requests, timeout=_SEARCH_TIMEOUT_S)
        )
        legs = [response.points for response in found]
        dense, sparse = (leg_scores(leg) for leg in [*legs, []][:2])
        foreign = {
            str(p.id) for leg in legs for p in leg if p.payload and p.payload["language"] != query.language
        }
        scores = dict(islice(fuse(dense, sparse, foreign, query.dense_weight).items(), query.limit))
        passages = await self.passages(list(scores))
        return [
            ScoredPassage(passage, scores[i], dense.get(i), sparse.get(i))
            for passage in passages
            for i in [passage.passage_id]
        ]

    async def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """Fetch passages in the order of the ids; unknown or malformed ids are left out."""
        wanted: list[models.ExtendedPointId] = [i for i in passage_ids if _is_uuid(i)]
        if not wanted:
            return []
        records = await self._server.ask(
            lambda client: client.retrieve(self._collection, wanted, timeout=_SEARCH_TIMEOUT_S)
        )
        by_id = {str(record.id): record.payload or {} for record in records}
        return [from_payload(i, by_id[i]) for i in passage_ids if i in by_id]

    async def document_passages(self, document_id: str) -> AsyncIterator[Passage]:
        """Yield the passages of a document in order of ordinal."""
        wanted = models.Filter(
            must=[models.FieldCondition(key="document_id", match=models.MatchValue(value=document_id))]
        )
        passages: list[Passage] = []
        offset: models.ExtendedPointId | None = None
        while True:
            records, offset = await self._page(wanted, offset)
            passages += [from_payload(str(record.id), record.payload or {}) for record in records]
            if offset is None:
                break
        for passage in sorted(passages, key=lambda passage: passage.ordinal):
            yield passage

    async def dense_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Fetch dense vectors, passage id to float32 of shape (dimension,)."""
        vectors: dict[str, Vectors] = {}
        for start in range(0, len(passage_ids), PAGE):
            vectors |= await self._dense(passage_ids[start : start + PAGE])
        return vectors

    async def passage_counts(self) -> dict[str, int]:
        """Count the stored passages of each document, whatever the manifest says."""
        # The server reserves room for as many values as are asked for, so the limit starts from
        # what is expected.
        limit = 2 * len(self.manifest.documents) + 100
        while len(counts := await self._counts(limit)) == limit:
            limit *= 2
        return counts

    async def _page(
        self, wanted: models.Filter, offset: models.ExtendedPointId | None
    ) -> tuple[list[models.Record], models.ExtendedPointId | None]:
        return await self._server.ask(
            lambda client: client.scroll(self._collection, scroll_filter=wanted, limit=PAGE, offset=offset)
        )

    async def _dense(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        records = await self._server.ask(
            lambda client: client.retrieve(
                self._collection, list(passage_ids), with_payload=False, with_vectors=["dense"]
            )
        )
        vectors = {str(record.id): cast("Mapping[str, list[float]]", record.vector) for record in records}
        return {i: np.array(vector["dense"], dtype=np.float32) for i, vector in vectors.items()}

    async def _counts(self, limit: int) -> dict[str, int]:
        response = await self._server.ask(
            lambda client: client.facet(self._collection, "document_id", limit=limit, exact=True)
        )
        return {str(hit.value): hit.count for hit in response.hits}


async def open_generation(server: Connection, collection: str) -> ServerReader:
    """Open the generation in a collection.

    Raises:
        GenerationCorrupt: Its manifest cannot be read.
        GenerationMissing: The collection does not exist.
        StoreUnavailable: The server cannot be reached or fails.
    """
    return ServerReader(server, collection, await read_manifest(server, collection))


def sparse_vector(weights: TermWeights) -> models.SparseVector:
    """Give term weights the server's form."""
    return models.SparseVector(indices=weights.indices.tolist(), values=weights.values.tolist())


def _requests(query: HybridQuery) -> list[models.QueryRequest]:
    legs: dict[str, models.QueryInterface] = {"dense": query.dense.tolist()}
    if len(query.sparse.indices):
        legs["sparse"] = sparse_vector(query.sparse)
    limit = max(N_CANDIDATES, query.limit)
    condition = _condition(query.only)
    return [
        models.QueryRequest(query=vector, using=leg, filter=condition, limit=limit, with_payload=["language"])
        for leg, vector in legs.items()
    ]


def leg_scores(leg: Iterable[models.ScoredPoint]) -> dict[str, float]:
    """Give the scores of a leg, best first, equal ones by id: shards and replicas order them at random."""
    return {str(p.id): p.score for p in sorted(leg, key=lambda p: (-p.score, str(p.id)))}


def _condition(only: SearchFilter) -> models.Filter | None:
    admitted = {
        "language": only.languages,
        "publisher": only.publishers,
        "document_id": only.document_ids,
        "status": only.statuses,
        "source": only.sources,
        "document_type": only.document_types,
    }
    must: list[models.Condition] = [
        models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))
        for key, values in admitted.items()
        if values
    ]
    if only.dated_from or only.dated_to:
        span = models.DatetimeRange(gte=only.dated_from, lte=only.dated_to)
        must.append(models.FieldCondition(key="dated", range=span))
    return models.Filter(must=must) if must else None


def _is_uuid(text: str) -> bool:
    # The server refuses other strings, and ids arrive from URLs.
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
