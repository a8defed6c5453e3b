from datetime import date

import pytest
from lxml import etree

from ingest.loaders.xml.jats_imprint import read_imprint
from knowledge.document import Imprint

JOURNAL = "<journal-title-group><journal-title>PLoS Medicine</journal-title></journal-title-group>"
DOI = '<article-id pub-id-type="doi">10.1371/x.1</article-id>'
TITLE = "<title-group><article-title>Gout</article-title></title-group>"


def imprint(meta: str = "", journal: str = JOURNAL, attributes: str = "") -> Imprint:
    xml = (
        f'<article xmlns:xlink="x" {attributes}><front><journal-meta>{journal}</journal-meta>'
        f"<article-meta>{meta}</article-meta></front></article>"
    ).replace("xlink:", "")
    return read_imprint(etree.fromstring(xml), "folder/name")("en")


def test_the_doi_is_id_and_address():
    found = imprint(DOI + TITLE)
    assert ("10.1371/x.1", "https://doi.org/10.1371/x.1", "Gout", "PLoS Medicine") == (
        found.document_id,
        found.url,
        found.title,
        found.publisher,
    )


def test_without_identifiers_the_name_is_the_id():
    found = imprint()
    assert ("folder/name", None, "name") == (found.document_id, found.url, found.title)


def test_without_a_journal_title_its_short_name_is_the_publisher():
    journal = '<journal-id journal-id-type="nlm-ta">PLoS Med</journal-id><publisher><publisher-name>PLoS</publisher-name></publisher>'
    assert ("PLoS Med", "") == (imprint(journal=journal).publisher, imprint(journal="").publisher)


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ([("collection", "2009", "7", ""), ("epub", "2009", "7", "21")], date(2009, 7, 21)),
        ([("ppub", "2008", "Aug", "")], date(2008, 8, 1)),
        ([("other", "2009", "", "")], date(2009, 1, 1)),
        ([("epub", "soon", "", "")], None),
        ([], None),
    ],
)
def test_the_day_is_when_it_could_first_be_read(dates: list[tuple[str, ...]], day: date | None):
    meta = "".join(
        f'<pub-date pub-type="{kind}"><day>{d}</day><month>{m}</month><year>{y}</year></pub-date>'
        for kind, y, m, d in dates
    )
    assert day == imprint(meta).published_on


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ('<license href="http://creativecommons.org/licenses/by/2.0"/>', "CC BY 2.0"),
        (
            '<license><license-p>x <ext-link href="https://creativecommons.org/licenses/by-nc/4.0/"/></license-p></license>',
            "CC BY-NC 4.0",
        ),
        ('<license href="http://creativecommons.org/publicdomain/zero/1.0/"/>', "CC0 1.0"),
        (
            "<license><license-p>under the Creative Commons Attribution License, which</license-p></license>",
            "Creative Commons Attribution License",
        ),
        ("<license><license-p>All rights reserved</license-p></license>", None),
    ],
)
def test_a_licence_is_named(licence: str, name: str | None):
    assert name == imprint(f"<permissions>{licence}</permissions>").license


@pytest.mark.parametrize(
    ("attributes", "meta"),
    [
        ('article-type="retraction"', ""),
        ('article-type="retracted-article"', ""),
        ("", '<related-article related-article-type="retraction-forward"/>'),
        ("", "<title-group><article-title>RETRACTED: Gout</article-title></title-group>"),
        ("", "<title-group><article-title>[Retracted] Gout</article-title></title-group>"),
    ],
)
def test_a_retraction_is_seen(attributes: str, meta: str):
    assert "retracted" == imprint(meta, attributes=attributes).status


@pytest.mark.parametrize("kind", ["corrected-article", "companion"])
def test_other_relations_change_no_status(kind: str):
    found = imprint(f'<related-article related-article-type="{kind}" href="info:doi/10.1/y"/>')
    assert ("current", None) == (found.status, found.supersedes)


def test_a_notice_supersedes_the_article_that_it_retracts():
    meta = '<related-article related-article-type="retracted-article" href="info:doi/10.1371/y"/>'
    assert "10.1371/y" == imprint(meta, attributes='article-type="retraction"').supersedes
