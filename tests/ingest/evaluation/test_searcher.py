import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.evaluation.configurations import parse_configuration
from ingest.evaluation.errors import EvaluationFailed
from ingest.evaluation.searcher import Searcher
from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import RerankFailed
from knowledge.microbatch import QueryEmbedder
from knowledge.passage import Passage
from knowledge.retrieval import Reranking
from knowledge.store import GenerationReader
from tests.knowledge.factories import make_passage, publish

FEVER = "Fever above 38.5 ℃ is treated with acetaminophen."
GOUT = "Gout attacks are treated with colchicine."
BURNS = "Burns are cooled with water."


def passage(document_id: str, text: str) -> Passage:
    made = make_passage(text, language="en")
    return replace(
        made, passage_id=str(made.passage_id), imprint=replace(made.imprint, document_id=document_id)
    )


class Backwards:
    """A reranker that likes the last passage best."""

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        return [rank / len(passages) for rank in range(len(passages))]

    async def close(self) -> None:
        """Nothing to close."""


class Broken(Backwards):
    """A reranker that fails."""

    async def score(self, question: str, passages: Sequence[Passage]) -> list[float]:
        raise RerankFailed("it is gone")


@pytest.fixture(scope="module")
def reader(shared_path: Path) -> GenerationReader:
    return asyncio.run(published(shared_path))


@pytest.fixture
def questions() -> Iterator[QueryEmbedder]:
    embedder = QueryEmbedder(HashingEmbedder())
    yield embedder
    embedder.close()


async def published(root: Path) -> GenerationReader:
    store = EdgeStore(root)
    passages = [
        replace(make_passage(text, ordinal, language="en"), imprint=passage(name, text).imprint)
        for ordinal, (name, text) in enumerate({"fever": FEVER, "gout": GOUT, "burns": BURNS}.items())
    ]
    await publish(store, "g1", passages)
    reader = await store.current()
    assert reader is not None
    return reader


@pytest.mark.parametrize(
    "text",
    ["", "understand=no", "legs=dense", "legs=sparse", "legs=rrf", "stage=evidence", "dense_weight=0.9"],
)
async def test_the_document_that_answers_comes_first(
    reader: GenerationReader, questions: QueryEmbedder, text: str
):
    searcher = Searcher(reader, questions, parse_configuration(text), None)
    assert "fever" == (await searcher.documents("How is fever above 38.5 treated?"))[0]


async def test_the_sparse_leg_alone_finds_what_shares_a_term(
    reader: GenerationReader, questions: QueryEmbedder
):
    searcher = Searcher(reader, questions, parse_configuration("legs=sparse"), None)
    assert ["burns"] == await searcher.documents("cool water")


async def test_the_dense_leg_alone_finds_all(reader: GenerationReader, questions: QueryEmbedder):
    searcher = Searcher(reader, questions, parse_configuration("legs=dense"), None)
    assert {"burns", "fever", "gout"} == set(await searcher.documents("cool water"))


async def test_a_reranker_puts_documents_into_its_order(reader: GenerationReader, questions: QueryEmbedder):
    plain = Searcher(reader, questions, parse_configuration(""), None)
    other = Searcher(reader, questions, parse_configuration("rerank=yes"), Reranking(Backwards(), 8, 1))
    assert (await plain.documents("fever"))[::-1] == await other.documents("fever")


@pytest.mark.parametrize("stage", ["search", "evidence"])
async def test_a_reranker_that_fails_stops_the_evaluation(
    reader: GenerationReader, questions: QueryEmbedder, stage: str
):
    configuration = parse_configuration(f"rerank=yes,stage={stage}")
    searcher = Searcher(reader, questions, configuration, Reranking(Broken(), 8, 1))
    with pytest.raises(EvaluationFailed, match="the reranker failed: it is gone"):
        await searcher.documents("fever")


async def test_a_question_without_words_finds_no_document(reader: GenerationReader, questions: QueryEmbedder):
    assert [] == await Searcher(reader, questions, parse_configuration(""), None).documents("?!")


async def test_the_evidence_has_its_sufficiency(reader: GenerationReader, questions: QueryEmbedder):
    evidence = await Searcher(reader, questions, parse_configuration(""), None).evidence(
        "How is fever treated?"
    )
    assert 0 < evidence.sufficiency <= 1
