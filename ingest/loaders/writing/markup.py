"""Markup: a tree of HTML elements to blocks of a manuscript."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.tables import Cell, lay_out, set_apart
from ingest.loaders.writing.words import fold, lower_words, raise_words, squeeze

# Nobody reads these, or (del, s) the author has struck them out.
_UNREAD = frozenset(
    "script style template noscript head title meta link iframe object embed svg canvas audio video map "
    "button input select textarea datalist progress meter rp rt del s strike img nav dialog".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li main ol optgroup p pre search section "
    "summary table tbody td tfoot th thead tr ul menu legend".split()
)
# Deeper than any page that a person wrote; a walk must not overflow the stack.
_MAX_DEPTH = 150
_REFERENCE = re.compile(r"\[?([\d,–\-\s]{1,12}|[a-z*†‡§])\]?")


def write_markup(root: etree._Element, manuscript: Manuscript) -> None:
    """Write the visible text of a tree of HTML elements (names in lower case, no namespace).

    Headings, paragraphs, lists and tables become blocks; a table that only lays out the page is
    read cell by cell. Superscripts are marked so that "10<sup>9</sup>" is not read as 109.
    """
    writer = _Writer(manuscript)
    writer.visit(root, 0)
    writer.flush()


def words_of(element: etree._Element, depth: int = 0) -> str:
    """Read the visible text of an element on one line; blocks inside are set apart by a blank."""
    return fold("".join(_inline(element, depth)))


class _Writer:
    """Collects words until a block ends. `_item` is the mark of a list item not yet begun."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._words = ""
        self._lists: list[tuple[str, int]] = []
        self._item: str | None = None
        self._in_item = False

    def flush(self) -> None:
        """End the block that the collected words belong to."""
        words, self._words = self._words, ""
        if self._in_item:
            words = fold(words)
            if words and self._item is None:
                self._manuscript.go_on(words)
            elif words:
                self._manuscript.item(words, len(self._lists) - 1, self._item or "-")
                self._item = None
            return
        for paragraph in re.split(r"\n[ \t]*\n\s*", words):
            self._manuscript.paragraph("\n".join(fold(line) for line in paragraph.strip().split("\n")))

    def visit(self, element: etree._Element, depth: int) -> None:
        """Write one element without what follows it."""
        tag = _tag(element)
        if tag in _UNREAD:
            return
        if depth > _MAX_DEPTH:
            self._words += " ".join(str(part) for part in element.itertext())
        elif re.fullmatch(r"h[1-6]", tag) and not self._in_item:
            self.flush()
            self._manuscript.heading(int(tag[1]), words_of(element))
        elif tag in ("ul", "ol", "menu"):
            self._list(element, tag, depth)
        elif tag == "li":
            self._list_item(element, depth)
        elif tag == "dl":
            self._definitions(element, depth)
        elif tag == "table":
            self._table(element, depth)
        elif tag == "pre":
            self.flush()
            self._words = "".join(str(part) for part in element.itertext())
            self.flush()
        elif tag in _BLOCKS:
            self.flush()
            self._children(element, depth)
            self.flush()
        else:
            self._phrase(element, tag, depth)

    def _phrase(self, element: etree._Element, tag: str, depth: int) -> None:
        if tag == "br":
            self._words += "\n"
        elif tag in ("sup", "sub", "math"):
            self._words += _raised(element, tag, self._words, depth)
        else:
            self._children(element, depth)

    def _children(self, element: etree._Element, depth: int) -> None:
        self._words += squeeze(element.text or "")
        for child in element:
            self.visit(child, depth + 1)
            self._words += squeeze(child.tail or "")

    def _list(self, element: etree._Element, tag: str, depth: int) -> None:
        self.flush()
        start = element.get("start") or "1"
        self._lists.append((tag, int(start) if start.isascii() and start.isdigit() else 1))
        outer = (self._item, self._in_item)
        self._children(element, depth)
        self.flush()
        self._item, self._in_item = outer
        self._lists.pop()

    def _list_item(self, element: etree._Element, depth: int) -> None:
        self.flush()
        tag, number = self._lists.pop() if self._lists else ("ul", 1)
        self._lists.append((tag, number + 1))
        mark = element.get("data-mark") or (f"{number}." if tag == "ol" else "-")
        self._item, self._in_item = mark, True
        self._children(element, depth)
        self.flush()
        self._item, self._in_item = None, False

    def _definitions(self, element: etree._Element, depth: int) -> None:
        self.flush()
        term = ""
        for child in element.iter("dt", "dd"):
            words = words_of(child, depth)
            if child.tag == "dt":
                term = "; ".join(filter(None, (term, words)))
            elif words:
                self._manuscript.item(f"{term}: {words}" if term else words)
                term = ""
        self._manuscript.item(term)

    def _table(self, element: etree._Element, depth: int) -> None:
        self.flush()
        if _is_layout(element):
            for cell in _own(element, ("caption", "td", "th")):
                self._children(cell, depth)
                self.flush()
            return
        for caption in _own(element, ("caption",)):
            self._manuscript.paragraph(words_of(caption, depth))
        rows: Sequence[Sequence[Cell]] = [
            [_cell(cell, depth) for cell in row if _tag(cell) in ("td", "th")]
            for row in _own(element, ("tr",))
        ]
        above, rows, below = set_apart(rows)
        for words in above:
            self._manuscript.paragraph(words)
        self._manuscript.table(lay_out(rows))
        for words in below:
            self._manuscript.paragraph(words)


