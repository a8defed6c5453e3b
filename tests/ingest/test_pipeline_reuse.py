"""What a run embeds, and what it takes from the last generation or from a run that was killed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.gate import GateLimits
from ingest.golden import GoldenQuestion
from ingest.pipeline import ingest
from ingest.run import Run
from ingest.sources import Source
from knowledge.embedding import Vectors
from knowledge.errors import EmbeddingFailed
from tests.ingest.factories import (
    PRESSURE,
    SUGAR,
    CountingEmbedder,
    make_run,
    open_store,
    run_ingest,
    text_of,
    write_texts,
)
from tests.ingest.sources.server import Reply, serving


def guideline(**changes: str) -> str:
    """Make a guideline of one long section; `changes` are paragraphs by `p` and their number."""
    paragraphs = [
        changes.get(f"p{n}", f"Paragraph {n} says to take {n}.5 mg of drug {n} with a full glass of water.")
        for n in range(40)
    ]
    return "---\nid: guideline\ntitle: Guideline\n---\n# Guideline\n\n" + "\n\n".join(paragraphs) + "\n"


async def embedded_after(tmp_path: Path, **changes: str) -> list[str]:
    """Publish the guideline, change some paragraphs, and give the texts that the second run embeds."""
    texts = write_texts(tmp_path / "texts", guideline=guideline())
    await run_ingest(tmp_path, texts)
    write_texts(texts, guideline=guideline(**changes))
    embedder = CountingEmbedder()
    report = await run_ingest(tmp_path, texts, embedder=embedder)
    # The gate embeds one passage again.
    return embedder.texts[: report.passages_embedded]


async def test_the_long_section_has_ten_passages_or_more(tmp_path: Path):
    report = await run_ingest(tmp_path, write_texts(tmp_path / "texts", guideline=guideline()))
    assert report.passages_total >= 10


async def test_one_edited_paragraph_embeds_its_passage_and_no_other(tmp_path: Path):
    embedded = await embedded_after(tmp_path, p17="Paragraph 17 was retracted.")
    assert (1, True) == (len(embedded), "Paragraph 17 was retracted." in embedded[0])


async def test_edits_in_two_places_embed_two_passages(tmp_path: Path):
    embedded = await embedded_after(tmp_path, p3="New three.", p31="New thirty-one.")
    assert [True, True] == [
        "New three." in embedded[0],
        "New thirty-one." in embedded[1],
    ]


async def test_what_was_not_edited_is_counted_as_reused(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", guideline=guideline(), sugar=SUGAR)
    total = (await run_ingest(tmp_path, texts)).passages_total
    write_texts(texts, guideline=guideline(p17="Paragraph 17 was retracted."))
    report = await run_ingest(tmp_path, texts)
    # The passage of the other document was copied with the generation.
    assert (1, total - 2) == (report.passages_embedded, report.passages_reused)


async def test_reused_vectors_are_the_old_ones(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", guideline=guideline())
    await run_ingest(tmp_path, texts)
    old = await vectors_by_text(tmp_path)
    write_texts(texts, guideline=guideline(p17="Paragraph 17 was retracted."))
    await run_ingest(tmp_path, texts)
    new = await vectors_by_text(tmp_path)
    kept = old.keys() & new.keys()
    assert (len(old) - 1, True) == (
        len(kept),
        # To the last places: they were centred, made plain and centred again.
        all(np.allclose(old[text], new[text], atol=1e-6) for text in kept),
    )


async def vectors_by_text(tmp_path: Path) -> dict[str, Vectors]:
    """Give the vectors of the guideline's passages by their texts."""
    reader = await open_store(tmp_path)
    passages = [passage async for passage in reader.document_passages("guideline")]
    vectors = await reader.dense_vectors([passage.passage_id for passage in passages])
    return {passage.text: vectors[passage.passage_id] for passage in passages}


