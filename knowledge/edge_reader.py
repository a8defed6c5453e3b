"""Reading one generation of the embedded store."""

import asyncio
import ctypes
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import qdrant_edge as qe  # noqa: TID251 - one of the modules that speak to the engine

from knowledge.embedding import Vectors
from knowledge.errors import GenerationCorrupt
from knowledge.fusion import fuse
from knowledge.generation import Manifest, load_manifest
from knowledge.passage import Passage, ScoredPassage
from knowledge.payload import from_payload, to_payload
from knowledge.sparse import TermWeights
from knowledge.store import N_CANDIDATES, DensePage, EmbeddedPassages, HybridQuery, SearchFilter

# Fields that filters name; Qdrant answers a filter on an unindexed field by reading every payload.
# The indexes lie in files: in memory they would grow with the number of passages.
FIELD_INDEXES: dict[str, qe.KeywordIndexParams | qe.DatetimeIndexParams] = {
    **dict.fromkeys(
        ("document_id", "language", "publisher", "status", "source", "document_type"),
        qe.KeywordIndexParams(memory=qe.Memory.Cold),
    ),
    "dated": qe.DatetimeIndexParams(memory=qe.Memory.Cold),
}
_SCROLL_LIMIT = 256
# More documents than one machine's index holds; a facet wants a limit.
_MAX_DOCUMENTS = 10_000_000


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

    async def dense_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """Fetch dense vectors, passage id to float32 of shape (dimension,)."""
        records = await asyncio.to_thread(
            self._shard.retrieve, [*passage_ids], with_payload=False, with_vector=["dense"]
        )
        return {str(r.id): vector for r, vector in zip(records, dense_vectors(records), strict=True)}

    async def passage_counts(self) -> dict[str, int]:
        """Count the stored passages of each document."""
        request = qe.FacetRequest(key="document_id", limit=_MAX_DOCUMENTS, exact=True)
        response = await asyncio.to_thread(self._shard.facet, request)
        return {str(hit.value): hit.count for hit in response.hits}

    def close(self) -> None:
        """Give back the shard's memory and files; the reader cannot be used afterwards."""
        self._shard.close()

    def _search(self, query: HybridQuery) -> list[ScoredPassage]:
        condition = _condition(query.only)
        limit = max(N_CANDIDATES, query.limit)
        # Payloads cost as much as the search itself; one language needs no telling apart.
        payload = False if self.manifest.centring.languages == {query.language} else ["language"]
        vectors: dict[str, Any] = {"dense": query.dense.tolist()}
        if len(query.sparse.indices):
            vectors["sparse"] = sparse_vector(query.sparse)
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=qe.Query.Nearest(vector, using=leg),
                filter=condition,
                with_payload=payload,
            )
            for leg, vector in vectors.items()
        ]
        found = self._shard.query_batch(qe.QueryBatchRequest(requests))
        dense, sparse = (_leg_scores(leg) for leg in (*found, [])[:2])
        foreign = {
            str(p.id) for leg in found for p in leg if p.payload and p.payload["language"] != query.language
        }
        scores = dict(islice(fuse(dense, sparse, foreign, query.dense_weight).items(), query.limit))
        payloads = {str(record.id): record.payload or {} for record in self._retrieve(list(scores))}
        return [
            ScoredPassage(from_payload(i, payloads[i]), score, dense.get(i), sparse.get(i))
            for i, score in scores.items()
        ]

    def _retrieve(self, passage_ids: Sequence[int | str | UUID]) -> list[qe.Record]:
        return self._shard.retrieve([*passage_ids], with_payload=True, with_vector=False)


def _leg_scores(leg: Iterable[qe.ScoredPoint]) -> dict[str, float]:
    """Give the scores of a leg, best first, equal ones by id: segments answer in any order."""
    scores = [(str(point.id), point.score) for point in leg]
    return dict(sorted(scores, key=lambda pair: (-pair[1], pair[0])))


def dense_vectors(records: Sequence[qe.Record]) -> Vectors:
    """Take the dense vectors out of records, float32 of shape (n, dimension)."""
    vectors: list[Any] = [record.vector for record in records]
    return np.array([vector["dense"] for vector in vectors], dtype=np.float32)


def dense_pages(shard: qe.EdgeShard, written: bytes) -> Iterator[DensePage]:
    """Read the dense vectors of all passages, some hundreds at a time.

    `written` are passage ids, 16 bytes each. Where they are all there are, they give the order: who
    replaces the vectors then empties one segment after another, instead of all of them bit by bit.
    """
    if shard.count(qe.CountRequest(exact=True)) == len(written) // 16:
        for start in range(0, len(written), 16 * _SCROLL_LIMIT):
            page = written[start : start + 16 * _SCROLL_LIMIT]
            ids = [str(UUID(bytes=page[i : i + 16])) for i in range(0, len(page), 16)]
            yield _dense_page(shard.retrieve([*ids], with_payload=["language"], with_vector=["dense"]))
        return
    offset: Any = None
    while True:
        request = qe.ScrollRequest(
            limit=_SCROLL_LIMIT, offset=offset, with_payload=["language"], with_vector=["dense"]
        )
        records, offset = shard.scroll(request)
        if records:
            yield _dense_page(records)
        if offset is None:
            return


def _dense_page(records: Sequence[qe.Record]) -> DensePage:
    languages = [(record.payload or {})["language"] for record in records]
    return DensePage([str(record.id) for record in records], languages, dense_vectors(records))


def open_generation(folder: Path) -> EdgeReader:
    """Open the generation in a folder.

    Raises:
        GenerationCorrupt: Its manifest or its shard cannot be read.
    """
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


def shard_config(optimizers: qe.EdgeOptimizersConfig, **changes: Any) -> qe.EdgeConfig:
    """Describe a shard; what is not among the changes stays as it is in one that is there already."""
    # Cached: mapped files, read ahead; searched as fast as from memory, which it leaves to others.
    sparse = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf, memory=qe.Memory.Cached)
    return qe.EdgeConfig(
        sparse_vectors={"sparse": sparse},
        id_tracker_memory=qe.Memory.Cold,
        optimizers=optimizers,
        wal_enabled=False,
        **changes,
    )


def sparse_vector(weights: TermWeights) -> qe.SparseVector:
    """Give term weights the engine's form."""
    return qe.SparseVector(indices=weights.indices.tolist(), values=weights.values.tolist())


def points_of(embedded: EmbeddedPassages, where: slice) -> list[qe.Point]:
    """Give passages the engine's form."""
    rows = zip(embedded.passages[where], embedded.dense[where].tolist(), embedded.sparse[where], strict=True)
    return [
        qe.Point(passage.passage_id, {"dense": dense, "sparse": sparse_vector(sparse)}, to_payload(passage))
        for passage, dense, sparse in rows
    ]


def give_back_memory() -> None:
    """Give memory that was freed back to the system, where the C library can.

    The engine frees what an open segment held in pieces, from several threads; glibc keeps all that.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _condition(only: SearchFilter) -> qe.Filter | None:
    admitted = {
        "language": only.languages,
        "publisher": only.publishers,
        "document_id": only.document_ids,
        "status": only.statuses,
        "source": only.sources,
        "document_type": only.document_types,
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
