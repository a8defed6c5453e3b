import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from ingest.catalogue import catalogue_schema, load_catalogue
from ingest.loaders.columns import ColumnMap
from ingest.sources import Source, list_entries
from ingest.sources.spec import Column

_DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """Load the example of the documentation."""
    for name in ("AWS_KEY", "AWS_SECRET"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "sources.yaml").write_text(_example(), encoding="utf-8")
    return load_catalogue(tmp_path / "sources.yaml")


def test_the_schema_for_editors_is_up_to_date():
    # To write it anew: python -c "import ingest.catalogue as c; print(c.catalogue_schema().decode(), end='')"
    assert (_DOCS / "sources.schema.json").read_bytes() == catalogue_schema()


def test_every_column_that_the_loaders_know_can_be_mapped():
    assert {field.name for field in fields(ColumnMap)} == set(get_args(Column))


def test_the_example_in_the_documentation_has_every_kind_of_source(example: list[Source]):
    assert {"path", "urls", "objects", "reader"} == {source.kind for source in example}


def test_the_example_in_the_documentation_shows_every_key():
    keys = set(json.loads(catalogue_schema())["$defs"]["SourceSpec"]["properties"])
    assert keys == {key for key in keys if re.search(rf"^\s+(- )?{key}:", _example(), re.MULTILINE)}


def test_the_first_source_of_the_example_is_read(tmp_path: Path, example: list[Source]):
    (tmp_path / "guidelines").mkdir()
    (tmp_path / "guidelines" / "a.md").write_text("# A\n\n140/90 mmHg\n")
    assert ["a.md"] == [entry.name for entry in list_entries(example[0])]


def _example() -> str:
    match = re.search(r"```yaml\n(.*?)```", (_DOCS / "sources.md").read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return match.group(1)
