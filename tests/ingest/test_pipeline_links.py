"""Documents that repeat others, from the files to the index and from one night to the next."""

import shutil
from pathlib import Path

import pytest

from ingest.gate import GateLimits
from ingest.report import IngestReport, Link
from ingest.sources import Source
from knowledge.generation import DocumentRecord
from tests.ingest.factories import SUGAR, CountingEmbedder, open_store, run_ingest, text_of, write_texts

EFFECTS = (
    "food delays it,driving is unsafe,the skin may itch,alcohol adds to it,sleep may suffer,the mouth gets dry,"
    "water tastes of metal,appetite may wane,eyes water in wind,the voice turns hoarse,cramps may wake you,"
    "sunlight burns sooner"
).split(",")
BODY = "\n\n".join(
    f"Drug {n} is taken with water in the morning; its label names {n} mg a day and warns that {effect}."
    for n, effect in enumerate(EFFECTS, start=1)
)
FOOTER = "\n\nThis page is offered by the friends of the county library."


def guide(document_id: str, body: str = BODY) -> str:
    return f"---\nid: {document_id}\ntitle: Guide\nlanguage: en\n---\n\n{body}\n"


@pytest.fixture
def guides(tmp_path: Path) -> Path:
    """A folder with a guide and a text of its own."""
    return write_texts(tmp_path / "guides", guide=guide("guide"), sugar=SUGAR)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A folder with the same guide under another id, and a footer."""
    return write_texts(tmp_path / "mirror", guide=guide("copy", BODY + FOOTER))


async def record_of(tmp_path: Path, document_id: str) -> DocumentRecord:
    return (await open_store(tmp_path)).manifest.documents[document_id]


async def indexed(tmp_path: Path) -> set[str]:
    """Name the documents that have passages in the index."""
    return set(await (await open_store(tmp_path)).passage_counts())


async def links(tmp_path: Path) -> dict[str, str | None]:
    return {i: record.duplicate_of for i, record in (await open_store(tmp_path)).manifest.links.items()}


async def test_a_mirrored_file_is_linked_and_not_indexed(tmp_path: Path, guides: Path, mirror: Path):
    report = await run_ingest(tmp_path, guides, mirror)
    assert ("published", {"copy": "guide"}, {"guide", "sugar"}) == (
        report.outcome,
        {i: link.duplicate_of for i, link in report.linked.items()},
        await indexed(tmp_path),
    )


async def test_the_manifest_says_what_a_link_repeats_and_how_similar_it_is(
    tmp_path: Path, guides: Path, mirror: Path
):
    report = await run_ingest(tmp_path, guides, mirror)
    record = await record_of(tmp_path, "copy")
    assert (0, report.linked["copy"], True) == (
        record.n_passages,
        Link(str(record.duplicate_of), record.similarity),
        0.8 < record.similarity < 1,
    )


async def test_a_second_run_over_a_mirror_has_nothing_to_do(tmp_path: Path, guides: Path, mirror: Path):
    first = await run_ingest(tmp_path, guides, mirror)
    second = await run_ingest(tmp_path, guides, mirror)
    assert ("unchanged", 0, first.generation, 3) == (
        second.outcome,
        second.exit_code,
        second.generation,
        second.documents["unchanged"],
    )


async def test_a_mirror_that_comes_later_is_linked_to_what_is_there(
    tmp_path: Path, guides: Path, mirror: Path
):
    await run_ingest(tmp_path, guides)
    report = await run_ingest(tmp_path, guides, mirror)
    assert ({"copy": "guide"}, 0) == (await links(tmp_path), report.passages_embedded)


async def test_a_copy_takes_the_place_of_an_original_that_was_removed_in_the_same_run(
    tmp_path: Path, guides: Path, mirror: Path
):
    await run_ingest(tmp_path, guides, mirror)
    (guides / "guide.md").unlink()
    report = await run_ingest(tmp_path, guides, mirror)
    assert ("published", {}, {"copy", "sugar"}, True) == (
        report.outcome,
        await links(tmp_path),
        await indexed(tmp_path),
        FOOTER.strip() in await text_of(tmp_path, "copy"),
    )


async def test_a_copy_that_takes_the_place_of_its_original_embeds_only_what_differs(
    tmp_path: Path, guides: Path
):
    mirror = write_texts(tmp_path / "mirror", guide=guide("copy"))
    await run_ingest(tmp_path, guides, mirror)
    (guides / "guide.md").unlink()
    embedder = CountingEmbedder()
    report = await run_ingest(tmp_path, guides, mirror, embedder=embedder)
    assert (0, True) == (report.passages_embedded, report.passages_reused > 0)


async def test_a_copy_whose_original_was_edited_becomes_a_document_of_its_own(
    tmp_path: Path, guides: Path, mirror: Path
):
    await run_ingest(tmp_path, guides, mirror)
    write_texts(guides, guide=guide("guide", BODY.replace("in the morning", "at night")))
    await run_ingest(tmp_path, guides, mirror)
    assert ({}, {"guide", "copy", "sugar"}) == (await links(tmp_path), await indexed(tmp_path))


async def test_a_copy_stays_one_while_its_original_grows_a_little(tmp_path: Path, guides: Path, mirror: Path):
    await run_ingest(tmp_path, mirror, guides)
    assert {"guide": "copy"} == await links(tmp_path)
    write_texts(mirror, guide=guide("copy", BODY + FOOTER + " Thank you all."))
    await run_ingest(tmp_path, mirror, guides)
    assert {"guide": "copy"} == await links(tmp_path)


async def test_an_original_that_is_edited_together_with_its_copy_stays_the_original(
    tmp_path: Path, guides: Path, mirror: Path
):
    await run_ingest(tmp_path, guides, mirror)
    edited = BODY.replace("in the morning", "at night")
    write_texts(guides, guide=guide("guide", edited))
    write_texts(mirror, guide=guide("copy", edited + FOOTER))
    # The mirror is read first.
    await run_ingest(tmp_path, mirror, guides)
    assert {"copy": "guide"} == await links(tmp_path)


async def test_of_two_copies_one_takes_the_place_and_the_other_is_linked_to_it(
    tmp_path: Path, guides: Path, mirror: Path
):
    other = write_texts(tmp_path / "other", guide=guide("other"))
    await run_ingest(tmp_path, guides, mirror, other)
    assert {"copy": "guide", "other": "guide"} == await links(tmp_path)
    (guides / "guide.md").unlink()
    await run_ingest(tmp_path, guides, mirror, other)
    assert {"other": "copy"} == await links(tmp_path)


async def test_a_dose_table_that_differs_by_one_number_is_not_linked(tmp_path: Path):
    rows = "".join(f"| drug {n} | {n * 5} mg | every {n + 4} hours |\n" for n in range(40))
    table = f"| drug | dose | interval |\n| --- | --- | --- |\n{rows}"
    texts = write_texts(
        tmp_path / "texts", old=guide("old", table), new=guide("new", table.replace("| 95 mg |", "| 90 mg |"))
    )
    report = await run_ingest(tmp_path, texts)
    assert ({}, {"old", "new"}) == (report.linked, await indexed(tmp_path))


async def test_a_link_whose_original_went_while_its_source_was_away_is_dropped_and_comes_back(
    tmp_path: Path, guides: Path, mirror: Path
):
    await run_ingest(tmp_path, guides, mirror)
    (guides / "guide.md").unlink()
    shutil.move(mirror, tmp_path / "away")
    report = await run_ingest(tmp_path, guides, mirror)
    assert (1, {"sugar"}, True) == (
        report.exit_code,
        set((await open_store(tmp_path)).manifest.documents),
        "repeated 'guide', which is gone" in report.quarantined[f"{mirror}/guide.md"],
    )
    shutil.move(tmp_path / "away", mirror)
    await run_ingest(tmp_path, guides, mirror)
    assert {"copy", "sugar"} == await indexed(tmp_path)


async def test_a_copy_of_what_a_broken_file_said_stays_a_link(tmp_path: Path, guides: Path, mirror: Path):
    await run_ingest(tmp_path, guides, mirror)
    write_texts(guides, guide="---\nstatus: draft\n---\nText.")
    reports = [await run_ingest(tmp_path, guides, mirror, retry=True) for _ in range(2)]
    assert (["published", "unchanged"], {"copy": "guide"}, {"guide", "sugar"}) == (
        [report.outcome for report in reports],
        await links(tmp_path),
        await indexed(tmp_path),
    )


STRICT = GateLimits(golden_recall=0, max_loss=0.2)


async def test_the_gate_lets_an_original_and_its_copy_change_places(tmp_path: Path, mirror: Path):
    guides = write_texts(tmp_path / "guides", guide=guide("guide"))
    await run_ingest(tmp_path, guides, mirror)
    # As if the two had been read in the other order.
    shutil.rmtree(tmp_path / "knowledge")
    await run_ingest(tmp_path, mirror, guides)
    report = await run_ingest(tmp_path, guides, mirror, passage_tokens=48, limits=STRICT)
    assert ("published", {"copy": "guide"}) == (report.outcome, await links(tmp_path))


async def test_the_gate_lets_copies_that_were_indexed_become_links(
    tmp_path: Path, guides: Path, mirror: Path
):
    write_texts(mirror, guide=guide("copy", BODY.replace("in the morning", "at night")))
    await run_ingest(tmp_path, guides, mirror)
    write_texts(mirror, guide=guide("copy"))
    report = await run_ingest(tmp_path, guides, mirror, limits=STRICT)
    assert ("published", {"copy": "guide"}) == (report.outcome, await links(tmp_path))


async def test_the_same_bytes_in_two_sources_are_taken_for_one_id(tmp_path: Path, guides: Path):
    report: IngestReport = await run_ingest(
        tmp_path, sources=(Source(str(guides), "one"), Source(str(guides), "two"))
    )
    assert "id 'guide' is already taken by one/guide.md" in report.quarantined["two/guide.md"]
