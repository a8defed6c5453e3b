"""Plain text."""

from pathlib import PurePosixPath

from ingest.errors import UnreadableDocument
from knowledge.document import Document, Imprint, Section, guess_language

_TITLE_CHARS = 120


def load_text(raw: bytes, name: str) -> Document:
    """Load plain text; the first line is the title when it is short, else the file's name is.

    Raises:
        UnreadableDocument: The bytes are not UTF-8 text.
    """
    text = decode(raw)
    first_line = text.strip().split("\n", 1)[0].strip()
    title = first_line if 0 < len(first_line) <= _TITLE_CHARS else PurePosixPath(name).name
    return Document(
        imprint=Imprint(document_id=name, title=title, language=guess_language(text)),
        text=text,
        sections=(Section((), 0, len(text)),),
    )


def decode(raw: bytes) -> str:
    """Decode UTF-8 with or without a mark, line ends folded to line feeds.

    Raises:
        UnreadableDocument: The bytes are not UTF-8 or hold NUL characters.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableDocument(f"is not UTF-8 text (byte {error.start}); convert it to UTF-8") from error
    if "\x00" in text:
        raise UnreadableDocument("holds NUL characters; it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
