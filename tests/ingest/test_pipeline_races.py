"""What a run does when others change the store or the sources while it works."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.edge_writer import EdgeWriter
from knowledge.errors import StoreLocked
from knowledge.generation import Manifest
from tests.ingest.factories import PRESSURE, SUGAR, open_store, run_ingest, text_of, write_texts

NEW = PRESSURE.replace("140", "130")


async def test_a_second_run_is_told_who_is_at_work(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    async with EdgeStore(tmp_path / "knowledge").write("g1", None):
        with pytest.raises(StoreLocked, match=r"process \d+ on \S+ has been writing to .* for \d+ s; wait"):
            await run_ingest(tmp_path, texts)


class OvertakenStore(EdgeStore):
    """Another run publishes between this one's look at the current generation and its lock."""

    overtaken_with = Path()

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator[EdgeWriter]:
        await run_ingest(self.root.parent, self.overtaken_with)
        async with super().write(generation, parent) as writer:
            yield writer


async def test_a_run_that_was_overtaken_does_not_undo_the_other(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    await run_ingest(tmp_path, one)
    write_texts(one, pressure=NEW)
    store = OvertakenStore(tmp_path / "knowledge")
    store.overtaken_with = write_texts(tmp_path / "two", sugar=SUGAR)
    report = await run_ingest(tmp_path, one, store=store)
    assert (2, True, {"pressure", "sugar"}) == (
        report.exit_code,
        "another run has published" in report.reason,
        set((await open_store(tmp_path)).manifest.documents),
    )


async def test_a_roll_back_while_a_run_works_stands(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    first = await run_ingest(tmp_path, texts)
    write_texts(texts, pressure=NEW)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar=SUGAR)

    def roll_back(stage: str, done: int, total: int) -> None:
        if stage == "documents":
            (tmp_path / "knowledge" / "current").write_text(str(first.generation))

    report = await run_ingest(tmp_path, texts, progress=roll_back)
    assert (2, True, first.generation) == (
        report.exit_code,
        "another generation was made current" in report.reason,
        (await open_store(tmp_path)).manifest.generation,
    )


class Vanishing:
    """Takes a folder away when the first document has been read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "documents":
            shutil.rmtree(self.folder, ignore_errors=True)


async def test_a_source_that_vanishes_before_it_is_read_is_reported(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    report = await run_ingest(tmp_path, one, two, progress=Vanishing(two))
    assert (1, [str(two)]) == (report.exit_code, list(report.quarantined))


async def test_a_source_that_vanishes_before_it_is_read_keeps_its_documents(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    await run_ingest(tmp_path, one, two)
    write_texts(one, pressure=NEW)
    write_texts(two, sugar=SUGAR.replace("7.0", "6.5"))
    report = await run_ingest(tmp_path, one, two, progress=Vanishing(two))
    assert (1, SUGAR.split("---\n\n")[1]) == (report.exit_code, await text_of(tmp_path, "sugar"))


async def test_nothing_built_anew_is_published_when_a_source_vanishes_meanwhile(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    first = await run_ingest(tmp_path, one, two)
    report = await run_ingest(tmp_path, one, two, passage_tokens=48, progress=Vanishing(two))
    assert (2, True, first.generation) == (
        report.exit_code,
        f"these sources vanished meanwhile: {two}; run again" in report.reason,
        (await open_store(tmp_path)).manifest.generation,
    )


async def test_nothing_is_built_anew_without_a_source_that_is_not_named(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    await run_ingest(tmp_path, one, two)
    report = await run_ingest(tmp_path, one, passage_tokens=48)
    assert (2, True, {"pressure", "sugar"}) == (
        report.exit_code,
        f"not named or not listed to their end: {two}; name them all" in report.reason,
        set((await open_store(tmp_path)).manifest.documents),
    )


async def test_force_builds_anew_without_a_source_that_is_not_named(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    await run_ingest(tmp_path, one, write_texts(tmp_path / "two", sugar=SUGAR))
    report = await run_ingest(tmp_path, one, passage_tokens=48, force=True)
    assert ("published", {"pressure"}) == (
        report.outcome,
        set((await open_store(tmp_path)).manifest.documents),
    )
