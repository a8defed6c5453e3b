"""Plain text in any encoding."""

import re
from pathlib import PurePosixPath

from ingest.loaders.encoding import decode
from ingest.loaders.language import name_language
from ingest.loaders.statute import article_headings, dated_name
from ingest.loaders.writing.sections import cut_sections
from knowledge.document import Document, Imprint

_TITLE_CHARS = 120


def load_text(raw: bytes, name: str) -> Document:
    """Load plain text; the first line is the title when it is short, else the file's name is.

    The articles and chapters of a Chinese statute are its sections; other text is one section. A
    date in brackets at the end of the name is the date of publication.

    Raises:
        UnreadableDocument: The encoding is not certain, or the language is not served.
    """
    text = re.sub(r"[\f\v]+", "\n\n", decode(raw))
    first_line = text.strip().split("\n", 1)[0].strip()
    title = first_line if 0 < len(first_line) <= _TITLE_CHARS else PurePosixPath(name).name
    return Document(
        imprint=Imprint(
            document_id=name, title=title, language=name_language(text), published_on=dated_name(name)
        ),
        text=text,
        sections=cut_sections(text, article_headings(text), title),
    )
