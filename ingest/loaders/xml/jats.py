"""JATS XML: journal articles (NISO Z39.96) and the NLM layouts before it."""

import re

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.language import name_language
from ingest.loaders.writing.elements import drop, put_text
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import words_of, write_markup
from ingest.loaders.xml.jats_imprint import article_meta, read_imprint
from ingest.loaders.xml.mathml import linear
from ingest.loaders.xml.tree import attribute, parse_xml, rename
from knowledge.document import Document

# What an article says of itself and others, not of its subject.
_UNREAD = (
    "ref-list ack fn-group author-notes contrib-group graphic media object-id inline-graphic bio notes "
    "supplementary-material related-article related-object sec-meta processing-meta alt-text long-desc "
    "private-char ext-link-group permissions attrib copyright-statement tex-math"
).split()
_HTML = {
    "italic": "i",
    "bold": "b",
    "underline": "u",
    "break": "br",
    "disp-quote": "blockquote",
    "verse-group": "blockquote",
    "boxed-text": "div",
    "disp-formula": "p",
    "preformat": "pre",
    "code": "pre",
    "strike": "del",
    "table-wrap-foot": "div",
    "def-list": "dl",
    "statement": "div",
    "app": "sec",
}
_MAX_LEVEL = 6
_NUMBERS = re.compile(r"\d[\d,–\-\s]*")


def load_jats(raw: bytes, name: str) -> Document:
    """Load a journal article: abstracts, sections, tables and the captions of figures.

    References, acknowledgements and author notes are left out. The journal is the publisher, the DOI
    is the id. A retracted article, and the notice that retracts one, have the status `retracted`:
    neither states anything to cite; the notice supersedes the article by its DOI.

    Raises:
        UnreadableDocument: Not JATS, in a language that is not served, or without any text.
    """
    root = parse_xml(raw)
    article = _article(root)
    imprint = read_imprint(article, name)
    manuscript = Manuscript()
    for abstract in article_meta(article).findall("abstract"):
        _write(abstract, manuscript, _abstract_title(abstract))
    for part in (*article.findall("body"), *article.findall("back"), *article.findall("floats-group")):
        _write(part, manuscript, "")
    language = name_language(manuscript.text, attribute(article, "lang"))
    return manuscript.document(imprint(language))


def _article(root: etree._Element) -> etree._Element:
    article = next((element for element in root.iter("article") if element.find("front") is not None), None)
    if article is None:
        raise UnreadableDocument(
            f"is XML of another kind (root {root.tag!r}); JATS has an article with a front"
        )
    return article


def _abstract_title(abstract: etree._Element) -> str:
    title = abstract.find("title")
    if title is not None and words_of(title):
        return ""
    return "Summary" if attribute(abstract, "abstract-type") else "Abstract"


def _write(part: etree._Element, manuscript: Manuscript, title: str) -> None:
    """Translate a part of the article to HTML elements and write it."""
    for element in list(part.iter(*_UNREAD)):
        drop(element)
    for element in list(part.iter(*_TRANSLATORS)):
        _TRANSLATORS[str(element.tag)](element)
    for element in part.iter(*_HTML):
        rename(element, _HTML[str(element.tag)])
    # Titles last: words_of reads them as HTML.
    for heading in list(part.iter("title")):
        _heading(heading, part)
    if title:
        manuscript.heading(1, title)
    rename(part, "div")
    write_markup(part, manuscript)


def _heading(title: etree._Element, part: etree._Element) -> None:
    parent = title.getparent()
    if parent is None or parent.tag not in ("sec", part.tag, "div", "glossary", "app-group"):
        rename(title, "p")
        return
    level = 1 + sum(above.tag in ("sec", "glossary", "abstract") for above in parent.iterancestors())
    label = parent.find("label")
    if label is not None:
        title.text = f"{words_of(label)} {title.text or ''}"
        drop(label)
    rename(title, f"h{min(level, _MAX_LEVEL)}")


def _cross_reference(element: etree._Element) -> None:
    """Write a reference to the bibliography as "[3]", raised or not; one by author and year stays as it is."""
    kind = attribute(element, "ref-type")
    if kind != "bibr":
        is_bare = element.find(".//sup") is None and next(element.iterancestors("sup"), None) is None
        rename(element, "sup" if kind in ("fn", "table-fn") and is_bare else "span")
        return
    words = words_of(element)
    parent = element.getparent()
    if parent is not None and parent.tag == "sup":
        rename(parent, "span")
    before, after = _around(element)
    is_number = bool(_NUMBERS.fullmatch(words)) and not before.rstrip().endswith(("[", "–", "-"))
    put_text(element, f"[{words}]" if is_number and not after.lstrip().startswith("]") else words)


def _around(element: etree._Element) -> tuple[str, str]:
    before, parent = element.getprevious(), element.getparent()
    text = before.tail if before is not None else (parent.text if parent is not None else "")
    return text or "", element.tail or ""


def _formula(element: etree._Element) -> None:
    put_text(element, f" {linear(element)} ")


def _list(element: etree._Element) -> None:
    kind = attribute(element, "list-type")
    for listed in element.findall("list-item"):
        label = listed.find("label")
        mark = words_of(label) if label is not None else ""
        if label is not None:
            drop(label)
        rename(listed, "li", **({"data-mark": mark} if mark.rstrip(".)").isdigit() else {}))
    rename(element, "ol" if kind in ("order", "arabic") else "ul")


def _captioned(element: etree._Element) -> None:
    """Write a figure or table: label and caption as one paragraph above the rest."""
    label, caption = element.find("label"), element.find("caption")
    parts = [words_of(label).rstrip(".") + "."] if label is not None and words_of(label) else []
    if caption is not None:
        parts += filter(None, (words_of(child) for child in caption))
        drop(caption)
    if label is not None:
        drop(label)
    paragraph = etree.Element("p")
    paragraph.text = " ".join(parts)
    element.insert(0, paragraph)
    rename(element, "div")


def _footnote(element: etree._Element) -> None:
    """Write a footnote below a table on one line, its mark in front."""
    label = element.find("label")
    words = words_of(label) if label is not None else ""
    if label is not None:
        drop(label)
    rest = words_of(element)
    for child in list(element):
        element.remove(child)
    element.text = f"{words} {rest}".strip()
    rename(element, "p")


def _definition(element: etree._Element) -> None:
    rename(element, {"term": "dt", "def": "dd"}.get(str(element.tag), "div"))


_TRANSLATORS = {
    "xref": _cross_reference,
    "math": _formula,
    "list": _list,
    "fig": _captioned,
    "table-wrap": _captioned,
    "fn": _footnote,
    "term": _definition,
    "def": _definition,
}
