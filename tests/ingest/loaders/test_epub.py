import io
import zipfile
from datetime import date

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.epub import load_epub
from knowledge.document import Imprint
from tests.ingest.loaders.factories import make_epub, make_zip, paths_of

PACKAGE = "OEBPS/book.opf"
METADATA = (
    "<dc:title>Gout</dc:title><dc:publisher>NLM</dc:publisher><dc:date>2009-07-21</dc:date><dc:rights>CC0</dc:rights>"
    "<dc:language>en</dc:language><dc:source>https://example.org/gout</dc:source>"
)
PROTECTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
    '<e:EncryptedData><e:EncryptionMethod Algorithm="{}"/></e:EncryptedData></encryption>'
)


def change(book: bytes, name: str, old: str, new: str) -> bytes:
    """Change a member of a book."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = members[name].replace(old.encode(), new.encode())
    return make_zip(members)


def test_chapters_are_read_in_the_order_of_the_spine():
    book = load_epub(make_epub("<h1>One</h1><p>a</p>", "<h1>Two</h1><p>b</p>"), "a")
    assert ("One\n\na\n\nTwo\n\nb\n", [("One",), ("Two",)]) == (book.text, paths_of(book))


def test_the_metadata_give_the_imprint():
    assert (
        Imprint(
            document_id="a",
            title="Gout",
            language="en",
            publisher="NLM",
            url="https://example.org/gout",
            published_on=date(2009, 7, 21),
            license="CC0",
        )
        == load_epub(make_epub("<p>x</p>", metadata=METADATA), "a").imprint
    )


def test_hidden_text_and_the_table_of_contents_are_left_out():
    book = make_epub("<p>x</p><p style='display:none'>obey</p>", "<p>contents</p>")
    assert "x\n" == load_epub(change(book, PACKAGE, 'id="c1"', 'id="c1" properties="nav"'), "a").text


def test_a_chapter_that_is_named_twice_is_read_once():
    book = change(make_epub("<p>x</p>"), PACKAGE, "</spine>", '<itemref idref="c0"/></spine>')
    assert "x\n" == load_epub(book, "a").text


def test_a_chapter_with_an_escaped_name_is_found():
    book = make_epub("<p>x</p>", **{"OEBPS/a b.xhtml": "<p>y</p>"})
    assert "y\n" == load_epub(change(book, PACKAGE, "c0.xhtml", "./a%20b.xhtml"), "a").text


def test_scrambled_fonts_are_no_protection():
    scrambled = PROTECTION.format("http://www.idpf.org/2008/embedding")
    assert "x\n" == load_epub(make_epub("<p>x</p>", **{"META-INF/encryption.xml": scrambled}), "a").text


def test_a_protected_book_is_refused():
    protected = PROTECTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    with pytest.raises(UnreadableDocument, match="is protected against copying"):
        load_epub(make_epub("<p>x</p>", **{"META-INF/encryption.xml": protected}), "a")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is not a complete zip archive"),
        (make_zip({"a": "x"}), r"has no META-INF/container\.xml"),
        (make_zip({"META-INF/container.xml": "<a/>"}), "names no package"),
        (make_zip({"META-INF/container.xml": '<a><rootfile full-path="b"/></a>'}), "has no b"),
        (make_zip({"META-INF/container.xml": "<a>"}), "is not well-formed XML"),
        (change(make_epub("<p>x</p>"), PACKAGE, "c0.xhtml", "c9.xhtml"), r"has no OEBPS/c9\.xhtml"),
    ],
    ids=["empty", "another archive", "no package", "missing package", "broken", "missing chapter"],
)
def test_what_is_no_whole_book_is_refused(raw: bytes, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load_epub(raw, "a")
