from collections.abc import Iterator

import pytest

from tests.ingest.sources.server import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """Run a web server on loopback."""
    with serving() as running:
        yield running
