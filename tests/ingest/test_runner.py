from collections.abc import AsyncIterator

from ingest.build import timed
from ingest.report import IngestReport
from ingest.runner import LocalRunner
from tests.knowledge.factories import EMBEDDER


class Rows:
    """Gives windows of one text with their keys and remembers how many were taken."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.n_taken = 0

    async def each(self) -> AsyncIterator[tuple[str, list[str]]]:
        for text in self.texts:
            self.n_taken += 1
            yield f"key {text}", [text]


async def test_results_come_with_their_keys_in_order():
    results = LocalRunner(EMBEDDER).embed(Rows("c", "a", "b").each(), timed(IngestReport(), "embed"))
    assert ["key c", "key a", "key b"] == [key async for key, _ in results]


async def test_a_row_is_taken_when_its_result_is_wanted():
    rows = Rows("a", "b", "c")
    results = LocalRunner(EMBEDDER).embed(rows.each(), timed(IngestReport(), "embed"))
    assert [1, 2, 3] == [rows.n_taken async for _ in results]


async def test_the_clock_measures_every_step():
    report = IngestReport(seconds={"embed": 100.0})
    async for _ in LocalRunner(EMBEDDER).embed(Rows("a", "b").each(), timed(report, "embed")):
        pass
    assert 100.0 < report.seconds["embed"] < 101.0


async def test_the_texts_of_a_window_are_embedded_in_one_go():
    async def windows() -> AsyncIterator[tuple[str, list[str]]]:
        yield "first", ["a", "b"]

    ((key, vectors),) = [
        each async for each in LocalRunner(EMBEDDER).embed(windows(), timed(IngestReport(), "embed"))
    ]
    assert ("first", EMBEDDER.embed_passages(["a", "b"]).tobytes()) == (key, vectors.tobytes())