async def test_an_edited_document_is_read_in_its_new_form(tmp_path: Path):
    await embedded_after(tmp_path, p17="Paragraph 17 was retracted.")
    assert guideline(p17="Paragraph 17 was retracted.").split("---\n")[2] == await text_of(
        tmp_path, "guideline"
    )


async def test_a_corpus_that_was_moved_is_not_embedded_again(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE, guideline=guideline())
    await run_ingest(tmp_path, texts)
    moved = texts.rename(tmp_path / "moved")
    texts.mkdir()
    report = await run_ingest(tmp_path, texts, moved)
    assert ("published", 0) == (report.outcome, report.passages_embedded)


class BreakingEmbedder(CountingEmbedder):
    """Fails on the second batch."""

    def embed_passages(self, texts: list[str]) -> Vectors:
        if self.texts:
            raise EmbeddingFailed("out of memory")
        return super().embed_passages(texts)


async def test_a_run_after_a_broken_one_embeds_only_what_is_missing(tmp_path: Path):
    # More passages than are embedded in one go, each too long to be merged with the next.
    body = "A section of some length. " * 4
    sections = "".join(f"# Heading {n}\n\n{body}{n}.\n" for n in range(1100))
    texts = write_texts(tmp_path / "texts", many=sections, more=SUGAR)
    broken = BreakingEmbedder()
    with pytest.raises(EmbeddingFailed):
        await run_ingest(tmp_path, texts, embedder=broken)
    report = await run_ingest(tmp_path, texts)
    expected = ("published", report.passages_total - 1, 1)
    assert expected == (report.outcome, report.passages_reused, report.passages_embedded)


async def is_cached(run: Run) -> bool:
    """Run, and tell whether the cache has a vector that was made."""
    embedder = CountingEmbedder()
    await ingest(replace(run, embedder=embedder))
    found = run.cache.lookup(embedder.texts[:1])
    run.cache.close()
    return found[0] is not None


async def test_the_cache_is_empty_after_a_publish(tmp_path: Path):
    run = make_run(tmp_path, write_texts(tmp_path / "texts", pressure=PRESSURE))
    assert not await is_cached(run)


async def test_the_cache_is_kept_when_the_gate_is_not_passed(tmp_path: Path):
    unanswered = GoldenQuestion("血压多少算高？", frozenset({"unknown"}), "zh")
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    assert await is_cached(make_run(tmp_path, texts, golden=(unanswered,), limits=GateLimits(1, 0)))


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 1000, None], ids=["empty", "no database", "a folder"])
async def test_a_cache_file_that_is_broken_does_not_stop_the_night(tmp_path: Path, rubbish: bytes | None):
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    await run_ingest(tmp_path, texts)
    for file in (tmp_path / "vectors").iterdir():
        file.unlink()
        file.mkdir() if rubbish is None else file.write_bytes(rubbish)
    write_texts(texts, pressure=PRESSURE.replace("140", "130"))
    assert "published" == (await run_ingest(tmp_path, texts)).outcome


async def test_a_folder_where_no_cache_can_be_does_not_stop_the_night(tmp_path: Path):
    (tmp_path / "vectors").write_text("a file in the place of the folder")
    texts = write_texts(tmp_path / "texts", pressure=PRESSURE)
    first = await run_ingest(tmp_path, texts)
    write_texts(texts, pressure=PRESSURE.replace("140", "130"))
    assert ["published"] * 2 == [first.outcome, (await run_ingest(tmp_path, texts)).outcome]


async def test_a_web_address_is_asked_for_once_a_run_and_not_again_within_the_hour(tmp_path: Path):
    with serving() as site:
        address = site.say("/pressure.md", Reply(PRESSURE.encode()))
        source = Source(address, address)
        for _ in range(2):
            report = await run_ingest(tmp_path, sources=(source,), url_cache=tmp_path / "urls")
        assert ("unchanged", ["/pressure.md"]) == (report.outcome, site.asked)
