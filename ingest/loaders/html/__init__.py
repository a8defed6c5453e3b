"""HTML: the text that a reader of the page sees, without the page's own furniture."""

from lxml import etree

from ingest.errors import UnreadableDocument
from ingest.loaders.encoding import decode
from ingest.loaders.html.content import main_content
from ingest.loaders.html.hidden import remove_hidden
from ingest.loaders.html.imprint import declared_encoding, read_imprint
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import write_markup
from knowledge.document import Document


def load_html(raw: bytes, name: str) -> Document:
    """Load a web page: its main content with headings, lists and tables.

    Navigation, footers, scripts, comments and hidden text are left out. Meta tags and JSON-LD give
    title, publisher, address, dates and licence.

    Raises:
        UnreadableDocument: The encoding is not certain, or the page has no text.
    """
    root = parse_html(decode(raw, declared_encoding(raw)))
    imprint = read_imprint(root)
    remove_hidden(root)
    manuscript = Manuscript()
    write_markup(main_content(root), manuscript)
    return manuscript.document(imprint.named(name, manuscript))


def parse_html(text: str) -> etree._Element:
    """Parse HTML of any quality.

    Returns:
        The root, whose descendants have names in lower case; no comments.

    Raises:
        UnreadableDocument: There is nothing to parse, or elements are nested deeper than 255.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.replace("\x00", "").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument(f"is not HTML: {error}") from error
    if root is None:
        raise UnreadableDocument("holds no HTML")
    # At a limit the parser stops without an error, and the rest of the page would be missing.
    for entry in parser.error_log:
        if entry.type_name == "ERR_RESOURCE_LIMIT":
            raise UnreadableDocument(f"is HTML beyond what is read: {entry.message.strip()}")
    return root
