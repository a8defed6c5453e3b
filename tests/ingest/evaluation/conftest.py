from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.evaluation.parts import Parts
from tests.ingest.evaluation.factories import make_parts


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Give the parts of an evaluation, with indexes of this test."""
    made = make_parts(tmp_path)
    yield made
    made.questions.close()
