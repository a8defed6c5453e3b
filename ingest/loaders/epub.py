"""EPUB: the chapters of a book in reading order."""

import posixpath
import zipfile
from pathlib import PurePosixPath
from urllib.parse import unquote

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.dates import read_date
from ingest.loaders.encoding import decode
from ingest.loaders.html import parse_html
from ingest.loaders.html.hidden import remove_hidden
from ingest.loaders.html.imprint import declared_encoding
from ingest.loaders.language import name_language
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import words_of, write_markup
from ingest.loaders.xml.tree import attribute, parse_xml
from ingest.loaders.zip_archive import open_archive, read_member
from knowledge.document import Document, Imprint

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html")
# Scrambled fonts are no protection of the text.
_FONT_SCRAMBLERS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def load_epub(raw: bytes, name: str) -> Document:
    """Load a book: chapters in the order of its spine, with headings, lists and tables.

    Raises:
        UnreadableDocument: Not a complete EPUB, protected, too large, or without text.
    """
    archive = open_archive(raw)
    _refuse_protected(archive)
    package_name = _package_name(archive)
    package = parse_xml(read_member(archive, package_name))
    manuscript = Manuscript()
    for chapter in _chapters(package, posixpath.dirname(package_name)):
        content = read_member(archive, chapter)
        if content.strip():
            root = parse_html(decode(content, declared_encoding(content)))
            remove_hidden(root)
            write_markup(next(root.iter("body"), root), manuscript)
    return manuscript.document(_imprint(package, name, manuscript))


def _refuse_protected(archive: zipfile.ZipFile) -> None:
    if _ENCRYPTION not in archive.namelist():
        return
    for method in parse_xml(read_member(archive, _ENCRYPTION)).iter("EncryptionMethod"):
        if attribute(method, "Algorithm") not in _FONT_SCRAMBLERS:
            raise UnreadableDocument("is protected against copying; only unprotected books are read")


def _package_name(archive: zipfile.ZipFile) -> str:
    container = parse_xml(read_member(archive, _CONTAINER))
    for rootfile in container.iter("rootfile"):
        if attribute(rootfile, "full-path"):
            return attribute(rootfile, "full-path")
    raise UnreadableDocument(f"names no package in {_CONTAINER}")


def _chapters(package: etree._Element, folder: str) -> list[str]:
    """List the members that the spine names, without the table of contents."""
    members = {
        attribute(member, "id"): posixpath.normpath(
            posixpath.join(folder, unquote(attribute(member, "href")))
        )
        for member in package.iter("item")
        if attribute(member, "media-type") in _CHAPTERS
        and "nav" not in attribute(member, "properties").split()
    }
    spine = [attribute(reference, "idref") for reference in package.iter("itemref")]
    return list(dict.fromkeys(members[idref] for idref in spine if idref in members))


def _imprint(package: etree._Element, name: str, manuscript: Manuscript) -> Imprint:
    def first(tag: str) -> str:
        return next(filter(None, map(words_of, package.iter(tag))), "")

    source = first("source")
    return Imprint(
        document_id=name,
        title=first("title") or manuscript.first_heading or PurePosixPath(name).name,
        language=name_language(manuscript.text, first("language")),
        publisher=first("publisher"),
        url=source if source.startswith(("http://", "https://")) else None,
        published_on=read_date(first("date")),
        license=first("rights") or None,
    )
