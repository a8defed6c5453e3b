import httpx2
import pytest

from ingest.errors import SourceMissing, UnreadableDocument
from ingest.sources.address import check_target, parse_addresses


def test_a_list_is_sorted_and_names_each_address_once():
    text = "\ufeff# WHO\nhttps://who.int/b\n\n  https://who.int/a#top  \nhttps://who.int/b # twice\n"
    assert ["https://who.int/a", "https://who.int/b"] == parse_addresses(text, "pages.txt")


@pytest.mark.parametrize("line", ["<html>", "file:///etc/passwd", "ftp://who.int/a", "who.int/a", "https://"])
def test_a_line_that_is_no_web_address_is_named(line: str):
    with pytest.raises(
        SourceMissing, match=r"pages\.txt, line 2: .* is (no address|not an http or https address)"
    ):
        parse_addresses(f"https://who.int/a\n{line}\n", "pages.txt")


def test_a_password_in_an_address_is_refused_and_not_shown():
    with pytest.raises(SourceMissing, match=r"line 1: the address on who\.int holds a password") as error:
        parse_addresses("https://anna:hunter2@who.int/a", "pages.txt")
    assert "hunter2" not in str(error.value)


def test_an_empty_list_is_a_missing_source():
    with pytest.raises(SourceMissing, match=r"pages\.txt names no address; write one a line"):
        parse_addresses("# nothing yet\n", "pages.txt")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://[::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://localhost/",
    ],
)
def test_a_private_address_that_nobody_wrote_down_is_refused(address: str):
    with pytest.raises(UnreadableDocument, match="which is in a private network; write that address down"):
        check_target(httpx2.URL(address), frozenset())


def test_a_private_address_that_was_written_down_is_asked():
    check_target(httpx2.URL("http://10.1.2.3/"), frozenset({"10.1.2.3"}))


def test_a_public_address_is_asked():
    check_target(httpx2.URL("https://8.8.8.8/"), frozenset())


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://who.int/", "gopher://who.int/"])
def test_another_scheme_is_refused(address: str):
    with pytest.raises(UnreadableDocument, match="only http and https are followed"):
        check_target(httpx2.URL(address), frozenset())
