"""The gate: what a generation must pass before it becomes current."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ingest.golden import GoldenQuestion
from knowledge.embedding import Embedder, Vectors
from knowledge.generation import CheckRecord, Manifest
from knowledge.search import SearchQuery, hybrid_query
from knowledge.store import GenerationReader
from knowledge.understanding import understand

# A golden question counts as answered when a right document is among as many passages as an answer
# is made from.
_GOLDEN_LIMIT = 8
_SAMPLE_DOCUMENTS = 8
# bfloat16 and another batch's padding move a vector by less than this; another model by far more.
_SAME_VECTOR = 0.99


@dataclass(frozen=True, slots=True)
class GateLimits:
    """What is demanded of a generation.

    `golden_recall` is the least share of golden questions found, per language; `max_loss` is the
    greatest share of the current documents, or passages, that may be gone.
    """

    golden_recall: float
    max_loss: float


async def check_generation(
    candidate: GenerationReader,
    current: Manifest | None,
    golden: Sequence[GoldenQuestion],
    embedder: Embedder,
    limits: GateLimits,
) -> list[CheckRecord]:
    """Check a complete generation against the current one and the golden questions.

    Returns:
        One record a check, passed or not, with the figure measured and the figure required.

    Raises:
        KnowledgeError: The generation cannot be read or the embedder failed.
    """
    checks = list(_check_loss(candidate.manifest, current, limits.max_loss))
    checks.append(await _check_counts(candidate))
    checks.append(await _check_vectors(candidate, embedder))
    for language in ("zh", "en"):
        questions = [each for each in golden if each.language == language]
        if questions:
            checks.append(await _check_golden(candidate, language, questions, embedder, limits.golden_recall))
    return checks


def _check_loss(candidate: Manifest, current: Manifest | None, max_loss: float) -> Iterator[CheckRecord]:
    if current is None:
        return
    gone = len(current.documents.keys() - candidate.documents.keys())
    share = gone / max(1, len(current.documents))
    yield CheckRecord("documents removed", share <= max_loss, round(share, 4), max_loss, f"{gone} are gone")
    # A copy that was indexed and is a link now has lost nothing; nor has an original whose place a copy took.
    kept = max(
        candidate.n_passages / max(1, current.n_passages),
        _n_readable(candidate) / max(1, _n_readable(current)),
    )
    loss = max(0.0, 1 - kept)
    detail = f"{current.n_passages} before, {candidate.n_passages} now"
    yield CheckRecord("passages lost", loss <= max_loss, round(loss, 4), max_loss, detail)


def _n_readable(manifest: Manifest) -> int:
    """Count the passages of all documents, for a link those of its original."""
    held = manifest.documents
    return sum(held[record.duplicate_of or i].n_passages for i, record in held.items())


async def _check_counts(candidate: GenerationReader) -> CheckRecord:
    """Compare what is stored with what the manifest says: orphans, doubles, missing passages."""
    stored = await candidate.passage_counts()
    wanted = {i: record.n_passages for i, record in candidate.manifest.documents.items()}
    wrong = sorted(i for i in stored.keys() | wanted.keys() if stored.get(i, 0) != wanted.get(i, 0))
    return CheckRecord(
        "documents stored otherwise than the manifest says", not wrong, len(wrong), 0, ", ".join(wrong[:5])
    )


async def _check_vectors(candidate: GenerationReader, embedder: Embedder) -> CheckRecord:
    """Embed a few stored passages again: the vectors must be the embedder's own."""
    cosines = [1.0]
    document_ids = sorted(i for i, record in candidate.manifest.documents.items() if record.n_passages)
    for document_id in document_ids[:: max(1, len(document_ids) // _SAMPLE_DOCUMENTS)]:
        passages = [passage async for passage in candidate.document_passages(document_id)][:1]
        stored = await candidate.dense_vectors([passage.passage_id for passage in passages])
        again = embedder.embed_passages([passage.embedded_text for passage in passages])
        for passage, plain in zip(passages, again, strict=True):
            vector = candidate.manifest.centring.passage_vectors(plain, passage.imprint.language)
            cosines.append(_cosine(stored.get(passage.passage_id), vector))
    lowest = min(cosines)
    return CheckRecord(
        "least cosine of a stored vector made again", lowest >= _SAME_VECTOR, round(lowest, 4), _SAME_VECTOR
    )


def _cosine(stored: Vectors | None, made: Vectors) -> float:
    """Compare two normalised vectors; one that is missing, of another length or no number is like none."""
    if stored is None or stored.shape != made.shape:
        return 0.0
    return float(np.nan_to_num(np.dot(stored, made)))


async def _check_golden(
    candidate: GenerationReader,
    language: Literal["zh", "en"],
    questions: list[GoldenQuestion],
    embedder: Embedder,
    required: float,
) -> CheckRecord:
    understood = [understand(each.question) for each in questions]
    vectors = embedder.embed_queries([each.text for each in understood])
    missed: list[str] = []
    for each, question, vector in zip(questions, understood, vectors, strict=True):
        query = hybrid_query(question, vector, candidate.manifest, SearchQuery(each.question, _GOLDEN_LIMIT))
        found = {hit.passage.document_id for hit in await candidate.search(query)}
        if not found & each.document_ids:
            missed.append(each.question)
    recall = 1 - len(missed) / len(questions)
    detail = f"{len(missed)} of {len(questions)} missed" + "".join(f"; {question}" for question in missed[:3])
    return CheckRecord(
        f"golden questions found, {language}", recall >= required, round(recall, 4), required, detail
    )
