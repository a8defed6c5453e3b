from pathlib import Path

import pytest

from ingest.sources.source import Source


@pytest.mark.parametrize(
    ("expected", "location"),
    [
        ("path", "/data/texts"),
        ("path", "/data/*.md"),
        ("urls", "https://who.int/a.html"),
        ("urls", "list:/data/pages.txt"),
        ("urls", "list:https://who.int/pages.txt"),
        ("objects", "s3://bucket/texts"),
        ("objects", "memory://texts"),
        ("reader", "reader:llama_index.core:SimpleDirectoryReader"),
    ],
)
def test_the_location_tells_what_reads_a_source(expected: str, location: str):
    assert expected == Source(location, "texts").kind


def test_a_source_with_addresses_is_read_from_the_web():
    assert "urls" == Source("", "texts", urls=("https://who.int/a.html",)).kind


def test_a_path_is_named_by_its_absolute_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert f"{tmp_path}/texts" == Source.of_path(Path("texts")).name


def test_a_source_that_adds_nothing_has_no_fingerprint():
    assert "" == Source("/data", "texts", include=("*.md",)).fingerprint


@pytest.mark.parametrize(
    "adding", [{"publisher": "WHO"}, {"license": "CC0"}, {"language": "zh"}, {"trust": "user"}]
)
def test_everything_that_a_source_adds_is_in_its_fingerprint(adding: dict[str, object]):
    assert 16 == len(Source("/data", "texts", **adding).fingerprint)


def test_secrets_are_not_shown():
    assert "hunter2" not in repr(
        Source("s3://b", "texts", options={"secret": "hunter2"}, load={"k": "hunter2"})
    )


@pytest.mark.parametrize(
    ("expected", "name", "include", "exclude"),
    [
        (True, "a/b.md", (), ()),
        (True, "a/b.md", ("*.md",), ()),
        (False, "a/b.txt", ("*.md",), ()),
        (True, "a/b.md", ("a/*.md",), ()),
        (False, "a/c/b.md", ("a/*.md",), ()),
        (True, "a/c/b.md", ("a/**/*.md",), ()),
        (False, "a/b.md", ("*.md",), ("a/**",)),
        (True, "x.zip!/b.md", ("*.md",), ()),
        (True, "x.zip!/b.md", ("x.zip",), ()),
        (False, "x.zip!/b.md", (), ("x.zip",)),
        (True, "https://who.int/en/a.html", ("*.html",), ()),
    ],
)
def test_globs_choose_names(expected: bool, name: str, include: tuple[str, ...], exclude: tuple[str, ...]):
    assert expected is Source("/data", "texts", include=include, exclude=exclude).admits(name)
