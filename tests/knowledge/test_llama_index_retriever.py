import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, NodeRelationship, NodeWithScore

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed, GenerationMismatch, GenerationMissing
from knowledge.llama_index_retriever import MedciteRetriever
from knowledge.store import SearchFilter
from tests.knowledge.factories import make_passage, publish

ROOT = Path(__file__).parents[2]
FEVER = make_passage(
    "Fever above 38.5 ℃ is treated with acetaminophen.",
    0,
    document_id="fever-en",
    title="Fever",
    language="en",
    url="https://example.org/fever",
    reviewed_on=date(2025, 3, 1),
)
PRESSURE = make_passage("高血压的诊断标准是血压≥140/90 mmHg。", 1)
SUGAR = make_passage("糖尿病患者的 HbA1c 应低于 7.0%。", 2)
QUESTION = "How is fever treated?"


@pytest.fixture(scope="module")
def index(shared_path: Path) -> Path:
    asyncio.run(publish(EdgeStore(shared_path), "g1", [FEVER, PRESSURE, SUGAR]))
    return shared_path


@pytest.fixture(scope="module")
def retriever(index: Path) -> Iterator[MedciteRetriever]:
    retriever = MedciteRetriever(EdgeStore(index), HashingEmbedder())
    yield retriever
    retriever.close()


@pytest.fixture(scope="module")
def found(retriever: MedciteRetriever) -> NodeWithScore:
    return retriever.retrieve(QUESTION)[0]


def ids(nodes: list[NodeWithScore]) -> list[str]:
    return [node.node_id for node in nodes]


def test_the_best_passage_comes_first_with_its_id_and_its_exact_text(found: NodeWithScore):
    assert (FEVER.passage_id, FEVER.text) == (found.node_id, found.text)


def test_a_node_has_a_score_between_0_and_1(found: NodeWithScore):
    assert 0 < found.get_score(raise_error=True) <= 1


def test_a_node_says_where_it_comes_from(found: NodeWithScore):
    expected = {
        "context": "Fever",
        "title": "Fever",
        "section_path": "诊断",
        "publisher": "medcite",
        "reviewed_on": "2025-03-01",
        "url": "https://example.org/fever",
        "language": "en",
        "status": "current",
        "start": 0,
        "end": len(FEVER.text),
    }
    assert expected == found.metadata


def test_a_node_names_its_document_as_its_source(found: NodeWithScore):
    source = found.node.relationships[NodeRelationship.SOURCE]
    assert ("fever-en", "fever-en") == (source.node_id, found.node.ref_doc_id)


def test_a_node_has_the_offsets_of_its_passage(found: NodeWithScore):
    assert (FEVER.start, FEVER.end) == (found.node.start_char_idx, found.node.end_char_idx)


def test_another_embedder_embeds_what_ours_does(found: NodeWithScore):
    assert f"context: Fever\n\n{FEVER.text}" == found.node.get_content(MetadataMode.EMBED)


def test_a_language_model_is_not_shown_offsets_or_urls(found: NodeWithScore):
    shown = found.node.get_content(MetadataMode.LLM)
    assert ("reviewed_on: 2025-03-01" in shown, "url:" in shown, "start:" in shown) == (True, False, False)


async def test_it_retrieves_asynchronously(retriever: MedciteRetriever):
    assert FEVER.passage_id == ids(await retriever.aretrieve(QUESTION))[0]


async def test_it_retrieves_inside_a_running_event_loop(retriever: MedciteRetriever):
    assert FEVER.passage_id == ids(retriever.retrieve(QUESTION))[0]


def test_it_retrieves_from_one_event_loop_after_another(retriever: MedciteRetriever):
    first, second = (asyncio.run(retriever.aretrieve(QUESTION)) for _ in range(2))
    assert ids(first) == ids(second)


async def test_it_retrieves_for_many_threads_at_once(retriever: MedciteRetriever):
    expected = ids(retriever.retrieve(QUESTION))
    found = await asyncio.gather(*(asyncio.to_thread(retriever.retrieve, QUESTION) for _ in range(16)))
    assert [expected] * 16 == [ids(nodes) for nodes in found]


def test_a_question_without_words_finds_nothing(retriever: MedciteRetriever):
    assert [] == retriever.retrieve("？！")


def test_the_limit_and_the_filter_are_kept(index: Path):
    retriever = MedciteRetriever(EdgeStore(index), HashingEmbedder(), 1, SearchFilter(languages=("zh",)))
    assert [PRESSURE.passage_id] == ids(retriever.retrieve("血压 140/90"))
    retriever.close()


def test_a_query_engine_answers_from_the_passages(retriever: MedciteRetriever):
    engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM())
    # The mock repeats its prompt.
    assert FEVER.text in str(engine.query(QUESTION))


async def test_an_asynchronous_query_engine_names_its_sources(retriever: MedciteRetriever):
    answer = await RetrieverQueryEngine.from_args(retriever, llm=MockLLM()).aquery(QUESTION)
    assert FEVER.passage_id == ids(answer.source_nodes)[0]


async def test_a_new_generation_is_searched_without_a_new_retriever(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [PRESSURE])
    retriever = MedciteRetriever(EdgeStore(tmp_path), HashingEmbedder())
    found = [ids(await retriever.aretrieve(QUESTION))]
    await publish(EdgeStore(tmp_path), "g2", [FEVER])
    async with asyncio.timeout(10):  # it is opened in the background
        while found[-1] == found[0]:
            await asyncio.sleep(0.01)
            found.append(ids(await retriever.aretrieve(QUESTION)))
    assert ([PRESSURE.passage_id], [FEVER.passage_id]) == (found[0], found[-1])
    retriever.close()


def test_no_index_is_an_error_that_names_the_remedy(tmp_path: Path):
    retriever = MedciteRetriever(EdgeStore(tmp_path), HashingEmbedder())
    with pytest.raises(GenerationMissing, match="medcite-ingest run"):
        retriever.retrieve(QUESTION)
    retriever.close()


def test_an_index_of_another_embedder_is_refused(index: Path):
    retriever = MedciteRetriever(EdgeStore(index), HashingEmbedder(name="other"))
    with pytest.raises(GenerationMismatch, match="MEDCITE_EMBEDDING_MODEL"):
        retriever.retrieve(QUESTION)
    retriever.close()


def test_the_settings_name_the_embedding_model(monkeypatch: pytest.MonkeyPatch):
    # Three parts are no hub name, so that the hub is not asked.
    monkeypatch.setenv("MEDCITE_EMBEDDING_MODEL", "no/such/model")
    with pytest.raises(EmbeddingFailed, match="'no/such/model'"):
        MedciteRetriever.from_settings()


def test_no_other_module_of_the_package_names_llama_index():
    named = [path.name for path in (ROOT / "knowledge").rglob("*.py") if "llama_index" in path.read_text()]
    assert ["llama_index_retriever.py"] == named
