import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.sources.url_cache import CachedBody, UrlCache

URL = "https://who.int/a.html"


def store(cache: UrlCache, body: bytes = b"140/90", url: str = URL) -> CachedBody:
    return cache.store(url, ('"1"', "Mon, 05 Jan 2026 00:00:00 GMT"), "text/html", [body])


def test_what_was_stored_is_found(tmp_path: Path):
    cache = UrlCache(tmp_path / "urls")
    held = store(cache)
    assert held == cache.find(URL)
    assert b"140/90" == cache.path(held).read_bytes()


def test_an_address_that_was_never_stored_is_not_found(tmp_path: Path):
    assert None is UrlCache(tmp_path).find(URL)


def test_a_new_body_takes_the_place_of_the_old_one(tmp_path: Path):
    cache = UrlCache(tmp_path)
    store(cache)
    assert b"130/80" == cache.path(store(cache, b"130/80")).read_bytes()
    assert 2 == len(list(tmp_path.iterdir()))


def test_a_body_that_breaks_off_leaves_the_old_one(tmp_path: Path):
    def breaking() -> Iterator[bytes]:
        yield b"130"
        raise ConnectionResetError

    cache = UrlCache(tmp_path)
    held = store(cache)
    with pytest.raises(ConnectionResetError):
        cache.store(URL, ("", ""), "", breaking())
    assert held == cache.find(URL)
    assert 2 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url": 1}', b"\xff"])
def test_a_damaged_head_is_not_believed(tmp_path: Path, content: bytes):
    cache = UrlCache(tmp_path)
    store(cache)
    next(tmp_path.glob("*.head")).write_bytes(content)
    assert None is cache.find(URL)


def test_a_body_that_was_cut_short_is_not_believed(tmp_path: Path):
    cache = UrlCache(tmp_path)
    os.truncate(cache.path(store(cache)), 3)
    assert None is cache.find(URL)


def test_a_body_that_is_gone_is_not_believed(tmp_path: Path):
    cache = UrlCache(tmp_path)
    cache.path(store(cache)).unlink()
    assert None is cache.find(URL)


def test_a_head_cannot_point_out_of_the_folder(tmp_path: Path):
    cache = UrlCache(tmp_path / "urls")
    held = store(cache)
    (tmp_path / held.body).write_bytes(b"140/90")
    head = next((tmp_path / "urls").glob("*.head"))
    head.write_bytes(head.read_bytes().replace(held.body.encode(), b"../" + held.body.encode()))
    assert None is cache.find(URL)


def test_a_body_is_fresh_for_as_long_as_it_may_be(tmp_path: Path):
    held = store(UrlCache(tmp_path))
    assert (True, False) == (held.is_fresh(timedelta(hours=1)), held.is_fresh(timedelta(0)))


def test_a_time_in_the_future_is_not_fresh():
    held = CachedBody(URL, "", "", "", "x.body", 1, time.time() + 999)
    assert not held.is_fresh(timedelta(days=1))


def test_to_confirm_a_body_makes_it_fresh(tmp_path: Path):
    cache = UrlCache(tmp_path)
    old = CachedBody(**{**_fields(store(cache)), "checked_at": 0.0})
    cache.confirm(old)
    found = cache.find(URL)
    assert found is not None
    assert found.is_fresh(timedelta(minutes=1))


def _fields(held: CachedBody) -> dict[str, object]:
    return {name: getattr(held, name) for name in CachedBody.__slots__}


def test_a_forgotten_address_leaves_nothing(tmp_path: Path):
    cache = UrlCache(tmp_path)
    store(cache)
    cache.forget(URL)
    assert [] == list(tmp_path.iterdir())


def test_what_was_not_checked_for_longest_makes_room(tmp_path: Path):
    cache = UrlCache(tmp_path, max_bytes=10)
    for n in range(4):
        store(cache, b"12345", f"{URL}?{n}")
    cache.prune()
    assert [False, False, True, True] == [cache.find(f"{URL}?{n}") is not None for n in range(4)]


def test_leftovers_of_a_killed_run_are_removed_after_a_day(tmp_path: Path):
    cache = UrlCache(tmp_path)
    held = store(cache)
    for name, age_s in (("old.body", 90_000), ("old.part", 90_000), ("new.body", 0)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    cache.prune()
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".head"}
    assert {"new.body", held.body} == left


def test_a_folder_that_is_not_there_needs_no_pruning(tmp_path: Path):
    UrlCache(tmp_path / "nothing").prune()
    assert not (tmp_path / "nothing").exists()
