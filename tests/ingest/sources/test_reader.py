from datetime import date
from pathlib import Path

import pytest
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document as ReaderDocument

from ingest.errors import SourceMissing
from ingest.loaders import load_document
from ingest.sources import Entry, list_entries
from ingest.sources.source import Source
from tests.ingest.sources.factories import faults, write

STRINGS = "reader:llama_index.core.readers:StringIterableReader"
FOLDER = "reader:llama_index.core:SimpleDirectoryReader"
OURS = f"reader:{__name__}:"


class PageReader(BaseReader):
    """A reader as they are on LlamaHub: pages with metadata, and it prints."""

    def load_data(self, pages: list[dict[str, object]]) -> list[ReaderDocument]:
        print("loading")  # noqa: T201 - what readers do
        return [ReaderDocument(**page) for page in pages]


class BrokenReader(BaseReader):
    """A reader whose service is down."""

    def load_data(self) -> list[ReaderDocument]:
        raise ConnectionError("503 from upstream")


def read_pages(*pages: dict[str, object], **of_source: object) -> list[Entry]:
    source = Source(f"{OURS}PageReader", "pages", load={"pages": list(pages)}, **of_source)  # type: ignore[arg-type]
    return list(list_entries(source))


def test_a_reader_of_strings_gives_markdown():
    found = list(list_entries(Source(STRINGS, "notes", load={"texts": ["Take it with water."]})))
    assert [("notes", "text/markdown")] == [(entry.source, entry.media_type) for entry in found]
    assert "Take it with water." == load_document(found[0]).text


def test_a_text_without_a_place_is_named_by_its_content():
    names = [
        [entry.name for entry in list_entries(Source(STRINGS, "notes", load={"texts": ["b", "a"]}))]
        for _ in range(2)
    ]
    assert names[0] == names[1] == sorted(names[0])


def test_a_reader_of_folders_names_documents_by_their_files(tmp_path: Path):
    write(tmp_path / "a.txt", b"140/90")
    write(tmp_path / "b.txt", b"130/80")
    found = list(list_entries(Source(FOLDER, "texts", options={"input_dir": str(tmp_path)})))
    assert [f"{tmp_path}/{name}.txt.md".removeprefix("/") for name in "ab"] == [entry.name for entry in found]
    assert "140/90" == load_document(found[0]).text


def test_metadata_becomes_the_imprint():
    metadata = {
        "title": "高血压",
        "lang": "zh-CN",
        "publisher": "WHO",
        "source": "https://who.int/a",
        "date": "2026-01-31T08:00:00Z",
        "license": "CC BY 4.0",
        "creation_date": "2020-01-01",
    }
    imprint = load_document(read_pages({"text": "血压", "metadata": metadata})[0]).imprint
    expected = ("高血压", "zh", "WHO", "https://who.int/a", date(2026, 1, 31), "CC BY 4.0")
    found = (
        imprint.title,
        imprint.language,
        imprint.publisher,
        imprint.url,
        imprint.published_on,
        imprint.license,
    )
    assert expected == found


def test_metadata_that_does_not_fit_is_left_out():
    metadata = {"title": "a", "language": "fr", "url": "page 3", "date": "last week"}
    imprint = load_document(read_pages({"text": "x", "metadata": metadata})[0]).imprint
    assert ("en", None, None) == (imprint.language, imprint.url, imprint.published_on)


def test_pages_of_one_file_have_names_of_their_own():
    pages = [{"text": str(n), "metadata": {"file_path": "/a.pdf", "page_label": str(n)}} for n in (2, 1)]
    parts = [{"text": str(n), "metadata": {"file_path": "/b.pdf"}} for n in (1, 2)]
    names = [entry.name for entry in read_pages(*pages, *parts)]
    assert ["a.pdf#page-1.md", "a.pdf#page-2.md", "b.pdf#2.md", "b.pdf.md"] == sorted(names)


def test_an_id_of_its_own_names_a_document():
    assert ["heart.md"] == [entry.name for entry in read_pages({"text": "x", "id_": "heart"})]


def test_globs_choose_documents():
    pages = [{"text": "x", "id_": name} for name in ("heart", "lung")]
    assert ["heart.md"] == [entry.name for entry in read_pages(*pages, include=("heart",))]


def test_half_a_character_is_a_fault():
    assert ["heart.md"] == list(faults(read_pages({"text": "\ud83d", "id_": "heart"})))


def test_what_a_reader_prints_does_not_reach_the_report(capsys: pytest.CaptureFixture[str]):
    read_pages({"text": "x"})
    assert ("", "loading\n") == capsys.readouterr()


@pytest.mark.parametrize(
    ("location", "options", "load", "reason"),
    [
        (
            "reader:no.such.module:Reader",
            {},
            {},
            "cannot be imported: No module named 'no'; write reader:MODULE:CLASS",
        ),
        ("reader:llama_index.core:NoSuchReader", {}, {}, "cannot be imported"),
        ("reader:", {}, {}, "cannot be imported: Empty module name"),
        ("reader:pathlib:Path", {}, {}, "'pathlib:Path' is no LlamaIndex reader"),
        (
            FOLDER,
            {"input_dir": "/no/such/folder"},
            {},
            "cannot be set up: Directory /no/such/folder does not exist",
        ),
        (
            STRINGS,
            {},
            {"lines": []},
            "failed: .*unexpected keyword argument 'lines'; check its options and load",
        ),
        (f"{OURS}BrokenReader", {}, {}, "failed: 503 from upstream"),
    ],
)
def test_what_is_wrong_with_a_reader_is_said(
    location: str, options: dict[str, object], load: dict[str, object], reason: str
):
    with pytest.raises(SourceMissing, match=reason):
        list(list_entries(Source(location, "notes", options=options, load=load)))
