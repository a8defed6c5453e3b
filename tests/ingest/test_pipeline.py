import io
import tarfile
from pathlib import Path

import pytest

from ingest.report import IngestReport
from knowledge.embedding_fake import HashingEmbedder
from tests.ingest.factories import PRESSURE, SUGAR, open_store, run_ingest, text_of, write_texts

BROKEN = "---\nstatus: draft\n---\n\nText."


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
        (bytes(range(256)), "NUL"),
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


async def test_a_name_that_an_archive_holds_twice_is_quarantined_the_second_time(tmp_path: Path):
    with tarfile.open(tmp_path / "texts.tar", "w") as tar:
        for text in (PRESSURE.encode(), SUGAR.encode()):
            member = tarfile.TarInfo("pressure.md")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    report = await run_ingest(tmp_path, tmp_path / "texts.tar")
    assert (1, 1, "") == (report.documents["new"], len(report.quarantined), await text_of(tmp_path, "sugar"))


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


async def test_the_manifest_names_what_is_replaced_by_what(tmp_path: Path):
    texts = write_texts(
        tmp_path / "texts",
        old="---\nid: old\n---\n# Gout\n\nTake 1 mg.\n",
        new="---\nid: new\nsupersedes: old\n---\n# Gout\n\nTake 0.5 mg twice.\n",
    )
    await run_ingest(tmp_path, texts)
    assert {"old": "new"} == (await open_store(tmp_path)).manifest.superseded
