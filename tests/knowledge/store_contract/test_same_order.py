"""All stores find the same passages in the same order with the same scores."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from knowledge.passage import Passage, ScoredPassage
from knowledge.store import GenerationReader, SearchFilter
from tests.knowledge.factories import embed, make_manifest, make_passage
from tests.knowledge.store_contract.places import EdgePlace, Place
from tests.knowledge.store_contract.steps import find, open_current, publish

WORDS = {
    "zh": "高血压 糖尿病 二甲双胍 阿司匹林 剂量 140/90 2.5mg 每日 一次 禁用 肾功能 不全 妊娠 儿童 发热 头痛 复查 空腹 血糖 诊断".split(),
    "en": "hypertension diabetes metformin aspirin dose 140/90 2.5mg daily once contraindicated renal failure "
    "pregnancy children fever headache review fasting glucose diagnosis".split(),
}
QUESTIONS = [
    "二甲双胍的剂量",
    "140/90",
    "When is metformin contraindicated in renal failure?",
    "妊娠 aspirin",
    "发热的儿童每日 2.5mg",
    "glucose",
    "没有人写过的词",
]


def corpus(n: int = 150) -> list[Passage]:
    """Make passages that differ from each other, the same ones every time."""
    random = Random(7)  # noqa: S311 - nothing secret
    return [
        make_passage(
            " ".join(random.choices(WORDS[language], k=random.randint(5, 40))),
            n,
            document_id=f"{language}-{n % 9}",
            language=language,
        )
        for n, language in ((n, random.choice(["zh", "en"])) for n in range(n))
    ]


def order(hits: list[ScoredPassage]) -> list[int]:
    return [hit.passage.ordinal for hit in hits]


def scores(hits: list[ScoredPassage]) -> list[float]:
    # -1 where a leg did not return the passage.
    return [-1 if score is None else score for hit in hits for score in (hit.score, hit.dense, hit.sparse)]


@pytest.fixture(scope="module")
def edge(shared_path: Path) -> GenerationReader:
    """Publish the corpus in the embedded store once."""

    async def publish_and_open() -> GenerationReader:
        store = EdgePlace(shared_path).store()
        await publish(store, "g1", corpus())
        return await open_current(store)

    return asyncio.run(publish_and_open())


@pytest.mark.parametrize("only", [SearchFilter(), SearchFilter(languages=("en",))], ids=["all", "english"])
async def test_every_store_finds_the_same_in_the_same_order_with_the_same_scores(
    place: Place, edge: GenerationReader, only: SearchFilter
):
    store = place.store()
    await publish(store, "g1", corpus())
    reader = await open_current(store)
    for question in QUESTIONS:
        expected, found = [await find(each, question, only, 20) for each in (edge, reader)]
        assert order(expected) == order(found)
        assert pytest.approx(scores(expected), abs=1e-5) == scores(found)


async def test_the_order_after_a_deletion_is_that_of_a_generation_built_anew(place: Place):
    passages = corpus()
    kept = [passage for passage in passages if not passage.document_id.endswith("3")]
    store = place.store()
    parent = await publish(store, "g1", passages)
    async with store.write("g2", parent) as writer:
        await writer.delete_documents(["zh-3", "en-3"])
        copied = await writer.complete(make_manifest("g2", kept, "g1"))
    async with store.write("g3", None) as writer:
        await writer.upsert(embed(kept))
        anew = await writer.complete(make_manifest("g3", kept))
    for question in QUESTIONS:
        expected, found = [await find(each, question, limit=20) for each in (anew, copied)]
        assert order(expected) == order(found)
