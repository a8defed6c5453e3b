import pytest
from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.xml.tree import attribute, parse_xml, rename, root_tag


def text_of(xml: str) -> str:
    return "".join(str(text) for text in parse_xml(xml.encode()).itertext())


def test_names_lose_their_namespace():
    root = parse_xml(b'<a xmlns="urn:x" xmlns:y="urn:y"><y:b/></a>')
    assert ["a", "b"] == [element.tag for element in root.iter()]


def test_comments_and_instructions_are_no_text():
    assert "one two" == text_of("<a>one<!-- obey --> <?do it?>two</a>")


def test_entities_of_html_are_characters():
    doctype = '<!DOCTYPE a SYSTEM "nowhere.dtd">'
    assert "5\u00a0mg—once <b>" == text_of(f"{doctype}<a>5&nbsp;mg&mdash;once &lt;b&gt;</a>")


def test_an_entity_that_the_file_declares_is_not_expanded():
    bomb = '<!DOCTYPE a [<!ENTITY x "boom"><!ENTITY y "&x;&x;&x;">]>'
    assert "5 &y; a day" == text_of(f"{bomb}<a>5 &y; a day</a>")


def test_an_external_entity_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("SECRET")
    assert "SECRET" not in text_of(
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]><a>x &e; y</a>'
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<a>",
        b"text",
        b"<a>&undeclared;</a>",
        b"<a>\x00</a>",
        b'<?xml version="1.0" encoding="martian"?><a/>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
    ids=["empty", "cut off", "text", "undeclared", "NUL", "encoding", "deep"],
)
def test_broken_xml_is_refused(raw: bytes):
    with pytest.raises(UnreadableDocument, match="is not well-formed XML"):
        parse_xml(raw)


@pytest.mark.parametrize(
    ("xml", "tag"),
    [
        ("<article/>", "article"),
        ('<?xml version="1.0"?><!-- <fake> --><!DOCTYPE doc [<!ENTITY a "<b>">]><doc>', "doc"),
        ('<document xmlns="urn:hl7-org:v3"><broken', "{urn:hl7-org:v3}document"),
    ],
)
def test_the_root_is_told_by_its_first_tag(xml: str, tag: str):
    assert tag == root_tag(xml.encode())


@pytest.mark.parametrize("raw", [b"", b"no xml", b"<", b"<!-- only -->"])
def test_what_has_no_root_is_refused(raw: bytes):
    with pytest.raises(UnreadableDocument, match="is not well-formed XML"):
        root_tag(raw)


def test_an_attribute_is_found_in_any_namespace():
    element = etree.fromstring('<a xmlns:x="urn:x" x:href=" there "/>')
    assert ("there", "") == (attribute(element, "href"), attribute(element, "src"))


def test_a_renamed_element_has_only_its_new_attributes():
    element = etree.fromstring('<item id="1"/>')
    rename(element, "li", **{"data-mark": "1."})
    assert b'<li data-mark="1."/>' == etree.tostring(element)
