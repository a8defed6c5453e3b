"""SPL XML: drug labels of the US FDA (HL7 Structured Product Labeling)."""

import re
from pathlib import PurePosixPath

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.dates import read_date
from ingest.loaders.language import name_language
from ingest.loaders.writing.elements import drop, put_text
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import words_of, write_markup
from ingest.loaders.writing.words import fold
from ingest.loaders.xml.tree import attribute, parse_xml, rename
from knowledge.document import Document, Imprint

_DAILYMED = "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid="
# LOINC codes of sections that repeat others or are none to a reader: product data elements, recent
# major changes, references, package label (pictures of boxes), unclassified.
_LEFT_OUT = frozenset({"48780-1", "43683-2", "34093-5", "51945-4"})
_UNCLASSIFIED = "42229-5"
# The highlights repeat the full text in short.
_UNREAD = (
    "id",
    "code",
    "effectiveTime",
    "excerpt",
    "subject",
    "author",
    "renderMultiMedia",
    "observationMedia",
)
_HTML = {
    "paragraph": "p",
    "item": "li",
    "text": "div",
    "content": "span",
    "linkHtml": "span",
    "component": "div",
}
_MAX_LEVEL = 6
_NOT_A_TITLE = re.compile(
    r"these highlights do not include.*?safely and effectively\.?|see full prescribing information for [^.]*\."
    r"|initial u\.?s\.? approval:?\s*\d{4}",
    re.IGNORECASE | re.DOTALL,
)


def load_spl(raw: bytes, name: str) -> Document:
    """Load a drug label: its sections under their LOINC headings, lists, tables and footnotes.

    The set id, which stays over all versions of a label, is the id; the effective time is the date.

    Raises:
        UnreadableDocument: Not an SPL document, or without any text.
    """
    root = parse_xml(raw)
    body = root.find("component/structuredBody")
    if root.tag != "document" or body is None:
        raise UnreadableDocument(
            f"is XML of another kind (root {root.tag!r}); SPL has a document with a body"
        )
    set_id = _root_of(root.find("setId"))
    title = _title(root)
    effective = root.find("effectiveTime")
    for section in list(body.iter("section")):
        if _code(section) in _LEFT_OUT:
            drop(section)
    manuscript = Manuscript()
    write_markup(_translate(body), manuscript)
    return manuscript.document(
        Imprint(
            document_id=set_id or name,
            title=title or manuscript.first_heading or PurePosixPath(name).name,
            language=name_language(manuscript.text),
            publisher=_organization(root),
            url=f"{_DAILYMED}{set_id}" if set_id else None,
            published_on=read_date(effective.get("value")) if effective is not None else None,
            document_type="drug_label",
        )
    )


def _title(root: etree._Element) -> str:
    """Title of the label without its standing phrases; else the names of the product."""
    title = root.find("title")
    stated = fold(_NOT_A_TITLE.sub(" ", words_of(title))) if title is not None else ""
    if stated and stated.lower() not in ("drug facts", "package insert", "prescribing information"):
        return stated
    # A brand's suffix is an element of its own, without a blank in front.
    brand, generic = (
        fold(" ".join(map(str, found.itertext()))) if found is not None else ""
        for found in (
            root.find(".//subject/manufacturedProduct//name"),
            root.find(".//subject//genericMedicine/name"),
        )
    )
    return brand if generic.lower() in brand.lower() else f"{brand} ({generic})"


def _organization(root: etree._Element) -> str:
    found = root.find("author/assignedEntity/representedOrganization/name")
    return words_of(found) if found is not None else ""


def _root_of(element: etree._Element | None) -> str:
    return attribute(element, "root").lower() if element is not None else ""


def _code(section: etree._Element) -> str:
    code = section.find("code")
    return attribute(code, "code") if code is not None else ""


def _translate(body: etree._Element) -> etree._Element:
    """Turn the body into HTML elements."""
    for section in body.iter("section"):
        _head(section)
    for element in list(body.iter(*_UNREAD)):
        drop(element)
    _place_footnotes(body)
    for element in list(body.iter("list")):
        _translate_list(element)
    for element in list(body.iter(*_HTML)):
        rename(element, _HTML[str(element.tag)])
    body.tag = "div"
    return body


def _head(section: etree._Element) -> None:
    """Give a section a heading: its title, or what its LOINC code says."""
    title, code = section.find("title"), section.find("code")
    level = min(_MAX_LEVEL, 1 + sum(1 for _ in section.iterancestors("section")))
    if title is not None and words_of(title):
        rename(title, f"h{level}")
    elif code is not None and _code(section) != _UNCLASSIFIED:
        words = re.sub(r"\s*section$", "", attribute(code, "displayName"), flags=re.IGNORECASE)
        heading = etree.Element(f"h{level}")
        heading.text = words.capitalize()
        section.insert(0, heading)


def _place_footnotes(body: etree._Element) -> None:
    """Write footnotes below the table or text that has them, a number in brackets at the place."""
    numbers: dict[str, int] = {}
    for count, note in enumerate(list(body.iter("footnote")), start=1):
        numbers[attribute(note, "ID")] = count
        holder = next(note.iterancestors("table"), None)
        holder = holder if holder is not None else next(note.iterancestors("paragraph", "list", "text"), body)
        paragraph = etree.Element("p")
        paragraph.text = f"[{count}] {words_of(note)}"
        put_text(note, f" [{count}]")
        _put_below(holder, paragraph)
    for mark in list(body.iter("footnoteRef")):
        number = numbers.get(attribute(mark, "IDREF"))
        put_text(mark, f" [{number}]" if number else "")


def _put_below(holder: etree._Element, paragraph: etree._Element) -> None:
    parent = holder.getparent()
    if parent is None or holder.tag == "text":
        holder.append(paragraph)
        return
    place = holder
    while (below := place.getnext()) is not None and below.tag == "p" and (below.text or "")[:1] == "[":
        place = below
    paragraph.tail, place.tail = place.tail, None
    parent.insert(parent.index(place) + 1, paragraph)


def _translate_list(element: etree._Element) -> None:
    for caption in list(element.iter("caption")):
        if caption.getparent() is not None and next(caption.iterancestors("table", "list")) is element:
            # A bullet drawn by hand, or a line above the list.
            rename(caption, "p") if caption.getparent() is element else drop(caption)
    rename(element, "ol" if attribute(element, "listType") == "ordered" else "ul")
