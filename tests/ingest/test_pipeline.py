import io
import shutil
import tarfile
from pathlib import Path

import pytest

from ingest.report import IngestReport
from knowledge.embedding import Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed, GenerationCorrupt
from tests.ingest.factories import PRESSURE, SUGAR, open_store, run_ingest, text_of, write_texts

BROKEN = "---\nstatus: draft\n---\n\nText."


class FailingEmbedder(HashingEmbedder):
    """Fails on the n-th batch of passages."""

    def __init__(self, fails_on: int) -> None:
        super().__init__()
        self.n_batches = 0
        self._fails_on = fails_on

    def embed_passages(self, texts: list[str]) -> Vectors:
        self.n_batches += 1
        if self.n_batches == self._fails_on:
            raise EmbeddingFailed("out of memory")
        return super().embed_passages(texts)


def counts(report: IngestReport) -> tuple[int, ...]:
    """Give the counts of documents: new, changed, unchanged, removed."""
    return tuple(report.documents[state] for state in ("new", "changed", "unchanged", "removed"))


async def test_the_first_run_publishes(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    report = await run_ingest(tmp_path, texts)
    assert ("published", 0, (2, 0, 0, 0)) == (report.outcome, report.exit_code, counts(report))


async def test_a_published_document_is_read_as_it_was_written(tmp_path: Path):
    await run_ingest(tmp_path, write_texts(tmp_path / "texts", pressure=PRESSURE))
    assert PRESSURE.split("---\n\n")[1] == await text_of(tmp_path, "pressure")


async def test_the_report_names_the_generation_that_is_current(tmp_path: Path):
    report = await run_ingest(tmp_path, write_texts(tmp_path / "texts", pressure=PRESSURE))
    assert report.generation == (await open_store(tmp_path)).manifest.generation


async def test_a_second_run_without_changes_does_nothing(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    first = await run_ingest(tmp_path, texts)
    second = await run_ingest(tmp_path, texts)
    assert ("unchanged", first.generation, (0, 0, 2, 0)) == (
        second.outcome,
        second.generation,
        counts(second),
    )


async def test_only_the_passages_of_a_changed_file_are_embedded(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar=SUGAR.replace("7.0", "6.5"))
    report = await run_ingest(tmp_path, texts)
    assert (1, 2, (0, 1, 1, 0)) == (report.passages_embedded, report.passages_total, counts(report))


async def test_a_changed_file_is_read_in_its_new_form(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar="---\nid: sugar\n---\nNew.")
    await run_ingest(tmp_path, texts)
    assert "New." == await text_of(tmp_path, "sugar")


async def test_a_changed_file_may_take_another_id(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar=SUGAR.replace("id: sugar", "id: glucose"))
    await run_ingest(tmp_path, texts)
    assert {"pressure", "glucose"} == set((await open_store(tmp_path)).manifest.documents)


async def test_a_removed_file_is_gone(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    (texts / "sugar.md").unlink()
    report = await run_ingest(tmp_path, texts)
    assert ((0, 0, 1, 1), "") == (counts(report), await text_of(tmp_path, "sugar"))


async def test_a_renamed_file_keeps_its_document(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    (texts / "sugar.md").rename(texts / "diabetes.md")
    await run_ingest(tmp_path, texts)
    assert SUGAR.split("---\n\n")[1] == await text_of(tmp_path, "sugar")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BROKEN, "status 'draft' is not one of"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"", "is empty"),
        ("---\npublished_on: 2026-02-30\n---\nText.", "day is out of range"),
    ],
    ids=["status", "encoding", "empty", "date"],
)
async def test_an_unreadable_file_is_quarantined_and_the_rest_goes_on(
    tmp_path: Path, content: str | bytes, reason: str
):
    texts = write_texts(tmp_path / "texts", broken=content, pressure=PRESSURE)
    report = await run_ingest(tmp_path, texts)
    assert (1, 1, True) == (
        report.exit_code,
        report.documents["new"],
        reason in report.quarantined[f"{texts}/broken.md"],
    )


async def test_a_file_name_that_is_not_utf_8_does_not_stop_the_night(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    (texts / "caf\udce9.md").write_text("Coffee.")
    assert 2 == (await run_ingest(tmp_path, texts)).documents["new"]


async def test_a_quarantined_file_that_has_not_changed_begins_nothing(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", broken=BROKEN, pressure=PRESSURE)
    first = await run_ingest(tmp_path, texts)
    second = await run_ingest(tmp_path, texts)
    assert (first.generation, "unchanged", 1, first.quarantined) == (
        second.generation,
        second.outcome,
        second.exit_code,
        second.quarantined,
    )


async def test_a_quarantined_file_that_was_repaired_is_taken_in(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", broken=BROKEN, pressure=PRESSURE)
    await run_ingest(tmp_path, texts)
    write_texts(texts, broken=SUGAR)
    assert (0, (1, 0, 1, 0)) == ((report := await run_ingest(tmp_path, texts)).exit_code, counts(report))


async def test_a_changed_file_that_breaks_keeps_its_old_text(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar=BROKEN)
    report = await run_ingest(tmp_path, texts)
    assert (1, SUGAR.split("---\n\n")[1]) == (report.exit_code, await text_of(tmp_path, "sugar"))


async def test_a_broken_file_that_stays_broken_begins_nothing(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    write_texts(texts, sugar=BROKEN)
    await run_ingest(tmp_path, texts)
    assert "unchanged" == (await run_ingest(tmp_path, texts)).outcome


async def test_a_second_document_with_the_same_id_is_quarantined(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", a=PRESSURE, b=PRESSURE.replace("140/90", "130/80"))
    report = await run_ingest(tmp_path, texts)
    assert f"id 'pressure' is already taken by {texts}/a.md" in report.quarantined[f"{texts}/b.md"]


async def test_the_first_document_with_an_id_keeps_it(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", a=PRESSURE, b=PRESSURE.replace("140/90", "130/80"))
    await run_ingest(tmp_path, texts)
    assert "140/90" in await text_of(tmp_path, "pressure")


async def test_a_name_that_an_archive_holds_twice_counts_as_it_was_written_last(tmp_path: Path):
    with tarfile.open(tmp_path / "texts.tar", "w") as tar:
        for text in (PRESSURE + "\nOlder and longer. " * 50, PRESSURE):
            member = tarfile.TarInfo("pressure.md")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    await run_ingest(tmp_path, tmp_path / "texts.tar")
    assert PRESSURE.split("---\n\n")[1] == await text_of(tmp_path, "pressure")


async def test_a_source_that_vanished_keeps_its_documents(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    await run_ingest(tmp_path, one, two)
    shutil.rmtree(two)
    write_texts(one, pressure=PRESSURE.replace("140", "130"))
    report = await run_ingest(tmp_path, one, two)
    assert (1, True, SUGAR.split("---\n\n")[1]) == (
        report.exit_code,
        str(two) in report.quarantined,
        await text_of(tmp_path, "sugar"),
    )


async def test_a_source_that_is_not_named_keeps_its_documents(tmp_path: Path):
    await run_ingest(tmp_path, write_texts(tmp_path / "one", pressure=PRESSURE))
    await run_ingest(tmp_path, write_texts(tmp_path / "two", sugar=SUGAR))
    assert {"pressure", "sugar"} == set((await open_store(tmp_path)).manifest.documents)


async def test_another_recipe_builds_everything_anew(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts, passage_tokens=64)
    report = await run_ingest(tmp_path, texts, passage_tokens=48)
    assert ("published", 2, (2, 0, 0, 0)) == (report.outcome, report.passages_embedded, counts(report))


async def test_another_embedder_builds_everything_anew(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    await run_ingest(tmp_path, texts)
    report = await run_ingest(tmp_path, texts, embedder=HashingEmbedder(dimension=32))
    assert 2 == report.passages_embedded


async def test_nothing_is_built_anew_while_a_source_is_out_of_reach(tmp_path: Path):
    one = write_texts(tmp_path / "one", pressure=PRESSURE)
    two = write_texts(tmp_path / "two", sugar=SUGAR)
    await run_ingest(tmp_path, one, two)
    shutil.rmtree(two)
    report = await run_ingest(tmp_path, one, two, passage_tokens=48)
    assert (2, SUGAR.split("---\n\n")[1]) == (report.exit_code, await text_of(tmp_path, "sugar"))


async def test_a_run_without_any_document_publishes_nothing(tmp_path: Path):
    report = await run_ingest(tmp_path, write_texts(tmp_path / "texts", broken=BROKEN))
    assert (2, "no document could be read from the sources") == (report.exit_code, report.reason)


async def test_a_run_whose_sources_are_all_missing_publishes_nothing(tmp_path: Path):
    report = await run_ingest(tmp_path, tmp_path / "nothing")
    assert (2, [str(tmp_path / "nothing")]) == (report.exit_code, list(report.quarantined))


def many_sections(n_sections: int) -> str:
    """Make a text of more passages than are embedded in one go."""
    return "---\nid: many\n---\n" + "".join(f"# Heading {n}\n\nText {n}.\n" for n in range(n_sections))


async def test_an_embedder_that_fails_on_a_later_batch_publishes_nothing(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    first = await run_ingest(tmp_path, texts)
    write_texts(texts, many=many_sections(1024), more=SUGAR)
    with pytest.raises(EmbeddingFailed):
        await run_ingest(tmp_path, texts, embedder=FailingEmbedder(fails_on=2))
    reader = await open_store(tmp_path)
    assert (first.generation, {"pressure": 1}) == (reader.manifest.generation, await reader.passage_counts())


async def test_a_run_after_a_failed_one_takes_in_everything(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, sugar=SUGAR)
    with pytest.raises(EmbeddingFailed):
        await run_ingest(tmp_path, texts, embedder=FailingEmbedder(fails_on=1))
    assert 2 == (await run_ingest(tmp_path, texts)).documents["new"]


async def test_a_corrupt_generation_is_built_anew_and_reported(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    first = await run_ingest(tmp_path, texts)
    manifest = tmp_path / "knowledge" / "generations" / str(first.generation) / "manifest.json"
    manifest.write_bytes(b"{")
    with pytest.raises(GenerationCorrupt):
        await open_store(tmp_path)
    report = await run_ingest(tmp_path, texts)
    assert (1, PRESSURE.split("---\n\n")[1]) == (report.exit_code, await text_of(tmp_path, "pressure"))
