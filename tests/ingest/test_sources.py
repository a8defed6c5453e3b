import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import SourceMissing
from ingest.sources import MAX_ENTRY_BYTES, Entry, list_entries


def write(path: Path, content: bytes = b"text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def make_tar(path: Path, members: list[tuple[str, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def names(source: Path) -> list[str]:
    return [entry.name for entry in list_entries(source)]


def take_until_missing(entries: Iterator[Entry]) -> tuple[list[str], str]:
    """Read entries until the source turns out to be broken; give their names and the reason."""
    found: list[str] = []
    try:
        found.extend(entry.name for entry in entries)
    except SourceMissing as error:
        return found, str(error)
    raise AssertionError("the source was read to its end")


def test_a_folder_gives_its_files_sorted_by_name(tmp_path: Path):
    for name in ("b.md", "a/z.md", "a.md", "c/d/e.txt"):
        write(tmp_path / name)
    assert ["a/z.md", "a.md", "b.md", "c/d/e.txt"] == names(tmp_path)


def test_an_entry_knows_its_source_and_its_bytes(tmp_path: Path):
    write(tmp_path / "a.md", b"140/90")
    assert Entry(str(tmp_path), "a.md", b"140/90") == next(list_entries(tmp_path))


def test_a_single_file_is_an_entry_without_a_name(tmp_path: Path):
    path = write(tmp_path / "a.md", b"140/90")
    assert [Entry(str(path), "", b"140/90")] == list(list_entries(path))


def test_the_place_of_a_single_file_is_its_path(tmp_path: Path):
    path = write(tmp_path / "a.md")
    assert str(path) == next(list_entries(path)).path


def test_the_content_hash_is_the_sha256_of_the_bytes(tmp_path: Path):
    write(tmp_path / "a.md", b"140/90")
    assert hashlib.sha256(b"140/90").hexdigest() == next(list_entries(tmp_path)).content_hash


def test_a_relative_source_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "texts" / "a.md")
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "texts") == next(list_entries(Path("texts"))).source


@pytest.mark.parametrize(
    "name", [".hidden.md", ".git/a.md", "a/.cache/b.md", "README.md", "a/readme.txt", "LICENSE"]
)
def test_hidden_files_and_files_about_the_collection_are_left_out(tmp_path: Path, name: str):
    write(tmp_path / name)
    assert [] == names(tmp_path)


@pytest.mark.parametrize("name", ["./.hidden.md", "a/README.md", "./LICENSE"])
def test_they_are_left_out_of_an_archive_too(tmp_path: Path, name: str):
    assert [] == names(make_tar(tmp_path / "t.tar", [(name, b"text")]))


def test_a_hidden_folder_above_the_source_hides_nothing(tmp_path: Path):
    write(tmp_path / ".data" / "a.md")
    assert ["a.md"] == names(tmp_path / ".data")


def test_a_link_to_a_file_is_not_followed(tmp_path: Path):
    secret = write(tmp_path / "secret.md")
    folder = write(tmp_path / "texts" / "a.md").parent
    (folder / "b.md").symlink_to(secret)
    assert ["a.md"] == names(folder)


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path):
    write(tmp_path / "elsewhere" / "secret.md")
    folder = write(tmp_path / "texts" / "a.md").parent
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert ["a.md"] == names(folder)


def test_a_link_named_as_the_source_is_followed(tmp_path: Path):
    write(tmp_path / "texts" / "a.md")
    (tmp_path / "link").symlink_to(tmp_path / "texts")
    assert ["a.md"] == names(tmp_path / "link")


