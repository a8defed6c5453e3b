import io
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from ingest.errors import SourceMissing
from ingest.sources.objects import list_objects
from ingest.sources.source import Source
from tests.ingest.sources.factories import make_zip, take_until_missing, texts, write


@pytest.fixture
def bucket() -> Iterator[fsspec.AbstractFileSystem]:
    """Give the store in memory, emptied before and after."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


class Broken(io.RawIOBase):
    """An object whose download fails with an exception of the driver's own."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        raise RuntimeError("connection pool is closed")


class FlakyStore(fsspec.AbstractFileSystem):
    """A store with two objects, the first of which cannot be downloaded."""

    protocol = "flaky"

    def find(self, path, maxdepth=None, withdirs=False, detail=False, **kwargs):
        return {f"{path}/{name}": {"name": name, "size": 1, "ETag": '"1"'} for name in ("a.md", "b.md")}

    def open(self, path, mode="rb", **kwargs):
        return Broken() if path == "a.md" else io.BytesIO(b"2")


@pytest.fixture
def flaky() -> str:
    """Give the address of a store that fails."""
    fsspec.register_implementation("flaky", FlakyStore, clobber=True)
    return "flaky://bucket"


def source(location: str = "memory://bucket/texts", **of_source: object) -> Source:
    return Source(location, "bucket", **of_source)  # type: ignore[arg-type]


def test_objects_come_sorted_by_name(bucket: fsspec.AbstractFileSystem):
    for name in ("b.md", "a/z.md", "a.md"):
        bucket.pipe(f"/bucket/texts/{name}", name.encode())
    found = list(list_objects(source()))
    assert [("a/z.md", b"a/z.md"), ("a.md", b"a.md"), ("b.md", b"b.md")] == [(e.name, e.raw) for e in found]


def test_one_object_is_a_source(bucket: fsspec.AbstractFileSystem):
    bucket.pipe("/bucket/texts/a.md", b"1")
    assert {"": b"1"} == texts(list_objects(source("memory://bucket/texts/a.md")))


def test_an_object_that_is_an_archive_gives_its_members(bucket: fsspec.AbstractFileSystem):
    bucket.pipe("/bucket/texts/t.zip", make_zip([("a.md", b"1")]))
    assert {"t.zip!/a.md": b"1"} == texts(list_objects(source()))


def test_one_archive_is_a_source(bucket: fsspec.AbstractFileSystem):
    bucket.pipe("/bucket/t.zip", make_zip([("a.md", b"1")]))
    assert {"a.md": b"1"} == texts(list_objects(source("memory://bucket/t.zip")))


def test_hidden_objects_are_left_out_and_globs_choose(bucket: fsspec.AbstractFileSystem):
    for name in ("a.md", ".b.md", "README.md", "c.txt", "old/d.md"):
        bucket.pipe(f"/bucket/texts/{name}", b"x")
    chosen = list_objects(source(include=("*.md",), exclude=("old/**",)))
    assert ["a.md"] == [entry.name for entry in chosen]


def test_a_place_that_holds_nothing_is_a_missing_source(bucket: fsspec.AbstractFileSystem):
    with pytest.raises(SourceMissing, match="memory://bucket/texts holds nothing; correct the address"):
        list(list_objects(source()))


def test_an_object_that_vanishes_does_not_hide_the_next(bucket: fsspec.AbstractFileSystem):
    for name in "abc":
        bucket.pipe(f"/bucket/texts/{name}.md", name.encode())
    entries = list_objects(source())
    next(entries)
    bucket.rm("/bucket/texts/b.md")
    found, reason = take_until_missing(entries)
    assert {"c.md": b"c"} == texts(found)
    assert reason.startswith("memory://bucket/texts cannot be read: ")


def test_a_download_that_fails_does_not_hide_the_next_object(flaky: str):
    found, reason = take_until_missing(list_objects(source(flaky)))
    assert {"b.md": b"2"} == texts(found)
    assert (
        f"{flaky} cannot be read: connection pool is closed; check address, network and credentials" == reason
    )


def test_an_entry_knows_the_etag_of_its_object(flaky: str):
    found, _ = take_until_missing(list_objects(source(flaky)))
    assert ["1"] == [entry.etag for entry in found]


def test_files_are_read_by_address(tmp_path: Path):
    write(tmp_path / "a.md", b"1")
    assert {"a.md": b"1"} == texts(list_objects(source(f"file://{tmp_path}")))


def test_links_among_files_are_left_out(tmp_path: Path):
    secret = write(tmp_path / "secret.md")
    (write(tmp_path / "texts/a.md", b"1").parent / "b.md").symlink_to(secret)
    assert {"a.md": b"1"} == texts(list_objects(source(f"file://{tmp_path}/texts")))


def test_a_protocol_that_nobody_knows_is_a_missing_source():
    with pytest.raises(SourceMissing, match="nosuch://b cannot be read: Protocol not known: nosuch"):
        list(list_objects(source("nosuch://b")))


def test_a_driver_that_is_not_installed_is_named():
    with pytest.raises(SourceMissing, match=r"smbprotocol.*\(pip install 'medcite\[objects\]'\)"):
        list(list_objects(source("smb://server/share")))
