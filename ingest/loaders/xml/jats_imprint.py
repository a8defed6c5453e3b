"""Imprint of a journal article: identifiers, journal, dates, licence, retraction."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import PurePosixPath

from lxml import etree

from ingest.loaders.dates import make_date
from ingest.loaders.writing.markup import words_of
from ingest.loaders.xml.tree import attribute
from knowledge.document import Imprint, Language, Status

# The first of these that an article has: the day it could first be read.
_DATES = ("epub", "pub", "epub-ppub", "epreprint", "ppub", "collection")
_RETRACTION = frozenset({"retraction", "retracted-article", "retraction-forward", "withdrawal"})
_CREATIVE = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)(?:/(\d\.\d))?")
_NAMED = re.compile(r"Creative Commons [A-Z][\w-]*(?:[ -][A-Z][\w-]*)*|public domain", re.IGNORECASE)


def article_meta(article: etree._Element) -> etree._Element:
    """Find the `article-meta` of an article; an empty element when there is none."""
    found = article.find("front/article-meta")
    return found if found is not None else etree.Element("article-meta")


def read_imprint(article: etree._Element, name: str) -> Callable[[Language], Imprint]:
    """Read all of an article's imprint but its language."""
    meta = article_meta(article)
    doi = next((words for words in _ids(meta, "doi") if words.startswith("10.")), "")
    pmc = next(iter(_ids(meta, "pmc") or _ids(meta, "pmcid")), "")
    heading = meta.find("title-group/article-title")
    title = words_of(heading) if heading is not None else ""
    retracted = _retracted_doi(meta)
    journal = article.find("front/journal-meta")

    def imprint(language: Language) -> Imprint:
        return Imprint(
            document_id=doi or pmc or name,
            title=title or PurePosixPath(name).name,
            language=language,
            publisher=_journal(journal) if journal is not None else "",
            url=f"https://doi.org/{doi}" if doi else None,
            published_on=_published_on(meta),
            license=_license(meta),
            supersedes=retracted or None,
            status=_status(article, title),
            document_type="article",
        )

    return imprint


def _ids(meta: etree._Element, kind: str) -> list[str]:
    found = (element for element in meta.findall("article-id") if attribute(element, "pub-id-type") == kind)
    return [(element.text or "").strip() for element in found]


def _journal(meta: etree._Element) -> str:
    names = ("journal-title-group/journal-title", "journal-title")
    for path in (*names, "journal-id[@journal-id-type='nlm-ta']", "publisher/publisher-name"):
        found = meta.find(path)
        if found is not None and words_of(found):
            return words_of(found)
    return ""


def _published_on(meta: etree._Element) -> date | None:
    dates: dict[str, date] = {}
    for element in meta.findall("pub-date"):
        kind = attribute(element, "pub-type") or attribute(element, "date-type")
        found = make_date(*(element.findtext(part) for part in ("year", "month", "day")))
        if found:
            dates.setdefault(kind, found)
    return next((dates[kind] for kind in _DATES if kind in dates), next(iter(dates.values()), None))


def _license(meta: etree._Element) -> str | None:
    """Name a licence: "CC BY 4.0" where an address tells it, else what the text calls it."""
    texts: list[str] = []
    for element in meta.iter("license", "license_ref", "ext-link", "copyright-statement"):
        texts += [*map(str, element.attrib.values()), words_of(element)]
    for text in texts:
        match = _CREATIVE.search(text)
        if match:
            return _creative(*match.groups())
    for text in texts:
        named = _NAMED.search(text)
        if named:
            return named.group()
    return None


def _creative(family: str, kind: str, version: str | None) -> str:
    if family == "publicdomain":
        return "CC0 1.0" if kind == "zero" else "Public Domain Mark 1.0"
    return f"CC {kind.upper()} {version or ''}".strip()


def _status(article: etree._Element, title: str) -> Status:
    kinds = {attribute(article, "article-type")}
    kinds |= {attribute(element, "related-article-type") for element in article.iter("related-article")}
    has_mark = re.match(r"(?:retracted|withdrawn)(?: article)?\s*[:\]]|\[retracted", title, re.IGNORECASE)
    return "retracted" if has_mark or kinds & _RETRACTION else "current"


def _retracted_doi(meta: etree._Element) -> str:
    for element in meta.iter("related-article"):
        if attribute(element, "related-article-type") == "retracted-article":
            return attribute(element, "href").rpartition("doi/")[2]
    return ""