def test_a_link_in_an_archive_is_left_out(tmp_path: Path):
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        link = tarfile.TarInfo("a.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert [] == names(tmp_path / "t.tar")


def test_a_pipe_in_a_folder_is_left_out(tmp_path: Path):
    os.mkfifo(tmp_path / "a.md")
    assert [] == names(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    os.truncate(write(tmp_path / "a.md"), MAX_ENTRY_BYTES + 1)
    entry = next(list_entries(tmp_path))
    assert (None, f"has {MAX_ENTRY_BYTES + 1} bytes, at most {MAX_ENTRY_BYTES} are read") == (
        entry.raw,
        entry.fault,
    )


def test_an_entry_that_was_not_read_has_no_content_hash(tmp_path: Path):
    os.truncate(write(tmp_path / "a.md"), MAX_ENTRY_BYTES + 1)
    assert "" == next(list_entries(tmp_path)).content_hash


def test_a_member_of_an_archive_that_is_too_large_is_not_read(tmp_path: Path):
    member = tarfile.TarInfo("a.md")
    member.size = MAX_ENTRY_BYTES + 1
    archive = write(tmp_path / "t.tar", member.tobuf())
    assert f"has {MAX_ENTRY_BYTES + 1} bytes" in next(list_entries(archive)).fault


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "TAR.GZ"])
def test_an_archive_gives_its_members(tmp_path: Path, suffix: str):
    compression = {"tar": "", "bz2": "bz2", "xz": "xz"}.get(suffix.rsplit(".", 1)[-1], "gz")
    archive = make_tar(tmp_path / f"t.{suffix}", [("a/b.md", b"140/90")], f"w:{compression}")
    assert [Entry(str(archive), "a/b.md", b"140/90")] == list(list_entries(archive))


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.xz"])
def test_a_truncated_archive_gives_what_came_before_the_break(tmp_path: Path, suffix: str):
    noise = hashlib.shake_256(b"").digest(800_000)  # does not compress
    members = [(f"{n}.md", noise[n * 200_000 :][:200_000]) for n in range(4)]
    archive = make_tar(tmp_path / f"t.{suffix}", members, f"w:{suffix.removeprefix('tar.')}")
    os.truncate(archive, archive.stat().st_size * 3 // 4)
    found, reason = take_until_missing(list_entries(archive))
    assert (["0.md", "1.md"], f"{archive} is not a complete tar archive") == (found[:2], reason.split(":")[0])


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [
        (0, []),
        (100, []),
        (600, []),
        (1024, ["0.md"]),
        (1124, ["0.md"]),
        (1700, ["0.md"]),
        (3072, ["0.md", "1.md", "2.md"]),
    ],
    ids=[
        "nothing",
        "in the first header",
        "in a text",
        "after a text",
        "in a header",
        "in another",
        "at the end mark",
    ],
)
def test_an_archive_is_broken_wherever_it_is_cut(tmp_path: Path, n_bytes: int, expected: list[str]):
    archive = make_tar(tmp_path / "t.tar", [(f"{n}.md", b"x" * 512) for n in range(3)])
    os.truncate(archive, n_bytes)
    assert expected == take_until_missing(list_entries(archive))[0]


def test_a_damaged_header_breaks_an_archive(tmp_path: Path):
    archive = make_tar(tmp_path / "t.tar", [(f"{n}.md", b"x" * 512) for n in range(3)])
    raw = archive.read_bytes()
    archive.write_bytes(raw[:1024] + b"?" * 512 + raw[1536:])
    assert ["0.md"] == take_until_missing(list_entries(archive))[0]


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("content", [b"", b"not an archive at all" * 100], ids=["empty", "noise"])
def test_a_file_that_is_no_archive_is_a_missing_source(tmp_path: Path, suffix: str, content: bytes):
    archive = write(tmp_path / f"t.{suffix}", content)
    with pytest.raises(SourceMissing, match="is not a complete tar archive"):
        names(archive)


def test_a_source_that_does_not_exist_says_what_may_be_named(tmp_path: Path):
    with pytest.raises(
        SourceMissing, match=f"{tmp_path}/nothing does not exist; name a file, a folder or a tar"
    ):
        names(tmp_path / "nothing")


def test_a_name_that_is_not_utf_8_is_written_with_escapes(tmp_path: Path):
    write(tmp_path / os.fsdecode("高血压.md".encode("gb18030")))
    assert [r"\udcb8\udcdfѪѹ.md".encode("utf-8", "backslashreplace").decode()] == names(tmp_path)


def test_a_name_in_an_archive_that_is_not_utf_8_is_written_with_escapes(tmp_path: Path):
    with tarfile.open(tmp_path / "t.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        tar.addfile(tarfile.TarInfo("caf\xe9.md"))
    assert [r"caf\udce9.md"] == names(tmp_path / "t.tar")


def test_a_folder_that_cannot_be_listed_makes_the_source_incomplete(tmp_path: Path):
    write(tmp_path / "a.md")
    make_folder_beyond_the_longest_path(tmp_path)
    found, reason = take_until_missing(list_entries(tmp_path))
    assert (["a.md"], True) == (found, "cannot be listed" in reason)


def make_folder_beyond_the_longest_path(folder: Path) -> None:
    """Make a folder that even root cannot list by its path: the path has more than 4,096 bytes."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(21):
        os.mkdir("x" * 200, dir_fd=handle)
        inner = os.open("x" * 200, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
