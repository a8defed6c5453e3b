from datetime import date

import pytest

from ingest.loaders.html import parse_html
from ingest.loaders.html.imprint import PageImprint, declared_encoding, read_imprint


def imprint(head: str = "", body: str = "<p>x", html: str = "") -> PageImprint:
    return read_imprint(parse_html(f"<html {html}><head>{head}</head><body>{body}</body></html>"))


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def linked(data: str) -> str:
    return f'<script type="application/ld+json">{data}</script>'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        (meta("citation_title", "Gout") + "<title>x</title>", "<h1>y</h1>", "Gout"),
        ('<meta property="og:title" content=" Gout ">', "", "Gout"),
        (meta("ArticleTitle", "痛风"), "", "痛风"),
        ("<title>x</title>", "<h1>Gout <b>now</b></h1>", "Gout now"),
        ("<title>Gout | NHS</title>", "", "Gout"),
        ("<title>Gout - Mayo Clinic</title>", "<h1>a</h1><h1>b</h1>", "Gout"),
        ("<title>Anti-inflammatories</title>", "", "Anti-inflammatories"),
        (linked('{"@type": "MedicalWebPage", "headline": "Gout"}'), "", "Gout"),
        ("", "", ""),
    ],
)
def test_the_title_is_the_best_that_the_page_states(head: str, body: str, title: str):
    assert title == imprint(head, body).title


@pytest.mark.parametrize(
    "head",
    [
        meta("citation_publication_date", "2009/07/21"),
        '<meta property="article:published_time" content="2009-07-21T10:00:00Z">',
        meta("DC.Date.Issued", "2009-07-21"),
        meta("PubDate", "2009-07-21 10:00"),
        '<time itemprop="datePublished" datetime="2009-07-21">',
        linked('{"@type": "NewsArticle", "datePublished": "2009-07-21"}'),
        linked('{"@graph": [{"@type": "WebSite"}, {"@type": ["Article"], "datePublished": "2009-07-21"}]}'),
    ],
)
def test_the_day_of_publication_is_read(head: str):
    assert date(2009, 7, 21) == imprint(head).published_on


@pytest.mark.parametrize(
    "head",
    [
        meta("dcterms.modified", "2009-07-21"),
        '<meta property="article:modified_time" content="2009-07-21">',
        linked('{"@type": "MedicalWebPage", "lastReviewed": "2009-07-21", "dateModified": "2010-01-01"}'),
    ],
)
def test_the_day_of_review_is_read(head: str):
    assert date(2009, 7, 21) == imprint(head).reviewed_on


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="og:site_name" content="NHS">',
        meta("DC.Publisher", "NHS"),
        meta("SiteName", "NHS"),
        linked('[{"@type": "Article", "publisher": {"@type": "Organization", "name": "NHS"}}]'),
    ],
)
def test_the_publisher_is_read(head: str):
    assert "NHS" == imprint(head).publisher


def test_the_address_is_the_canonical_one():
    head = '<link rel="canonical" href="https://example.org/gout"><meta property="og:url" content="https://x.org">'
    assert "https://example.org/gout" == imprint(head).url


@pytest.mark.parametrize("href", ["/gout", "javascript:alert(1)", ""])
def test_an_address_that_is_not_of_the_web_is_not_taken(href: str):
    assert None is imprint(f'<link rel="canonical" href="{href}">').url


def test_the_licence_may_be_a_link_in_the_text():
    body = '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>'
    assert "https://creativecommons.org/licenses/by/4.0/" == imprint("", body).license


def test_the_language_is_that_of_the_root():
    assert "zh-CN" == imprint(html='lang="zh-CN"').language


@pytest.mark.parametrize(
    "data", ["", "{", "3", "[[]]", '{"@type": 3, "headline": 4}', '{"@graph": {"a": []}}', "[" * 3000]
)
def test_broken_linked_data_says_nothing(data: str):
    assert "" == imprint(linked(data)).title


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b'<meta charset="gb2312">', "gb2312"),
        (b"<META http-equiv=Content-Type content='text/html; charset=Big5'>", "Big5"),
        (b'<?xml version="1.0" encoding="UTF-8"?><html>', ""),
        (b"<html>", ""),
        (b" " * 3000 + b'<meta charset="gbk">', ""),
    ],
)
def test_the_declared_encoding_is_found(raw: bytes, label: str):
    assert label == declared_encoding(raw)
