"""What every store's readers give."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from knowledge.passage import passage_id
from knowledge.store import GenerationReader, SearchFilter
from tests.knowledge.factories import embed, make_manifest, make_passage
from tests.knowledge.store_contract.places import Place
from tests.knowledge.store_contract.steps import documents_found, find, open_current, publish, texts_of

CORPUS = (
    make_passage(
        document_id="a", publisher="NHC", reviewed_on=date(2026, 1, 31), published_on=date(2019, 1, 1)
    ),
    make_passage(
        "Blood pressure 140/90 mmHg.", document_id="b", language="en", published_on=date(2024, 6, 1)
    ),
    make_passage("血压不低于 140/90。", document_id="c", status="superseded", published_on=date(2020, 1, 1)),
    make_passage("血压 140/90 mmHg 以上者。", document_id="d", status="retracted"),
)


@pytest.fixture
async def corpus(place: Place) -> GenerationReader:
    """Publish the corpus and open it."""
    store = place.store()
    await publish(store, "g1", CORPUS)
    return await open_current(store)


async def test_a_passage_is_read_as_it_was_written(corpus: GenerationReader):
    assert [CORPUS[0]] == await corpus.passages([CORPUS[0].passage_id])


async def test_passages_come_in_the_order_of_the_ids(corpus: GenerationReader):
    wanted = [CORPUS[2], CORPUS[0], CORPUS[3]]
    assert wanted == await corpus.passages([passage.passage_id for passage in wanted])


@pytest.mark.parametrize(
    "unknown",
    [
        "00000000-0000-0000-0000-000000000000",
        "",
        "0",
        "7",
        "../../etc/passwd",
        "{00000000-0000-0000-0000-000000000000}",
    ],
)
async def test_an_unknown_or_malformed_id_is_left_out(corpus: GenerationReader, unknown: str):
    assert [CORPUS[0]] == await corpus.passages([unknown, CORPUS[0].passage_id])


async def test_no_ids_give_no_passages(corpus: GenerationReader):
    assert [] == await corpus.passages([])


async def test_a_document_of_many_passages_comes_whole_and_in_order(place: Place):
    passages = [make_passage(f"第 {n} 段", n) for n in range(300)]
    store = place.store()
    await publish(store, "g1", [*reversed(passages), make_passage("别的", document_id="gout-zh")])
    assert [passage.text for passage in passages] == await texts_of(await open_current(store))


async def test_an_unknown_document_has_no_passages(corpus: GenerationReader):
    assert [] == await texts_of(corpus, "unknown")


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (SearchFilter(), "abcd"),
        (SearchFilter(languages=("en",)), "b"),
        (SearchFilter(languages=("en", "zh")), "abcd"),
        (SearchFilter(publishers=("NHC",)), "a"),
        (SearchFilter(publishers=("nobody",)), ""),
        (SearchFilter(document_ids=("a", "d")), "ad"),
        (SearchFilter(statuses=("current",)), "ab"),
        (SearchFilter(statuses=("superseded", "retracted")), "cd"),
        (SearchFilter(dated_from=date(2024, 6, 1)), "ab"),
        (SearchFilter(dated_from=date(2024, 6, 2)), "a"),
        (SearchFilter(dated_to=date(2024, 6, 1)), "bc"),
        (SearchFilter(dated_to=date(2024, 5, 31)), "c"),
        (SearchFilter(dated_from=date(2020, 1, 1), dated_to=date(2025, 1, 1)), "bc"),
        (SearchFilter(statuses=("current",), languages=("zh",)), "a"),
    ],
)
async def test_a_filter_admits_only_what_it_names(
    corpus: GenerationReader, only: SearchFilter, expected: str
):
    assert set(expected) == await documents_found(corpus, only)


async def test_the_best_passage_comes_first(corpus: GenerationReader):
    assert CORPUS[1] == (await find(corpus, "blood pressure"))[0].passage


async def test_the_limit_bounds_the_results(corpus: GenerationReader):
    assert 2 == len(await find(corpus, limit=2))


async def test_a_question_without_terms_is_answered_by_the_dense_leg_alone(corpus: GenerationReader):
    assert [None] * 4 == [hit.sparse for hit in await find(corpus, "？！")]


async def test_a_passage_without_a_common_term_has_no_sparse_score(corpus: GenerationReader):
    assert [None] * 3 == [hit.sparse for hit in await find(corpus, "blood")][1:]


async def test_a_passage_without_terms_can_be_stored(place: Place):
    store = place.store()
    await publish(store, "g1", [make_passage("……", title="？")])
    assert ["……"] == await texts_of(await open_current(store))


async def test_dense_vectors_are_given_by_passage_id(corpus: GenerationReader):
    wanted = [CORPUS[3].passage_id, CORPUS[1].passage_id]
    vectors = await corpus.dense_vectors(wanted)
    np.testing.assert_allclose(embed([CORPUS[3], CORPUS[1]]).dense, [vectors[i] for i in wanted], rtol=1e-6)


async def test_dense_vectors_of_many_passages_come_whole(place: Place):
    passages = [make_passage(f"第 {n} 段", n) for n in range(300)]
    store = place.store()
    await publish(store, "g1", passages)
    vectors = await (await open_current(store)).dense_vectors([passage.passage_id for passage in passages])
    assert {passage_id("hypertension-zh", "revision", n) for n in range(300)} == vectors.keys()


async def test_passages_of_documents_that_the_manifest_does_not_name_are_counted(place: Place):
    orphans = [make_passage(document_id=f"orphan-{n}") for n in range(250)]
    listed = {"listed": replace(make_manifest("g1", orphans).documents["orphan-0"], n_passages=250)}
    async with place.store().write("g1", None) as writer:
        await writer.upsert(embed(orphans))
        reader = await writer.complete(replace(make_manifest("g1", []), documents=listed))
    assert {passage.document_id: 1 for passage in orphans} == await reader.passage_counts()


async def test_passages_are_counted_by_document(place: Place):
    passages = [make_passage(f"第 {n} 段", n) for n in range(5)]
    store = place.store()
    await publish(store, "g1", [*passages, make_passage("别的", document_id="gout-zh")])
    assert {"hypertension-zh": 5, "gout-zh": 1} == await (await open_current(store)).passage_counts()
