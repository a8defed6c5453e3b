import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.catalogue import InvalidCatalogue, load_catalogue
from ingest.sources import Source


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder: Path, text: str) -> str:
    with pytest.raises(InvalidCatalogue) as error:
        load_catalogue(write(folder, text))
    return str(error.value).replace(f"{folder}/", "")


def test_a_source_needs_a_name_and_a_location(tmp_path: Path):
    path = write(tmp_path, "sources:\n  - name: texts\n    location: /data\n")
    assert [Source("/data", "texts")] == load_catalogue(path)


def test_everything_that_is_said_of_a_source_is_read(tmp_path: Path):
    path = write(
        tmp_path,
        """
sources:
  - name: pages
    urls: [https://who.int/a, https://who.int/b]
    publisher: WHO
    license: CC BY 4.0
    language: zh
    trust: authoritative
    refresh: 7d
    delay_s: 0.5
    include: ["*.html"]
    exclude: [old/**]
    columns: {title: name, text: [body, notes]}
""",
    )
    expected = Source(
        "",
        "pages",
        publisher="WHO",
        license="CC BY 4.0",
        language="zh",
        trust="authoritative",
        refresh=timedelta(days=7),
        delay_s=0.5,
        include=("*.html",),
        exclude=("old/**",),
        columns={"title": "name", "text": ("body", "notes")},
        urls=("https://who.int/a", "https://who.int/b"),
    )
    assert [expected] == load_catalogue(path)


@pytest.mark.parametrize(
    ("expected", "location"),
    [
        ("{folder}/texts", "texts"),
        ("{folder}/*.md", "'*.md'"),
        ("/data", "/data"),
        ("list:{folder}/pages.txt", "list:pages.txt"),
        ("list:https://who.int/pages.txt", "list:https://who.int/pages.txt"),
        ("https://who.int/a", "https://who.int/a"),
        ("s3://bucket/texts", "s3://bucket/texts"),
        ("reader:a.b:C", "reader:a.b:C"),
    ],
)
def test_paths_are_below_the_folder_of_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: str, location: str
):
    monkeypatch.chdir("/")
    path = write(tmp_path, f"sources: [{{name: texts, location: {location}}}]")
    assert expected.format(folder=tmp_path) == load_catalogue(path)[0].location


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S3_KEY", "hunter2")
    path = write(tmp_path, "sources: [{name: b, location: s3://b, options: {key: '${S3_KEY}', anon: false}}]")
    assert {"key": "hunter2", "anon": False} == load_catalogue(path)[0].options


def test_variables_are_put_into_nothing_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET", "hunter2")
    path = write(tmp_path, "sources: [{name: '${SECRET}', location: '/${SECRET}', publisher: '${SECRET}'}]")
    assert "hunter2" not in repr(load_catalogue(path))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("sources.yaml:3: sources.0.licence: unknown key; did you mean license?", "licence: CC0"),
        ("sources.yaml:3: sources.0.xyz: unknown key; known: name, location, urls,", "xyz: red"),
        (
            "sources.yaml:3: sources.0.trust: Input should be 'authoritative', 'general' or 'user'",
            "trust: high",
        ),
        ("sources.yaml:3: sources.0.language: Input should be 'zh' or 'en'", "language: fr"),
        (
            "sources.yaml:3: sources.0.refresh: 'daily' is no time span; write 30m, 12h or 7d",
            "refresh: daily",
        ),
        ("sources.yaml:3: sources.0.license: 4.0 is not text; put it in quotes", "license: 4.0"),
        ("sources.yaml:3: sources.0.delay_s: Input should be greater than or equal to 0", "delay_s: -1"),
        ("sources.yaml:3: sources.0.include: Input should be a valid list", "include: '*.md'"),
        ("sources.yaml:3: sources.0.load: does not fit /data; it is for reader", "load: {texts: []}"),
        (
            "sources.yaml:3: sources.0.options: does not fit /data; it is for objects and reader",
            "options: {a: 1}",
        ),
        ("sources.yaml:3: sources.0.refresh: does not fit /data; it is for urls", "refresh: 7d"),
        ("sources.yaml:2: sources.0: needs either location or urls", "urls: [https://who.int/a]"),
        ("sources.yaml:3: sources.0.name: stands twice, first in line 2", "name: again"),
    ],
)
def test_a_fault_is_named_with_file_line_and_key(tmp_path: Path, expected: str, text: str):
    assert expected in fault(tmp_path, f"sources:\n  - {{name: texts, location: /data,\n     {text}}}\n")


