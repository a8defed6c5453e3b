"""What the store does after crashes and damage."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationCorrupt
from tests.knowledge.factories import (
    complete,
    embed,
    folder_of,
    make_manifest,
    make_passage,
    names_in,
    publish,
    texts_of,
    until_given,
)


class CrashedError(Exception):
    """Stands for whatever ends an ingest half-way."""


async def crash_while_writing(root: Path) -> None:
    """Fill a second generation and end before it is published."""
    with suppress(CrashedError):
        async with EdgeStore(root).write("g2", None) as writer:
            await writer.upsert(embed([make_passage("half")]))
            raise CrashedError


async def test_a_crash_while_writing_leaves_the_old_generation_readable(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage("old")])
    await crash_while_writing(tmp_path)
    assert ["old"] == await texts_of(await EdgeStore(tmp_path).current())


async def test_a_crash_while_writing_leaves_nothing_behind(tmp_path: Path):
    await crash_while_writing(tmp_path)
    assert {"lock"} >= names_in(tmp_path)


async def test_a_writer_that_does_not_publish_changes_nothing(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage("old")])
    async with EdgeStore(tmp_path).write("g2", None) as writer:
        await writer.upsert(embed([make_passage("dropped")]))
    assert ["old"] == await texts_of(await EdgeStore(tmp_path).current())


async def test_the_next_writer_sweeps_what_a_killed_one_left(tmp_path: Path):
    left = tmp_path / "building" / "killed" / "shard"
    left.mkdir(parents=True)
    async with EdgeStore(tmp_path).write("g1", None):
        assert not left.exists()


async def test_a_writer_can_begin_after_a_crashed_one(tmp_path: Path):
    await crash_while_writing(tmp_path)
    await publish(EdgeStore(tmp_path), "g3", [make_passage("new")])
    assert ["new"] == await texts_of(await EdgeStore(tmp_path).current())


async def test_a_crash_before_the_pointer_is_moved_leaves_the_old_generation_current(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage("old")])
    await complete(EdgeStore(tmp_path), "g2", "new")
    (tmp_path / "current.new").write_text("g2")
    assert ["old"] == await texts_of(await EdgeStore(tmp_path).current())


async def refusal_to_open(root: Path) -> str:
    with pytest.raises(GenerationCorrupt) as caught:
        await EdgeStore(root).current()
    return str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b'{"schema_version": 99}', b"\xff"])
async def test_a_corrupt_manifest_names_its_folder(tmp_path: Path, content: bytes):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    (folder_of(tmp_path, "g1") / "manifest.json").write_bytes(content)
    assert str(folder_of(tmp_path, "g1")) in await refusal_to_open(tmp_path)


async def test_a_missing_manifest_names_its_folder(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    (folder_of(tmp_path, "g1") / "manifest.json").unlink()
    assert str(folder_of(tmp_path, "g1")) in await refusal_to_open(tmp_path)


async def test_a_missing_shard_names_its_folder(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    shutil.rmtree(folder_of(tmp_path, "g1") / "shard")
    assert str(folder_of(tmp_path, "g1")) in await refusal_to_open(tmp_path)


async def test_an_emptied_shard_names_its_folder(tmp_path: Path):
    await publish(EdgeStore(tmp_path), "g1", [make_passage()])
    shutil.rmtree(folder_of(tmp_path, "g1") / "shard")
    (folder_of(tmp_path, "g1") / "shard").mkdir()
    assert str(folder_of(tmp_path, "g1")) in await refusal_to_open(tmp_path)


async def test_a_pointer_to_nowhere_names_the_folder_that_is_missing(tmp_path: Path):
    (tmp_path / "current").write_text("g9")
    assert str(folder_of(tmp_path, "g9")) in await refusal_to_open(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b""], ids=["no text", "empty"])
async def test_a_broken_pointer_names_a_path_in_the_store(tmp_path: Path, content: bytes):
    (tmp_path / "current").write_bytes(content)
    assert str(tmp_path) in await refusal_to_open(tmp_path)


async def test_a_corrupt_generation_says_how_to_build_a_new_one(tmp_path: Path):
    (tmp_path / "current").write_text("g9")
    assert "Run medcite-ingest again" in await refusal_to_open(tmp_path)


async def test_a_reader_stays_open_while_the_pointer_is_damaged(tmp_path: Path):
    store = EdgeStore(tmp_path)
    await publish(store, "g1", [make_passage("old")])
    reader = await store.current()
    (tmp_path / "current").write_text("g9")
    with pytest.raises(GenerationCorrupt):
        await until_given(store, "g9")
    assert ["old"] == await texts_of(reader)


async def test_a_parent_that_is_gone_cannot_be_copied(tmp_path: Path):
    parent = make_manifest("g1", [])
    with pytest.raises(GenerationCorrupt, match=str(folder_of(tmp_path, "g1"))):
        async with EdgeStore(tmp_path).write("g2", parent):
            pass


async def test_a_writer_whose_parent_is_gone_frees_the_lock(tmp_path: Path):
    with pytest.raises(GenerationCorrupt):
        async with EdgeStore(tmp_path).write("g2", make_manifest("g1", [])):
            pass
    await publish(EdgeStore(tmp_path), "g3", [make_passage("new")])
    assert ["new"] == await texts_of(await EdgeStore(tmp_path).current())
