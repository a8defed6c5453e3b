import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.errors import SourceMissing, UnreadableDocument
from ingest.sources.fetching import Fetcher, Limits
from ingest.sources.url_cache import UrlCache
from tests.ingest.sources.server import Reply, Site, serving

QUICK = Limits(delay_s=0, timeout_s=5, deadline_s=5, wait_s=0, attempts=3)
NOW = timedelta(0)


class Reader:
    """Fetches with a cache and gives what a caller can read."""

    def __init__(
        self, folder: Path, limits: Limits = QUICK, hosts: frozenset[str] = frozenset({"127.0.0.1"})
    ):
        self.cache = UrlCache(folder)
        self.fetcher = Fetcher(self.cache, limits, hosts)

    def read(self, url: str, refresh: timedelta = NOW, max_bytes: int = 1000) -> bytes | None:
        body = self.fetcher.fetch(url, refresh, max_bytes)
        return None if body is None else self.cache.path(body).read_bytes()


@contextmanager
def reading(folder: Path, limits: Limits = QUICK) -> Iterator[Reader]:
    reader = Reader(folder, limits)
    with reader.fetcher:
        yield reader


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as reader:
        yield reader


def test_a_body_is_fetched(site: Site, reader: Reader):
    assert b"140/90" == reader.read(site.say("/a", Reply(b"140/90")))


def test_what_the_server_says_of_a_body_is_kept(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"x", headers={"ETag": '"1"', "Content-Type": "text/html; charset=gbk"}))
    body = reader.fetcher.fetch(url, NOW, 1000)
    assert body is not None
    assert ('"1"', "text/html; charset=gbk") == (body.etag, body.media_type)


def test_an_unchanged_body_comes_from_the_cache(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"140/90", headers={"ETag": '"1"'}), Reply(b"other", headers={"ETag": '"1"'}))
    assert (b"140/90", b"140/90") == (reader.read(url), reader.read(url))
    assert '"1"' == site.headers[1]["If-None-Match"]


def test_a_server_without_etags_is_asked_by_date(site: Site, reader: Reader):
    day = "Mon, 05 Jan 2026 00:00:00 GMT"
    url = site.say("/a", Reply(b"140/90", headers={"Last-Modified": day}), Reply(status=304))
    assert (b"140/90", b"140/90") == (reader.read(url), reader.read(url))
    assert day == site.headers[1]["If-Modified-Since"]


def test_a_changed_body_is_fetched_again(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"140/90", headers={"ETag": '"1"'}), Reply(b"130/80", headers={"ETag": '"2"'}))
    assert (b"140/90", b"130/80") == (reader.read(url), reader.read(url))


def test_what_was_checked_a_moment_ago_is_not_asked_for(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"140/90"))
    assert [b"140/90"] * 2 == [reader.read(url, timedelta(hours=1)) for _ in range(2)]
    assert ["/a"] == site.asked


@pytest.mark.parametrize("status", [404, 410])
def test_a_document_that_is_gone_is_none_and_forgotten(site: Site, reader: Reader, status: int):
    url = site.say("/a", Reply(b"140/90"), Reply(status=status))
    assert (b"140/90", None) == (reader.read(url), reader.read(url))
    assert None is reader.cache.find(url)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_that_fails_for_a_moment_is_asked_again(site: Site, reader: Reader, status: int):
    assert b"140/90" == reader.read(site.say("/a", Reply(status=status), Reply(b"140/90")))


def test_a_server_that_goes_on_failing_is_a_missing_source(site: Site, reader: Reader):
    url = site.say("/a", Reply(status=503))
    with pytest.raises(
        SourceMissing, match=rf"{url} cannot be fetched \(3 attempts\): answered 503; run again"
    ):
        reader.read(url)
    assert 3 == len(site.asked)


def test_a_failure_leaves_the_old_body(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"140/90"), Reply(status=500))
    reader.read(url)
    with pytest.raises(SourceMissing):
        reader.read(url)
    assert None is not reader.cache.find(url)


def test_a_server_says_how_long_to_wait(site: Site, tmp_path: Path):
    url = site.say("/a", Reply(status=429, headers={"Retry-After": "0"}), Reply(b"140/90"))
    with reading(tmp_path, replace(QUICK, wait_s=60)) as reader:
        assert b"140/90" == reader.read(url)


def test_a_server_that_is_not_there_is_a_missing_source(reader: Reader):
    with serving() as gone:
        url = gone.base + "/a"
    with pytest.raises(SourceMissing, match=r"cannot be fetched \(3 attempts\): .*Connection refused"):
        reader.read(url)


