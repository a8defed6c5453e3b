from datetime import date

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.xml.spl import load_spl
from knowledge.document import Document, Imprint
from tests.ingest.loaders.factories import paths_of

SET_ID = "608D4F0D-b19f-46d3-749a-7159aa5f933d"
TITLE = (
    "<title>These highlights do not include all the information needed to use X safely and effectively. See full "
    "prescribing information for X.<br/>X<sup>®</sup> (xol) tablets<br/>Initial U.S. Approval: 1998</title>"
)
PRODUCT = (
    '<section><code code="48780-1"/><subject><manufacturedProduct><name>Xan<suffix>Kids</suffix></name>'
    "<genericMedicine><name>xol</name></genericMedicine></manufacturedProduct></subject></section>"
)


def load(*sections: str, title: str = TITLE) -> Document:
    body = "".join(f"<component>{section}</component>" for section in sections)
    xml = (
        f'<document xmlns="urn:hl7-org:v3">{title}<effectiveTime value="20130930"/><setId root="{SET_ID}"/>'
        "<author><assignedEntity><representedOrganization><name>AbbVie Inc.</name></representedOrganization>"
        f"</assignedEntity></author><component><structuredBody>{body}</structuredBody></component></document>"
    )
    return load_spl(xml.encode(), "a")


def section(title: str, text: str, inner: str = "", code: str = "42229-5", name: str = "") -> str:
    return (
        f'<section><id root="1"/><code code="{code}" displayName="{name}"/><title>{title}</title>'
        f"<text>{text}</text><effectiveTime value='20130930'/><component>{inner}</component></section>"
    )


DOSE = section("2 DOSAGE", "<paragraph>Take one.</paragraph>")


def test_the_label_gives_the_imprint():
    assert (
        Imprint(
            document_id=SET_ID.lower(),
            title="X® (xol) tablets",
            language="en",
            publisher="AbbVie Inc.",
            url=f"https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid={SET_ID.lower()}",
            published_on=date(2013, 9, 30),
            document_type="drug_label",
        )
        == load(DOSE).imprint
    )


@pytest.mark.parametrize("title", ["<title/>", "", "<title>Drug Facts</title>"])
def test_without_a_title_the_product_is_the_title(title: str):
    assert "Xan Kids (xol)" == load(PRODUCT, DOSE, title=title).imprint.title


def test_sections_are_nested():
    inner = section("2.1 Adults", "<paragraph>Two.</paragraph>")
    document = load(section("2 DOSAGE", "<paragraph>Take one.</paragraph>", inner))
    assert [("2 DOSAGE",), ("2 DOSAGE", "2.1 Adults")] == paths_of(document)


def test_a_section_without_a_title_is_named_by_its_code():
    boxed = section("", "<paragraph>Danger.</paragraph>", code="34066-1", name="BOXED WARNING SECTION")
    assert "Boxed warning\n\nDanger.\n" == load(boxed).text


def test_an_unclassified_section_without_a_title_has_no_heading():
    assert (
        "Danger.\n"
        == load(section("", "<paragraph>Danger.</paragraph>", name="SPL UNCLASSIFIED SECTION")).text
    )


@pytest.mark.parametrize("code", ["48780-1", "43683-2", "34093-5", "51945-4"])
def test_sections_that_repeat_others_are_left_out(code: str):
    assert "2 DOSAGE\n\nTake one.\n" == load(section("T", "<paragraph>x</paragraph>", code=code), DOSE).text


def test_the_highlights_are_left_out():
    text = "<paragraph>Take one.</paragraph></text><excerpt><highlight><text>In short</text></highlight></excerpt><text>"
    assert "In short" not in load(section("2 DOSAGE", text)).text


def test_lists_and_tables_are_read():
    text = (
        '<list listType="ordered"><item>one</item><item><caption>•</caption>two</item></list>'
        "<table><caption>Doses</caption><thead><tr><th>Age</th><th>Dose</th></tr></thead><tbody><tr><td>4 to 6<br/></td>"
        '<td><content styleCode="bold">5</content> mL</td></tr></tbody></table>'
    )
    assert (
        "T\n\n1. one\n2. two\n\nDoses\n\n| Age | Dose |\n|---|---|\n| 4 to 6 | 5 mL |\n"
        == load(section("T", text)).text
    )


def test_footnotes_stand_below_what_has_them():
    text = (
        '<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>1<footnote ID="f">first</footnote></td>'
        '<td>2<footnoteRef IDREF="f"/><footnote>second</footnote></td></tr></tbody></table><paragraph>After.</paragraph>'
    )
    assert (
        "T\n\n| a | b |\n|---|---|\n| 1 [1] | 2 [1] [2] |\n\n[1] first\n\n[2] second\n\nAfter.\n"
        == load(section("T", text)).text
    )


def test_a_footnote_of_a_paragraph_stands_below_it():
    text = "<paragraph>One<footnote>note</footnote>.</paragraph><paragraph>Two.</paragraph>"
    assert "T\n\nOne [1].\n\n[1] note\n\nTwo.\n" == load(section("T", text)).text


@pytest.mark.parametrize(
    "xml", ["<document/>", "<article/>", '<document xmlns="urn:hl7-org:v3"><component/></document>']
)
def test_other_xml_is_refused(xml: str):
    with pytest.raises(UnreadableDocument, match="is XML of another kind"):
        load_spl(xml.encode(), "a")