def test_a_fault_in_a_list_is_named_with_its_own_line(tmp_path: Path):
    text = "sources:\n  - name: texts\n    location: /data\n    include:\n      - '*.md'\n      - 5\n"
    assert "sources.yaml:6: sources.0.include.1: 5 is not text; put it in quotes" == fault(tmp_path, text)


def test_a_key_that_is_missing_is_named_with_the_line_of_its_source(tmp_path: Path):
    text = "sources:\n  - name: texts\n    location: /data\n  - location: /other\n"
    assert "sources.yaml:4: sources.1.name: Field required" == fault(tmp_path, text)


def test_a_name_that_stands_twice_is_named_with_both_lines(tmp_path: Path):
    text = "sources:\n  - name: texts\n    location: /a\n  - name: texts\n    location: /b\n"
    expected = "sources.yaml:4: sources.1.name: 'texts' is the name of the source in line 2 too; rename one"
    assert expected == fault(tmp_path, text)


def test_all_faults_are_named_at_once(tmp_path: Path):
    text = "sources:\n  - name: texts\n    location: /a\n    trust: high\n    colour: red\n"
    assert [4, 5] == sorted(int(line.split(":")[1]) for line in fault(tmp_path, text).splitlines())


def test_a_variable_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("S3_KEY", raising=False)
    text = "sources:\n  - name: b\n    location: s3://b\n    options:\n      key: ${S3_KEY}\n"
    expected = "sources.yaml:4: sources.0.options: environment variable S3_KEY is not set"
    assert expected == fault(tmp_path, text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("sources.yaml:3: is not YAML: expected the node content", "sources:\n  - [\n"),
        ("sources.yaml:1: file: is no set of keys and values; begin the file", ""),
        ("sources.yaml:1: file: is no set of keys and values; begin the file", "just words"),
        ("sources.yaml:1: sources: List should have at least 1 item", "sources: []"),
        ("sources.yaml:1: source: unknown key; did you mean sources?", "source: []"),
        ("sources.yaml:2: sources.0: is no set of keys and values", "sources:\n  - /data\n"),
        ("sources.yaml:1: sources.0: refers to itself", "sources: &a [*a]"),
        ("sources.yaml:2: sources.0.name: '2026-02-30' cannot be read: ", "sources:\n - {name: 2026-02-30}"),
        ("sources.yaml:2: is not YAML: special characters are not allowed", "sources:\n - \a"),
        ("sources.yaml:2: is not YAML: could not determine a constructor", "sources:\n - !secret a"),
        ("sources.yaml:1: is nested too deeply", "[" * 1500),
    ],
)
def test_what_is_no_catalogue_is_said_to_be_none(tmp_path: Path, expected: str, text: str):
    assert expected in fault(tmp_path, text)


def test_a_catalogue_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InvalidCatalogue, match=r"sources\.yaml cannot be read: No such file"):
        load_catalogue(tmp_path / "sources.yaml")


def test_a_catalogue_in_another_encoding_is_named(tmp_path: Path):
    (tmp_path / "sources.yaml").write_bytes("sources: [{name: 高血压}]".encode("gb18030"))
    with pytest.raises(InvalidCatalogue, match=r"sources\.yaml is not UTF-8 \(byte 17\)"):
        load_catalogue(tmp_path / "sources.yaml")


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["name", "${A}", "s3://b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sources", "name", "location", "urls", "load", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_VALUES)
def test_whatever_stands_in_the_file_is_a_catalogue_or_a_fault_with_a_line(tmp_path: Path, content: object):
    path = write(tmp_path, json.dumps(content))
    assert all(re.match(r".*sources\.yaml:\d+: ", line) for line in _faults(path))


def _faults(path: Path) -> list[str]:
    try:
        load_catalogue(path)
    except InvalidCatalogue as error:
        return str(error).splitlines()
    return []
