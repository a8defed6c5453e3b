"""Imprint of a web page: what its meta tags and JSON-LD say of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import orjson
from lxml import etree

from ingest.loaders.dates import read_date
from ingest.loaders.language import name_language
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import words_of
from ingest.loaders.writing.words import fold
from knowledge.document import Imprint

# Names of meta tags, the most trustworthy first. PubDate, ContentSource and SiteName are the standard
# of Chinese government sites (国办发〔2017〕47号).
_TITLES = ("citation_title", "dc.title", "dcterms.title", "articletitle", "og:title", "headline")
_PUBLISHED = (
    "citation_publication_date",
    "citation_date",
    "article:published_time",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "datepublished",
    "pubdate",
    "publishdate",
    "date",
)
_REVIEWED = (
    "lastreviewed",
    "dc.date.reviewed",
    "dcterms.modified",
    "dc.date.modified",
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
)
_PUBLISHERS = (
    "citation_publisher",
    "dc.publisher",
    "dcterms.publisher",
    "publisher",
    "og:site_name",
    "sitename",
)
_LICENSES = ("dcterms.license", "license", "dc.rights", "dcterms.rights")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
# " | NHS", " - Mayo Clinic": the site's name after the page's.
_SITE = re.compile(r"\s+[|–—\-_]\s+[^|–—]{1,60}$")
_LINKED_DATA = (
    "headline",
    "name",
    "datePublished",
    "dateModified",
    "lastReviewed",
    "license",
    "url",
    "inLanguage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImprint:
    """What a page says of itself; empty or None where it says nothing."""

    title: str
    publisher: str
    url: str | None
    published_on: date | None
    reviewed_on: date | None
    license: str | None
    language: str

    def named(self, name: str, manuscript: Manuscript) -> Imprint:
        """Make the imprint of the document that holds the page's text.

        Raises:
            UnreadableDocument: The text is in a language that is not served.
        """
        return Imprint(
            document_id=name,
            title=self.title or manuscript.first_heading or PurePosixPath(name).name,
            language=name_language(manuscript.text, self.language),
            publisher=self.publisher,
            url=self.url,
            published_on=self.published_on,
            reviewed_on=self.reviewed_on,
            license=self.license,
        )


def declared_encoding(raw: bytes) -> str:
    """Read the encoding that a page declares in its first 2,048 bytes; empty when it does not."""
    match = _CHARSET.search(raw[:2048])
    return match.group(1).decode("ascii", "ignore") if match else ""


def read_imprint(root: etree._Element) -> PageImprint:
    """Read the imprint of a page; where sources differ, meta tags go before JSON-LD."""
    facts = {**_linked_data(root), **_meta(root)}
    return PageImprint(
        title=_title(root, facts),
        publisher=_first(facts, _PUBLISHERS),
        url=_link(root, "canonical") or _first(facts, ("og:url", "url")) or None,
        published_on=_first_date(facts, _PUBLISHED),
        reviewed_on=_first_date(facts, _REVIEWED),
        license=_link(root, "license") or _first(facts, _LICENSES) or None,
        language=(root.get("lang") or facts.get("inlanguage") or "").strip(),
    )


def _title(root: etree._Element, facts: dict[str, str]) -> str:
    stated = _first(facts, _TITLES)
    if stated:
        return stated
    headings = [words for words in map(words_of, root.iter("h1")) if words]
    if len(headings) == 1:
        return headings[0]
    titles = [words_of(element) for element in root.iter("title")]
    return _SITE.sub("", titles[0]) if titles else ""


def _meta(root: etree._Element) -> dict[str, str]:
    facts: dict[str, str] = {}
    for element in root.iter("meta", "time"):
        name = element.get("name") or element.get("property") or element.get("itemprop") or ""
        content = element.get("content") or element.get("datetime") or ""
        if name.strip() and content.strip():
            facts.setdefault(name.strip().lower(), fold(content))
    return facts


def _linked_data(root: etree._Element) -> dict[str, str]:
    facts: dict[str, str] = {}
    for script in root.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json":
            continue
        for thing in _things(script.text or ""):
            for key in _LINKED_DATA:
                if isinstance(thing.get(key), str):
                    facts.setdefault(key.lower(), fold(thing[key]))
            publisher = thing.get("publisher")
            if isinstance(publisher, dict) and isinstance(publisher.get("name"), str):
                facts.setdefault("publisher", fold(publisher["name"]))
    return facts


def _things(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects at the top of a JSON-LD script that describe a text."""
    try:
        top = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    things = top if isinstance(top, list) else [top]
    things += [part for thing in things if isinstance(thing, dict) for part in _graph(thing)]
    for thing in things:
        kind = str(thing.get("@type")) if isinstance(thing, dict) else ""
        if re.search(r"Article|WebPage|Report|Guideline|ScholarlyWork|CreativeWork", kind):
            yield thing


def _graph(thing: dict[str, Any]) -> list[Any]:
    graph = thing.get("@graph")
    return graph if isinstance(graph, list) else []


def _first(facts: dict[str, str], names: tuple[str, ...]) -> str:
    return next((facts[name] for name in names if facts.get(name)), "")


def _first_date(facts: dict[str, str], names: tuple[str, ...]) -> date | None:
    return next(filter(None, (read_date(facts.get(name)) for name in names)), None)


def _link(root: etree._Element, relation: str) -> str | None:
    for element in root.iter("link", "a"):
        if relation in (element.get("rel") or "").lower().split():
            href = (element.get("href") or "").strip()
            if href.startswith(("http://", "https://")):
                return href
    return None
