"""What comes of a generation that does not pass the gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.gate import GateLimits
from ingest.golden import GoldenQuestion
from ingest.report import IngestReport
from knowledge.edge_store import EdgeStore
from knowledge.edge_writer import EdgeWriter
from knowledge.embedding import Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.generation import Manifest
from knowledge.store import EmbeddedPassages
from tests.ingest.factories import LENIENT, PRESSURE, SUGAR, open_store, run_ingest, write_texts

RECALL_ZH, RECALL_EN = "golden questions found, zh", "golden questions found, en"
REMOVED, LOST = "documents removed", "passages lost"
STORED = "documents stored otherwise than the manifest says"
COSINE = "least cosine of a stored vector made again"
UNANSWERED = {
    "zh": GoldenQuestion("血压？", frozenset({"unknown"}), "zh"),
    "en": GoldenQuestion("Pressure?", frozenset({"unknown"}), "en"),
}


class MisfilingWriter(EdgeWriter):
    """Files every passage under another document than the manifest says."""

    async def upsert(self, embedded: EmbeddedPassages) -> None:
        wrong = [replace(p, imprint=replace(p.imprint, document_id="wrong")) for p in embedded.passages]
        await super().upsert(replace(embedded, passages=wrong))


class MisfilingStore(EdgeStore):
    """Writes with a writer that misfiles."""

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator[EdgeWriter]:
        async with super().write(generation, parent) as writer:
            writer.__class__ = MisfilingWriter
            yield writer


class DriftingEmbedder(HashingEmbedder):
    """Embeds otherwise each time it is asked."""

    turns = 0

    def embed_passages(self, texts: list[str]) -> Vectors:
        self.turns += 1
        return np.roll(super().embed_passages(texts), self.turns, axis=1)


async def fail(tmp_path: Path, check: str, *, force: bool = False) -> tuple[IngestReport, IngestReport]:
    """Publish two texts, then run with a fault that fails one check; give both reports."""
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    first = await run_ingest(tmp_path, texts)
    write_texts(texts, new="Some new text about gout.")
    changes = {
        RECALL_ZH: {"golden": (UNANSWERED["zh"],), "limits": GateLimits(0.8, 1)},
        RECALL_EN: {"golden": (UNANSWERED["en"],), "limits": GateLimits(0.8, 1)},
        REMOVED: {"limits": GateLimits(0, 0.2)},
        LOST: {"limits": GateLimits(0, 0.2)},
        STORED: {"store": MisfilingStore(tmp_path / "knowledge")},
        COSINE: {"embedder": DriftingEmbedder()},
    }[check]
    if check == REMOVED:
        (texts / "sugar.md").unlink()
    if check == LOST:
        write_texts(texts, long="".join(f"# Heading {n}\n\nText.\n" for n in range(9)))
        first = await run_ingest(tmp_path, texts)
        write_texts(texts, long="Short.")
    return first, await run_ingest(tmp_path, texts, force=force, **changes)


CHECKS = [RECALL_ZH, RECALL_EN, REMOVED, LOST, STORED, COSINE]


@pytest.mark.parametrize("check", CHECKS)
async def test_a_failed_check_keeps_the_old_generation_and_is_named_with_its_numbers(
    tmp_path: Path, check: str
):
    first, report = await fail(tmp_path, check)
    (record,) = (record for record in report.checks if not record.passed)
    assert (2, check, first.generation, f"({check}: {record.measured:g}, required {record.required:g})") == (
        report.exit_code,
        record.name,
        (await open_store(tmp_path)).manifest.generation,
        report.reason.removeprefix("the gate was not passed "),
    )


async def test_a_generation_that_failed_is_listed_with_what_was_found(tmp_path: Path):
    _, report = await fail(tmp_path, REMOVED)
    listed = {m.generation: m for m in await EdgeStore(tmp_path / "knowledge").generations()}
    assert (tuple(report.checks), False) == (
        listed[str(report.generation)].gate,
        listed[str(report.generation)].forced,
    )


async def test_force_publishes_against_the_gate_and_is_recorded(tmp_path: Path):
    _, report = await fail(tmp_path, REMOVED, force=True)
    manifest = (await open_store(tmp_path)).manifest
    assert (0, report.generation, True, False) == (
        report.exit_code,
        manifest.generation,
        manifest.forced,
        all(check.passed for check in manifest.gate),
    )


async def test_force_is_not_recorded_where_it_was_not_needed(tmp_path: Path):
    await run_ingest(tmp_path, write_texts(tmp_path / "texts", pressure=PRESSURE), force=True)
    assert not (await open_store(tmp_path)).manifest.forced


async def test_the_first_ingest_passes_without_anything_to_compare(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    report = await run_ingest(tmp_path, texts, limits=GateLimits(1, 0))
    assert ("published", [STORED, COSINE]) == (report.outcome, [check.name for check in report.checks])


async def test_a_generation_that_failed_goes_when_the_next_run_begins(tmp_path: Path):
    _, failed_report = await fail(tmp_path, REMOVED)
    report = await run_ingest(tmp_path, tmp_path / "texts", limits=LENIENT)
    listed = [m.generation for m in await EdgeStore(tmp_path / "knowledge").generations()]
    assert ("published", False) == (report.outcome, failed_report.generation in listed)
