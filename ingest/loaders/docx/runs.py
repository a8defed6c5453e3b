"""Runs: the words of a Word paragraph, without what is hidden or deleted."""

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn
from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.writing.words import fold, lower_words, raise_words
from ingest.loaders.xml.tree import attribute, parse_xml

# Deleted or moved away, drawn, or an instruction to Word.
_UNREAD = frozenset(
    qn(name)
    for name in (
        "w:del",
        "w:moveFrom",
        "w:drawing",
        "w:pict",
        "w:object",
        "w:instrText",
        "w:pPr",
        "w:rPr",
        "w:tbl",
    )
)
_BOX = qn("w:txbxContent")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SYMBOLS = {
    qn("w:tab"): " ",
    qn("w:ptab"): " ",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
# Half-points: text of one point is hidden from readers.
_MAX_TINY_HALF_POINTS = 2
_MAX_DEPTH = 60


class Footnotes:
    """The footnotes and endnotes of a document, numbered as the text refers to them."""

    def __init__(self, source: Any) -> None:
        self._words: dict[tuple[str, str], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        for relation in source.part.rels.values():
            kind = relation.reltype.rpartition("/")[2]
            if kind in ("footnotes", "endnotes") and not relation.is_external:
                self._read(kind.removesuffix("s"), relation.target_part.blob)

    def mark(self, reference: Any) -> str:
        """Mark the place of a reference: "[1]"."""
        tag = str(reference.tag).rpartition("}")[2].removesuffix("Reference")
        key = (tag, str(reference.get(qn("w:id"))))
        if not self._words.get(key):
            return ""
        return f" [{self._numbers.setdefault(key, len(self._numbers) + 1)}]"

    def cited(self) -> Iterator[tuple[int, str]]:
        """Yield the notes that the text refers to, in order."""
        for key, number in self._numbers.items():
            yield number, self._words[key]

    def _read(self, kind: str, raw: bytes) -> None:
        try:
            notes = parse_xml(raw)
        except UnreadableDocument:
            return
        for note in notes.iter(kind):
            if attribute(note, "type") in ("", "normal"):
                words = " ".join(text.text or "" for text in note.iter("t"))
                self._words[kind, attribute(note, "id")] = fold(words)


def paragraph_words(paragraph: Any, footnotes: Footnotes) -> str:
    """Read the words of a paragraph; line breaks are kept."""
    words = ""
    for run in _runs(paragraph, 0):
        properties = run.find(qn("w:rPr"))
        if properties is not None and _is_hidden(properties):
            continue
        text = "".join(_pieces(run, footnotes))
        place = properties.find(qn("w:vertAlign")) if properties is not None else None
        kind = place.get(qn("w:val")) if place is not None else None
        if kind == "superscript" and text.strip():
            text = raise_words(text.strip(), words)
        elif kind == "subscript":
            text = lower_words(text, words)
        words += text
    return words


def text_boxes(paragraph: Any) -> Iterator[Any]:
    """Yield the text boxes anchored in a paragraph, each once."""
    for box in paragraph.iter(_BOX):
        if next(box.iterancestors(_FALLBACK), None) is None:
            nearest = next(box.iterancestors(qn("w:p")), None)
            if nearest is paragraph:
                yield box


def _runs(element: Any, depth: int) -> Iterator[Any]:
    """Yield the runs of a paragraph, also those in links, insertions and fields."""
    for child in element:
        if child.tag == qn("w:r"):
            yield child
        elif child.tag not in _UNREAD and isinstance(child.tag, str) and depth < _MAX_DEPTH:
            yield from _runs(child, depth + 1)


def _pieces(run: Any, footnotes: Footnotes) -> Iterator[str]:
    for child in run:
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _SYMBOLS:
            yield _SYMBOLS[child.tag]
        elif child.tag in (qn("w:footnoteReference"), qn("w:endnoteReference")):
            yield footnotes.mark(child)


def _is_hidden(properties: etree._Element) -> bool:
    for name in ("w:vanish", "w:webHidden", "w:strike", "w:dstrike"):
        switch = properties.find(qn(name))
        if switch is not None and switch.get(qn("w:val")) not in ("0", "false", "off"):
            return True
    size = properties.find(qn("w:sz"))
    half_points = (size.get(qn("w:val")) or "") if size is not None else ""
    if half_points.isdigit() and int(half_points) <= _MAX_TINY_HALF_POINTS:
        return True
    colour, shade = properties.find(qn("w:color")), properties.find(qn("w:shd"))
    is_white = colour is not None and (colour.get(qn("w:val")) or "").upper() in ("FFFFFF", "FEFEFE")
    return is_white and (shade is None or (shade.get(qn("w:fill")) or "auto").upper() in ("AUTO", "FFFFFF"))
