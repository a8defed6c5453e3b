from pathlib import Path

import pytest

from knowledge.engine_reranker import EngineReranker
from knowledge.errors import InvalidSettings, RerankFailed
from knowledge.open_reranker import open_reranker
from knowledge.settings import KnowledgeSettings, read_settings
from tests.knowledge.factories import make_passage
from tests.knowledge.reranker_stub import reranked, serve_reranker


def test_there_is_no_reranker_unless_told():
    assert open_reranker(KnowledgeSettings()) is None


def test_a_cross_encoder_that_is_not_to_be_had_is_known_at_once(tmp_path: Path):
    settings = KnowledgeSettings(reranker="cross-encoder", reranker_model="no/such/model", cache=tmp_path)
    with pytest.raises(RerankFailed, match="'no/such/model'"):
        open_reranker(settings)


def test_an_engine_without_a_url_is_refused_with_the_name_of_the_setting():
    with pytest.raises(InvalidSettings, match="MEDCITE_RERANKER_URL"):
        open_reranker(KnowledgeSettings(reranker="engine"))


async def test_an_engine_is_asked_with_its_url_its_model_and_its_key():
    async with serve_reranker(reranked(0.5)) as stub:
        reranker = open_reranker(
            KnowledgeSettings(reranker="engine", reranker_url=stub.url, reranker_api_key="secret")
        )
        assert isinstance(reranker, EngineReranker)
        await reranker.score("question", [make_passage()])
        await reranker.close()
    assert ("BAAI/bge-reranker-v2-m3", "Bearer secret") == (
        stub.bodies[0]["model"],
        stub.headers[0]["Authorization"],
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RERANKER", "magic"),
        ("RERANKER_URL", "localhost:8002"),
        ("RERANKER_TIME_BOX_MS", "0"),
        ("RERANKER_CANDIDATES", "101"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
):
    monkeypatch.setenv(f"MEDCITE_{variable}", value)
    with pytest.raises(InvalidSettings, match=f"MEDCITE_{variable}: "):
        read_settings(KnowledgeSettings)
