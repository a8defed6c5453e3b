"""Passages as points of a Qdrant server, and points as what they were made of."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from qdrant_client import models

from knowledge.errors import GenerationCorrupt
from knowledge.payload import to_payload
from knowledge.server_reader import sparse_vector
from knowledge.store import DensePage, EmbeddedPassages


def points_of(embedded: EmbeddedPassages, part: slice) -> list[models.PointStruct]:
    """Make points of some passages."""
    return [
        models.PointStruct(
            id=passage.passage_id,
            vector={"dense": dense, "sparse": sparse_vector(sparse)},
            payload=to_payload(passage),
        )
        for passage, dense, sparse in zip(
            embedded.passages[part], embedded.dense[part].tolist(), embedded.sparse[part], strict=True
        )
    ]


def copied(record: models.Record) -> models.PointStruct:
    """Make the point that a record was read from."""
    return models.PointStruct(
        id=record.id, vector=cast("models.VectorStruct", record.vector), payload=record.payload
    )


def dense_page(records: Sequence[models.Record]) -> DensePage:
    """Take the dense vectors out of records."""
    vectors = [cast("dict[str, list[float]]", record.vector)["dense"] for record in records]
    return DensePage(
        [str(record.id) for record in records],
        [(record.payload or {})["language"] for record in records],
        np.array(vectors, dtype=np.float32),
    )


def dimension_of(info: models.CollectionInfo) -> int:
    """Find the length of the dense vectors.

    Raises:
        GenerationCorrupt: There are none.
    """
    vectors = info.config.params.vectors
    if not isinstance(vectors, dict):
        raise GenerationCorrupt("the parent's collection has no vector named dense")
    return vectors["dense"].size
