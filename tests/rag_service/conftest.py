import asyncio
import os

import pytest

from tests.rag_service.factories import metformin, pressure, publish


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
