import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders import load_document, load_xml
from ingest.sources import Entry
from tests.ingest.loaders.factories import make_epub, make_pdf, put

HTML = b"<!doctype html><title>Gout</title><p>Urate.</p>"
JATS = b"<article><front><article-meta/></front><body><p>Urate.</p></body></article>"
SPL = (
    b'<document xmlns="urn:hl7-org:v3"><component><structuredBody><component><section><text><paragraph>Urate.'
    b"</paragraph></text></section></component></structuredBody></component></document>"
)
TOPIC = b'<health-topic title="Gout"><full-summary>Urate.</full-summary></health-topic>'
MEDQUAD = b"<Document><QAPairs><QAPair><Question>Urate.</Question><Answer>Urate.</Answer></QAPair></QAPairs></Document>"
PDF = make_pdf(put(72, 700, "Urate."))
EPUB = make_epub("<p>Urate.</p>")


def load(name: str, raw: bytes, **facts: object) -> str:
    return load_document(Entry("/texts", name, raw, **facts)).text.strip()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.html", HTML),
        ("a.HTM", HTML),
        ("a.xhtml", HTML),
        ("a.xml", JATS),
        ("a.nxml", JATS),
        ("a.xml", SPL),
        ("a.xml", TOPIC),
        ("a.xml", b"<health-topics>" + TOPIC + b"</health-topics>"),
        ("a.xml", b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Urate.</p></body></html>'),
        ("a.pdf", PDF),
        ("a.epub", EPUB),
        ("a.md", b"Urate."),
        ("a.txt", b"Urate."),
        ("a.json", b'{"text": "Urate."}'),
    ],
)
def test_every_format_is_read(name: str, raw: bytes):
    assert "Urate." == load(name, raw)


def test_medquad_is_told_by_its_root():
    assert "Urate.\n\nUrate." == load("a.xml", MEDQUAD)


@pytest.mark.parametrize(
    ("media_type", "raw"),
    [
        ("text/html; charset=utf-8", HTML),
        ("application/pdf", PDF),
        ("application/epub+zip", EPUB),
        ("text/markdown", b"Urate."),
        ("text/plain", b"Urate."),
        ("application/xml", JATS),
    ],
)
def test_an_address_without_a_suffix_is_read_by_what_the_server_says(media_type: str, raw: bytes):
    assert "Urate." == load("https://example.org/gout", raw, media_type=media_type)


def test_a_known_suffix_goes_before_a_server_that_calls_everything_text():
    assert "Urate." == load("gout.html", HTML, media_type="text/plain")


def test_a_server_that_is_sure_goes_before_the_suffix():
    assert "Urate." == load("gout.pdf", HTML, media_type="text/html")


def test_a_suffix_that_is_none_stays_in_the_id():
    entry = Entry("/texts", "https://example.org/v1.2", HTML, media_type="text/html")
    assert "https://example.org/v1.2" == load_document(entry).imprint.document_id


@pytest.mark.parametrize("raw", [b'{"text": "Urate."}', TOPIC])
def test_a_record_is_told_by_its_first_character(raw: bytes):
    assert "Urate." == load("a.xml#1", raw, is_record=True)


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.txt", PDF, "is a PDF by its first bytes; rename it to .pdf"),
        ("a.html", PDF, "is a PDF by its first bytes"),
        ("a.md", EPUB, "is a zip archive by its first bytes"),
        ("a.txt", b"\n<!DOCTYPE html><p>x", "is a web page by its first bytes; rename it to .html"),
        ("a.pdf", b"Urate.", "is not a complete PDF"),
        ("a.docx", EPUB, "is not a complete Word document"),
        ("a.epub", PDF, "is a PDF by its first bytes"),
        ("a.xml", b"<recipe/>", r"is XML of another kind .root 'recipe'.; known: Document, OAI-PMH, article"),
        ("a.xml", b"Urate.", "is not well-formed XML"),
        ("a.json", b"[1]", "is a JSON list"),
        ("a.doc", b"Urate.", r"format '\.doc' is not read; known: \.docx, \.epub"),
    ],
)
def test_a_wrong_suffix_says_why(name: str, raw: bytes, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        load(name, raw)


def test_xml_is_loaded_by_its_root_in_any_encoding():
    xml = '<?xml version="1.0" encoding="UTF-16"?>' + JATS.decode()
    assert "Urate.\n" == load_xml(xml.encode("utf-16"), "a").text
