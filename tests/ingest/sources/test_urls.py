from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.errors import SourceMissing
from ingest.sources import Entry, list_entries
from ingest.sources.fetching import Limits
from ingest.sources.source import Source
from ingest.sources.urls import list_urls
from tests.ingest.sources.factories import faults, make_zip, take_until_missing, texts, write
from tests.ingest.sources.server import Reply, Site

QUICK = Limits(delay_s=0, timeout_s=5, wait_s=0, attempts=2)


def read(source: Source, cache: Path | None = None) -> Iterator[Entry]:
    return list_urls(source, cache, QUICK)


def pages(*urls: str, **of_source: object) -> Source:
    return Source("", "pages", urls=urls, **of_source)  # type: ignore[arg-type]


def test_pages_come_sorted_and_are_named_by_their_addresses(site: Site):
    urls = [site.say(path, Reply(path.encode())) for path in ("/b.html", "/a.html")]
    assert [(urls[1], b"/a.html"), (urls[0], b"/b.html")] == [(e.name, e.raw) for e in read(pages(*urls))]


def test_an_entry_knows_what_the_server_said_of_it(site: Site):
    url = site.say("/a", Reply(b"x", headers={"ETag": '"1"', "Content-Type": "text/html"}))
    entry = next(read(pages(url)))
    assert ("pages", "text/html", '"1"', url) == (entry.source, entry.media_type, entry.etag, entry.url)


def test_one_address_is_a_source(site: Site):
    url = site.say("/a.html", Reply(b"140/90"))
    assert {url: b"140/90"} == texts(read(Source(url, "page")))


def test_a_list_file_names_addresses(site: Site, tmp_path: Path):
    url = site.say("/a.html", Reply(b"140/90"))
    path = write(tmp_path / "pages.txt", f"# pages\n{url}\n".encode())
    assert {url: b"140/90"} == texts(read(Source(f"list:{path}", "pages")))


def test_a_list_on_the_web_names_addresses(site: Site):
    url = site.say("/a.html", Reply(b"140/90"))
    listed = site.say("/pages.txt", Reply(f"{url}\n".encode()))
    assert {url: b"140/90"} == texts(read(Source(f"list:{listed}", "pages")))


def test_a_list_on_the_web_cannot_name_private_addresses_elsewhere(site: Site):
    site.say("/secret", Reply(b"secret"))
    inner = site.base.replace("127.0.0.1", "localhost") + "/secret"
    listed = site.say("/pages.txt", Reply(inner.encode()))
    found = faults(read(Source(f"list:{listed}", "pages")))
    assert {inner} == set(found)
    assert "is in a private network" in found[inner]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=404), "is gone; correct its address or remove the source"),
        (Reply(status=403), "cannot be read: the server answered 403"),
        (Reply(status=500), "cannot be fetched"),
        (Reply(b"<html>Login</html>"), "line 1: '<html>Login</html>' is not an http or https address"),
        (Reply(b""), "names no address"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_missing_source(site: Site, reply: Reply, reason: str):
    with pytest.raises(SourceMissing, match=reason):
        list(read(Source(f"list:{site.say('/pages.txt', reply)}", "pages")))


def test_a_list_file_that_is_not_there_is_a_missing_source(tmp_path: Path):
    with pytest.raises(SourceMissing, match=r"the list .*pages\.txt cannot be read: .*No such file"):
        list(read(Source(f"list:{tmp_path}/pages.txt", "pages")))


def test_a_page_that_is_gone_has_no_entry_and_the_list_is_complete(site: Site):
    urls = [site.say("/a", Reply(status=404)), site.say("/b", Reply(b"2"))]
    assert {urls[1]: b"2"} == texts(read(pages(*urls)))


def test_a_server_error_makes_the_list_incomplete_after_all_other_pages(site: Site):
    urls = [site.say("/a", Reply(status=500)), site.say("/b", Reply(b"2"))]
    found, reason = take_until_missing(read(pages(*urls)))
    assert {urls[1]: b"2"} == texts(found)
    assert reason.startswith(f"{urls[0]} cannot be fetched")


def test_a_page_that_is_refused_is_a_fault_and_the_list_is_complete(site: Site):
    urls = [site.say("/a", Reply(status=403)), site.say("/b", Reply(b"2"))]
    found = list(read(pages(*urls)))
    assert {urls[0]: "the server answered 403; check that it may be read without a login"} == faults(found)
    assert b"2" == texts(found)[urls[1]]


def test_an_archive_on_the_web_gives_its_members(site: Site):
    url = site.say("/t.zip", Reply(make_zip([("a.md", b"1"), ("b.md", b"2")])))
    assert {f"{url}!/a.md": b"1", f"{url}!/b.md": b"2"} == texts(read(Source(url, "pages")))


def test_globs_choose_addresses(site: Site):
    urls = [site.say(path, Reply(b"x")) for path in ("/a.html", "/a.pdf", "/old/b.html")]
    chosen = read(pages(*urls, include=("*.html",), exclude=("**/old/*",)))
    assert [urls[0]] == [entry.name for entry in chosen]


def test_a_second_night_fetches_only_what_has_changed(site: Site, tmp_path: Path):
    urls = [
        site.say("/a", Reply(b"1", headers={"ETag": '"1"'})),
        site.say("/b", Reply(b"2", headers={"ETag": '"2"'}), Reply(b"3", headers={"ETag": '"3"'})),
    ]
    source = pages(*urls, refresh=timedelta(0))
    nights = [texts(read(source, tmp_path)) for _ in range(2)]
    assert [{urls[0]: b"1", urls[1]: b"2"}, {urls[0]: b"1", urls[1]: b"3"}] == nights


def test_a_second_reading_in_one_run_asks_for_nothing(site: Site, tmp_path: Path):
    source = pages(site.say("/a", Reply(b"1")), site.say("/b", Reply(b"2")))
    assert texts(read(source, tmp_path)) == texts(read(source, tmp_path))
    assert ["/a", "/b"] == site.asked


def test_a_body_that_vanished_from_the_cache_is_fetched_again(site: Site, tmp_path: Path):
    source = pages(url := site.say("/a", Reply(b"1")))
    list(read(source, tmp_path))
    for path in tmp_path.glob("*.body"):
        path.unlink()
    assert {url: b"1"} == texts(read(source, tmp_path))


def test_without_a_cache_nothing_is_left_behind(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    list(list_entries(pages(site.say("/a", Reply(b"1")))))
    assert [] == list(tmp_path.iterdir())


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(SourceMissing, match="holds a password") as error:
        list(read(pages("https://anna:hunter2@who.int/")))
    assert "hunter2" not in str(error.value)
