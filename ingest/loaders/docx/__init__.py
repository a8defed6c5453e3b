"""DOCX: Word documents."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from docx import Document as open_docx  # noqa: N813 - a function for all its capital
from docx.opc.exceptions import OpcError
from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.docx.runs import Footnotes, paragraph_words, text_boxes
from ingest.loaders.docx.styles import Styles
from ingest.loaders.language import name_language
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.tables import Cell, lay_out, set_apart
from ingest.loaders.writing.words import fold
from ingest.loaders.zip_archive import open_archive
from knowledge.document import Document, Imprint

# What python-docx lets out of broken files; it has no base error.
_BROKEN = (
    OpcError,
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
    OSError,
)
_NO_TITLES = frozenset({"", "word document", "untitled", "document", "microsoft word document"})
_MAX_DEPTH = 40


def load_docx(raw: bytes, name: str) -> Document:
    """Load a Word document: headings by style or outline level, lists, tables, footnotes.

    Hidden, deleted, white and tiny text and the table of contents are left out. Word knows no
    publisher and only the dates of the file, so that these are not read.

    Raises:
        UnreadableDocument: Not a complete Word document, encrypted, too large, or without text.
    """
    open_archive(raw).close()
    try:
        source = open_docx(io.BytesIO(raw))
        manuscript = Manuscript()
        writer = _Writer(Styles(source), Footnotes(source), manuscript)
        writer.write(source.element.body, 0)
        writer.finish()
        title = fold(source.core_properties.title or "")
        language = source.core_properties.language or ""
    except _BROKEN as error:
        raise UnreadableDocument(f"is not a complete Word document: {error}") from error
    stated = "" if title.lower() in _NO_TITLES else title
    return manuscript.document(
        Imprint(
            document_id=name,
            title=stated or manuscript.first_heading or PurePosixPath(name).name,
            language=name_language(manuscript.text, language),
        )
    )


class _Writer:
    def __init__(self, styles: Styles, footnotes: Footnotes, manuscript: Manuscript) -> None:
        self._styles = styles
        self._footnotes = footnotes
        self._manuscript = manuscript

    def write(self, parent: Any, depth: int) -> None:
        """Write the blocks of the body or of what holds blocks inside it."""
        for block in parent:
            tag = _tag(block)
            if tag == "p":
                self._paragraph(block, depth)
            elif tag == "tbl":
                self._table(block)
            elif (
                tag in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag") and depth < _MAX_DEPTH
            ):
                self.write(block, depth + 1)

    def finish(self) -> None:
        """Write the footnotes that were referred to."""
        for number, words in self._footnotes.cited():
            self._manuscript.paragraph(f"[{number}] {words}")

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        if self._styles.is_contents(paragraph):
            return
        words = paragraph_words(paragraph, self._footnotes)
        level = self._styles.heading_level(paragraph)
        listed = self._styles.list_mark(paragraph)
        if level and "\n" not in words.strip():
            self._manuscript.heading(level, words)
        elif listed:
            self._manuscript.item(words, *listed)
        else:
            self._manuscript.paragraph("\n".join(fold(line) for line in words.strip().split("\n")))
        if depth < _MAX_DEPTH:
            for box in text_boxes(paragraph):
                self.write(box, depth + 1)

    def _table(self, table: Any) -> None:
        rows = list(_rows(table, self._footnotes))
        above, inner, below = set_apart(rows)
        for words in above:
            self._manuscript.paragraph(words)
        self._manuscript.table(lay_out(inner))
        for words in below:
            self._manuscript.paragraph(words)


def _rows(table: Any, footnotes: Footnotes) -> Iterator[list[Cell]]:
    """Read rows; a cell merged with the one above it repeats that one's words."""
    above: dict[int, str] = {}
    for row in table.tr_lst:
        is_heading = bool(row.xpath("./w:trPr/w:tblHeader"))
        cells: list[Cell] = []
        column = 0
        here: dict[int, str] = {}
        for cell in row.tc_lst:
            words = " ".join(
                filter(None, (fold(paragraph_words(p, footnotes)) for p in cell.xpath(".//w:p")))
            )
            if cell.vMerge == "continue":
                words = above.get(column, words)
            cells.append(Cell(words, 1, cell.grid_span, is_heading))
            here[column] = words
            column += cell.grid_span
        above = here
        yield cells


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