def test_a_dead_host_does_not_take_the_night(reader: Reader):
    with serving() as gone:
        base = gone.base
    for n in range(3):
        with pytest.raises(SourceMissing, match="attempts"):
            reader.read(f"{base}/{n}")
    with pytest.raises(SourceMissing, match=r"/3 was not asked for: 3 others on 127\.0\.0\.1 failed"):
        reader.read(f"{base}/3")


@pytest.mark.parametrize("status", [400, 401, 403, 451])
def test_a_server_that_refuses_is_not_asked_again(site: Site, reader: Reader, status: int):
    with pytest.raises(UnreadableDocument, match=f"the server answered {status}"):
        reader.read(site.say("/a", Reply(status=status)))
    assert ["/a"] == site.asked


def test_a_slow_server_is_a_missing_source(site: Site, tmp_path: Path):
    url = site.say("/a", Reply(b"140/90", pause_s=1.0))
    with (
        reading(tmp_path, replace(QUICK, timeout_s=0.05, attempts=1)) as reader,
        pytest.raises(SourceMissing, match="timed out"),
    ):
        reader.read(url)


def test_a_body_that_drips_is_given_up(site: Site, tmp_path: Path):
    url = site.say("/a", Reply(bytes(100), pause_s=0.02, n_pieces=100))
    with (
        reading(tmp_path, replace(QUICK, deadline_s=0.1)) as reader,
        pytest.raises(UnreadableDocument, match=r"did not arrive within 0\.1 s"),
    ):
        reader.read(url)


def test_a_body_that_breaks_off_is_fetched_again(site: Site, reader: Reader):
    url = site.say("/a", Reply(b"140", length=6), Reply(b"140/90"))
    assert b"140/90" == reader.read(url)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(site: Site, reader: Reader):
    with pytest.raises(UnreadableDocument, match="has more than 1000 bytes, the most that is fetched"):
        reader.read(site.say("/a", Reply(bytes(1001))))


def test_a_packed_body_counts_by_what_it_unpacks_to(site: Site, reader: Reader):
    packed = Reply(gzip.compress(bytes(5000)), headers={"Content-Encoding": "gzip"})
    with pytest.raises(UnreadableDocument, match="has more than 1000 bytes"):
        reader.read(site.say("/a", packed))


def test_a_coding_that_was_not_asked_for_is_refused(site: Site, reader: Reader):
    with pytest.raises(UnreadableDocument, match="comes in a coding that was not asked for"):
        reader.read(site.say("/a", Reply(b"x", headers={"Content-Encoding": "zstd"})))


def test_a_body_in_a_broken_coding_is_refused(site: Site, reader: Reader):
    with pytest.raises(UnreadableDocument, match="cannot be fetched"):
        reader.read(site.say("/a", Reply(b"not gzip", headers={"Content-Encoding": "gzip"})))


def test_a_redirect_is_followed(site: Site, reader: Reader):
    site.say("/b", Reply(b"140/90"))
    assert b"140/90" == reader.read(site.say("/a", Reply(status=302, headers={"Location": "/b"})))


def test_redirects_in_a_circle_are_given_up(site: Site, reader: Reader):
    url = site.say("/a", Reply(status=302, headers={"Location": "/a"}))
    with pytest.raises(UnreadableDocument, match="redirects more than 5 times; name its final address"):
        reader.read(url)


def test_a_redirect_to_a_file_is_refused(site: Site, reader: Reader):
    url = site.say("/a", Reply(status=302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(UnreadableDocument, match="redirects to a 'file' address"):
        reader.read(url)


def test_a_redirect_into_a_private_network_is_refused(site: Site, reader: Reader):
    inner = site.base.replace("127.0.0.1", "localhost") + "/secret"
    url = site.say("/a", Reply(status=302, headers={"Location": inner}))
    with pytest.raises(UnreadableDocument, match="leads to localhost, which is in a private network"):
        reader.read(url)
    assert ["/a"] == site.asked


def test_a_host_is_not_asked_twice_within_the_delay(site: Site, tmp_path: Path):
    urls = [site.say(f"/{n}", Reply(b"x")) for n in range(3)]
    with reading(tmp_path, replace(QUICK, delay_s=0.05)) as reader:
        for url in urls:
            reader.read(url)
    assert site.asked_at[2] - site.asked_at[0] >= 0.09


def test_a_cache_that_cannot_be_written_is_a_missing_source(site: Site, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with (
        reading(tmp_path / "file") as reader,
        pytest.raises(SourceMissing, match=r"cannot be kept: .*File exists"),
    ):
        reader.read(site.say("/a", Reply(b"x")))
