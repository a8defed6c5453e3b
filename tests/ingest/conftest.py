from pathlib import Path

import pytest

from tests.ingest.factories import point_commands_to
from tests.knowledge.conftest import shared_path as shared_path
from tests.knowledge.conftest import tmp_path as tmp_path


@pytest.fixture
def command_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point commands to a store of this test."""
    point_commands_to(tmp_path, monkeypatch)
