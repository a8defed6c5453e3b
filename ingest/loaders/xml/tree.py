"""Trees: XML from outside, parsed without entities, network or limits lifted."""

import html
import io
from typing import Any

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.writing.elements import put_text


def parse_xml(raw: bytes) -> etree._Element:
    """Parse XML into a tree of elements without namespaces, comments or entities.

    Entities that HTML defines (&nbsp;, &mdash;) are replaced by their characters. One that the file
    itself declares is never expanded; it stays as it is written, for it may be the unit of a dose.

    Raises:
        UnreadableDocument: Not well-formed, or nested deeper than the parser allows.
    """
    try:
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, LookupError) as error:
        raise UnreadableDocument(f"is not well-formed XML: {error}") from error
    for entity in list(root.iter(etree.Entity)):
        _replace(entity)
    for element in root.iter(etree.Element):
        if element.tag.startswith("{"):
            element.tag = element.tag.partition("}")[2]
    return root


def root_tag(raw: bytes) -> str:
    """Read the name of the root element, "{namespace}name" where it has one.

    Raises:
        UnreadableDocument: Not XML up to the root's first tag.
    """
    try:
        events = etree.iterparse(
            io.BytesIO(raw), events=("start",), resolve_entities=False, no_network=True, load_dtd=False
        )
        return str(next(iter(events))[1].tag)
    except (etree.XMLSyntaxError, LookupError, StopIteration) as error:
        raise UnreadableDocument(f"is not well-formed XML: {error}") from error


def attribute(element: etree._Element, name: str) -> str:
    """Read an attribute by its name without namespace; empty when there is none."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value).strip()
    return ""


def rename(element: etree._Element, tag: str, **attributes: str) -> None:
    """Turn an element into one of HTML, without the attributes it had."""
    element.tag = tag
    element.attrib.clear()
    for name, value in attributes.items():
        element.set(name, value)


def _replace(entity: Any) -> None:
    put_text(entity, html.unescape(f"&{entity.name};"))
