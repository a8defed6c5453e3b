from dataclasses import replace
from pathlib import Path

from knowledge.edge_store import EdgeStore
from knowledge.neighbours import find_neighbours
from knowledge.passage import Passage, ScoredPassage
from knowledge.store import GenerationReader
from tests.knowledge.factories import make_passage, publish

PASSAGES = [make_passage(f"第 {ordinal} 段。", ordinal) for ordinal in range(4)]
OTHER_SECTION = replace(make_passage("治疗。", 4), section_path=("治疗",))


async def neighbours_of(root: Path, chosen: list[Passage], limit: int = 8) -> list[Passage]:
    hits = [ScoredPassage(passage, 1.0, 1.0, None) for passage in chosen]
    return [hit.passage for hit in await find_neighbours(await opened(root), hits, limit)]


async def opened(root: Path) -> GenerationReader:
    store = EdgeStore(root)
    await publish(store, "g1", [*PASSAGES, OTHER_SECTION])
    reader = await store.current()
    assert reader is not None
    return reader


async def test_the_passages_behind_and_before_join(tmp_path: Path):
    assert [PASSAGES[2], PASSAGES[0]] == await neighbours_of(tmp_path, [PASSAGES[1]])


async def test_a_passage_of_another_section_does_not(tmp_path: Path):
    assert [PASSAGES[2]] == await neighbours_of(tmp_path, [PASSAGES[3]])


async def test_what_is_chosen_already_does_not_join_again(tmp_path: Path):
    assert [PASSAGES[2]] == await neighbours_of(tmp_path, [PASSAGES[1], PASSAGES[0]])


async def test_no_more_join_than_there_are_places(tmp_path: Path):
    assert [PASSAGES[2]] == await neighbours_of(tmp_path, [PASSAGES[1]], limit=1)


async def test_without_a_place_none_join(tmp_path: Path):
    assert [] == await neighbours_of(tmp_path, [PASSAGES[1]], limit=0)
