"""The golden questions of the sample texts, on an index that the real embedder made."""

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from ingest.golden import GoldenQuestion, load_golden
from knowledge.edge_store import EdgeStore
from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.microbatch import QueryEmbedder
from knowledge.search import SearchQuery, search
from knowledge.settings import KnowledgeSettings
from tests.live import STARTER

pytestmark = pytest.mark.integration

# As many passages as an answer is made from.
LIMIT = 8
# Language of the question and of the document that answers it, to the least share found. One question
# of 19 and of 8 may be missed within a language, one of 3 across.
FLOORS = {"zh→zh": 0.94, "en→en": 0.87, "en→zh": 0.66, "zh→en": 0.66}


@pytest.fixture(scope="module")
def found(index_environment: dict[str, str]) -> dict[str, dict[str, bool]]:
    """Ask every question: direction to question to whether a right document was found."""
    return asyncio.run(ask_all(index_environment))


async def ask_all(environment: dict[str, str]) -> dict[str, dict[str, bool]]:
    store = EdgeStore(Path(environment["MEDCITE_KNOWLEDGE_PATH"]))
    model = environment["MEDCITE_EMBEDDING_MODEL"]
    embedder = QueryEmbedder(SentenceTransformerEmbedder(model, KnowledgeSettings().models_path))
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    try:
        reader = await store.current()
        assert reader is not None
        for golden in load_golden([STARTER]):
            hits = (await search(reader, embedder, SearchQuery(golden.question, LIMIT))).hits
            documents = {hit.passage.document_id for hit in hits}
            found[direction(golden)][golden.question] = bool(documents & golden.document_ids)
    finally:
        embedder.close()
        await store.close()
    return found


def direction(golden: GoldenQuestion) -> str:
    """Name the languages of a question and of its documents, whose names end with theirs."""
    (language,) = {document_id.rpartition("-")[2] for document_id in golden.document_ids}
    return f"{golden.language}→{language}"


def test_there_are_golden_questions_in_every_direction():
    counts: dict[str, int] = defaultdict(int)
    for golden in load_golden([STARTER]):
        counts[direction(golden)] += 1
    assert {"zh→zh": 19, "en→en": 8, "en→zh": 3, "zh→en": 3} == counts


@pytest.mark.parametrize(("way", "floor"), FLOORS.items())
def test_golden_questions_find_their_documents(found: dict[str, dict[str, bool]], way: str, floor: float):
    share = sum(found[way].values()) / len(found[way])
    missed = [question for question, is_found in found[way].items() if not is_found]
    assert floor <= share, f"Recall@{LIMIT} {way}: measured {share:.3f}, floor {floor}; missed {missed}"
