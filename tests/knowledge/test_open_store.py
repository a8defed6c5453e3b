import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.errors import InvalidSettings
from knowledge.open_store import open_store
from knowledge.server_layout import Layout
from knowledge.server_store import ServerStore
from knowledge.settings import KnowledgeSettings, read_settings

URL = "https://qdrant:6333"


def test_without_a_url_the_store_is_the_folder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_KNOWLEDGE_PATH", "/srv/knowledge")
    store = open_store(read_settings(KnowledgeSettings))
    assert isinstance(store, EdgeStore)
    assert Path("/srv/knowledge") == store.root


def test_with_a_url_the_store_is_the_server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_QDRANT_URL", URL)
    assert isinstance(open_store(read_settings(KnowledgeSettings)), ServerStore)


@pytest.mark.parametrize(("replicas", "write_consistency"), [(1, 1), (2, 2), (3, 2), (5, 3)])
def test_most_replicas_must_confirm_a_write(replicas: int, write_consistency: int):
    store = open_store(KnowledgeSettings(qdrant_url=URL, qdrant_shards=6, qdrant_replicas=replicas))
    assert isinstance(store, ServerStore)
    assert Layout(shards=6, replicas=replicas, write_consistency=write_consistency) == store.layout


@pytest.mark.parametrize("url", ["qdrant:6333", "grpc://qdrant", "http://", ""])
def test_a_url_of_another_kind_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, url: str
):
    monkeypatch.setenv("MEDCITE_QDRANT_URL", url)
    with pytest.raises(InvalidSettings, match="MEDCITE_QDRANT_URL: "):
        read_settings(KnowledgeSettings)


def test_the_key_is_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDCITE_QDRANT_API_KEY", "k3y")
    assert "k3y" not in repr(read_settings(KnowledgeSettings))


_IMPORTED = """
import sys
import knowledge
from knowledge.open_store import open_store
from knowledge.settings import KnowledgeSettings
open_store(KnowledgeSettings({settings}))
print(sorted({{"qdrant_client", "qdrant_edge", "torch"}} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("", ["qdrant_edge"]), (f"qdrant_url='{URL}'", ["qdrant_client"])],
    ids=["folder", "server"],
)
def test_only_the_library_of_the_chosen_store_is_imported(settings: str, expected: list[str]):
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED.format(settings=settings)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert f"{expected}\n" == done.stdout
