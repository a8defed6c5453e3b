import asyncio
import os

import pytest

from knowledge.edge_store import EdgeStore
from tests.rag_service.factories import ask, metformin, open_answerer, pressure, publish

QUESTION = "诊室血压的标准是多少？"


@pytest.fixture(autouse=True, scope="package")
def no_settings_from_outside():
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("MEDCITE_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """A store that is only read; once for all because publishing takes a second."""
    return asyncio.run(publish(tmp_path_factory.mktemp("knowledge"), pressure() + metformin()))


@pytest.fixture
def answer(store, tmp_path):
    """Ask a question of a new answerer; gives the events."""

    async def answer(generator, question=QUESTION, indexed=True, fields=None, **settings):
        chosen = store if indexed else EdgeStore(tmp_path)
        async with open_answerer(chosen, generator, **settings) as answerer:
            return await ask(answerer, question, **(fields or {}))

    return answer
