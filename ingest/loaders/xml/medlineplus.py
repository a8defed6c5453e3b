"""MedlinePlus health topics in the XML of the US National Library of Medicine.

https://medlineplus.gov/xmldescription.html
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.dates import make_date
from ingest.loaders.html import parse_html
from ingest.loaders.language import name_language
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import write_markup
from ingest.loaders.writing.words import fold
from ingest.loaders.xml.tree import attribute, parse_xml
from knowledge.document import Document, Imprint

_PUBLISHER = "MedlinePlus, National Library of Medicine"
_LICENSE = "public domain"


def load_medlineplus(raw: bytes, name: str) -> Document:
    """Load one health topic, or a file of several as one document with a section for each.

    A source cuts a file of topics into records, one topic each, so that every topic keeps its own
    address and date; the whole file is read only when it is named by itself.

    Raises:
        UnreadableDocument: Not health topics, in a language that is not served, or without summary.
    """
    root = parse_xml(raw)
    topics = [topic for topic in root.iter("health-topic") if _is_served(topic)]
    if not topics:
        found = sorted({attribute(topic, "language") for topic in root.iter("health-topic")})
        raise UnreadableDocument(
            f"is in language {', '.join(found)}; only Chinese and English are read"
            if any(found)
            else f"is XML of another kind (root {root.tag!r}); MedlinePlus has health-topic elements"
        )
    manuscript = Manuscript()
    for topic in topics:
        if len(topics) > 1:
            manuscript.heading(1, attribute(topic, "title"))
        _write(topic, manuscript)
    return manuscript.document(_imprint(topics, name, manuscript))


def split_topics(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut a file of health topics into topics: (id, the topic's XML in UTF-8).

    The official file holds each topic in English and Spanish; those that declare a language that
    is not served are left out, for they would be quarantined every night.

    Raises:
        UnreadableDocument: Not well-formed XML, or without health topics.
    """
    root = parse_xml(raw)
    if next(root.iter("health-topic"), None) is None:
        raise UnreadableDocument(
            f"is XML of another kind (root {root.tag!r}); MedlinePlus has health-topic elements"
        )
    for topic in filter(_is_served, list(root.iter("health-topic"))):
        topic.tail = None
        yield attribute(topic, "id"), etree.tostring(topic, method="c14n")


def _write(topic: etree._Element, manuscript: Manuscript) -> None:
    names = [fold(element.text or "") for element in topic.findall("also-called")]
    if any(names):
        manuscript.paragraph(f"Also called: {'; '.join(filter(None, names))}")
    summary = topic.findtext("full-summary") or ""
    if summary.strip():
        write_markup(parse_html(summary), manuscript)


def _imprint(topics: list[etree._Element], name: str, manuscript: Manuscript) -> Imprint:
    first = topics[0]
    is_one = len(topics) == 1
    title = attribute(first, "title") if is_one else "MedlinePlus Health Topics"
    topic_id = attribute(first, "id")
    return Imprint(
        document_id=f"medlineplus-{topic_id}" if is_one and topic_id else name,
        title=title or PurePosixPath(name).name,
        language=name_language(manuscript.text, attribute(first, "language")),
        publisher=_PUBLISHER,
        url=(attribute(first, "url") or None) if is_one else None,
        published_on=_created_on(first) if is_one else None,
        license=_LICENSE,
        document_type="health_topic",
    )


def _created_on(topic: etree._Element) -> date | None:
    match = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", attribute(topic, "date-created"))
    return make_date(match[3], match[1], match[2]) if match else None


def _is_served(topic: etree._Element) -> bool:
    return attribute(topic, "language").lower() in ("", "english", "chinese")