def _inline(element: etree._Element, depth: int) -> Iterator[str]:
    """Yield the pieces of an element's text; the last 20 characters are what a superscript follows."""
    tail = ""
    for piece in _pieces(element, depth):
        text = piece if isinstance(piece, str) else _raised(piece, _tag(piece), tail, depth)
        tail = (tail + text)[-20:]
        yield text


def _pieces(element: etree._Element, depth: int) -> Iterator[str | etree._Element]:
    if depth > _MAX_DEPTH:
        yield " ".join(str(part) for part in element.itertext())
        return
    yield squeeze(element.text or "")
    for child in element:
        tag = _tag(child)
        if tag in ("sup", "sub", "math"):
            yield child
        elif tag == "br":
            yield " "
        elif tag not in _UNREAD:
            around = " " if tag in _BLOCKS else ""
            yield f"{around}• " if tag == "li" else around
            yield from _pieces(child, depth + 1)
            yield around
        yield squeeze(child.tail or "")


def _raised(element: etree._Element, tag: str, before: str, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return ""
    inside = "".join(_inline(element, depth + 1))
    words = inside.strip()
    reference = _REFERENCE.fullmatch(words) if tag == "sup" and _is_reference(element) else None
    if reference:
        raised = f"[{reference.group(1).strip()}]"
    elif tag == "sup" and words:
        raised = raise_words(words, before)
    else:
        raised = lower_words(words, before) if tag == "sub" else words
    # Blanks inside the tags are blanks between words all the same.
    return inside[: len(inside) - len(inside.lstrip())] + raised + inside[len(inside.rstrip()) :]


def _is_reference(element: etree._Element) -> bool:
    links = [*element.iter("a"), *element.iterancestors("a")]
    return any((link.get("href") or "").rpartition("#")[1] for link in links)


def _cell(cell: etree._Element, depth: int) -> Cell:
    is_heading = _tag(cell.getparent()) == "tr" and (
        any(_tag(above) == "thead" for above in cell.iterancestors("thead", "table"))
        or (_tag(cell) == "th" and cell.get("scope") not in ("row", "rowgroup"))
    )
    return Cell(words_of(cell, depth), _span(cell, "rowspan"), _span(cell, "colspan"), is_heading)


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(1000, int(value)) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def _is_layout(table: etree._Element) -> bool:
    """Tell whether a table only places parts of a page."""
    if table.get("role") in ("presentation", "none"):
        return True
    return next(table.iterdescendants("table", "h1", "h2", "h3", "article", "main"), None) is not None


def _own(table: etree._Element, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield the elements of a table that do not belong to a table inside it."""
    for element in table.iterdescendants(*tags):
        if next(element.iterancestors("table")) is table:
            yield element


def _tag(element: etree._Element | None) -> str:
    """Name of an element; comments and processing instructions count as `script`."""
    return element.tag if element is not None and isinstance(element.tag, str) else "script"
