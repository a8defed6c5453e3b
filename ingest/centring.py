"""Centring a generation: its means are measured when it is first built, and when it has drifted.

While they stay, passages that have not changed are copied with their vectors. To measure anew needs
no embedding: a plain vector can be had back from a centred one (`knowledge.centring`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np

from ingest.build import Build
from ingest.golden import GoldenQuestion
from knowledge.centring import Centring
from knowledge.document import Language
from knowledge.embedding import Embedder, Vectors
from knowledge.store import DensePage, GenerationWriter

_SAMPLES = Path(__file__).parent / "sample_questions"
# The mean of a handful of passages is mostly their topic. Sample questions, embedded as passages, carry
# the language without a topic and count as so many passages; on the development sets 8 to 32 do equally.
_PRIOR_PASSAGES = 32
# The means are looked at again when a generation has grown or shrunk by half, ...
_GROWTH = 1.5
# ... and measured anew when what they leave behind is longer than this; plain e5 vectors have 0.85.
_DRIFT = 0.1


async def centre_generation(build: Build, n_passages: int) -> Centring:
    """Centre the vectors of a generation in the making by means that fit it.

    Args:
        build: What made it; all its passages are written.
        n_passages: How many passages it holds.

    Returns:
        What the vectors are centred by now: that of the base while it fits.

    Raises:
        KnowledgeError: The store or the embedder failed.
    """
    centring, writer = build.centring, build.writer
    is_new = not build.languages <= centring.languages
    if not is_new and 1 / _GROWTH <= n_passages / max(1, centring.n_passages) <= _GROWTH:
        return centring
    left, plain = await _measure(writer, centring)
    if not is_new and all(np.linalg.norm(mean) < _DRIFT for mean in left.values()):
        return replace(centring, n_passages=n_passages)
    embedder, golden = build.run.embedder, build.run.golden
    made = Centring.of(
        {language: _shrunk(mean, n, language, embedder) for language, (mean, n) in plain.items()},
        {language: _question_mean(language, golden, embedder) for language in get_args(Language)},
        n_passages,
    )
    async for page in writer.dense_pages():
        await writer.replace_dense(page.passage_ids, _moved(page, centring, made))
    return made


async def _measure(
    writer: GenerationWriter, centring: Centring
) -> tuple[dict[str, Vectors], dict[str, tuple[Vectors, int]]]:
    """Take the mean of the stored vectors of each language, and of the plain ones with their number."""
    stored: dict[str, Vectors] = {}
    plain: dict[str, Vectors] = {}
    counts: dict[str, int] = {}
    async for page in writer.dense_pages():
        for language, rows in _by_language(page).items():
            counts[language] = counts.get(language, 0) + len(rows)
            back = centring.plain_vectors(page.dense[rows], language)
            stored[language] = stored.get(language, np.float32(0)) + page.dense[rows].sum(axis=0)
            plain[language] = plain.get(language, np.float32(0)) + back.sum(axis=0)
    for language, n in counts.items():
        stored[language] /= n
        plain[language] /= n
    return stored, {language: (mean, counts[language]) for language, mean in plain.items()}


def _moved(page: DensePage, old: Centring, new: Centring) -> Vectors:
    moved = np.empty_like(page.dense)
    for language, rows in _by_language(page).items():
        moved[rows] = new.passage_vectors(old.plain_vectors(page.dense[rows], language), language)
    return moved


def _by_language(page: DensePage) -> Mapping[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, language in enumerate(page.languages):
        rows.setdefault(language, []).append(row)
    return rows


def _shrunk(mean: Vectors, n_passages: int, language: str, embedder: Embedder) -> Vectors:
    prior = embedder.embed_passages(_samples(language)).mean(axis=0)
    shrunk: Vectors = (n_passages * mean + _PRIOR_PASSAGES * prior) / (n_passages + _PRIOR_PASSAGES)
    return shrunk


def _question_mean(language: str, golden: Sequence[GoldenQuestion], embedder: Embedder) -> Vectors:
    own = [each.question for each in golden if each.language == language]
    mean: Vectors = embedder.embed_queries(_samples(language) + own).mean(axis=0)
    return mean


@cache
def _samples(language: str) -> list[str]:
    return (_SAMPLES / f"{language}.txt").read_text(encoding="utf-8").splitlines()
