"""PDF: text with page numbers, read in a process of its own."""

import logging
import re
from collections.abc import Sequence
from operator import itemgetter
from pathlib import PurePosixPath

from ingest.errors import UnreadableDocument
from ingest.loaders.language import name_language
from ingest.loaders.pdf.binding import PageBlocks, bind
from ingest.loaders.pdf.blocks import Block
from ingest.loaders.pdf.pool import shared_pool
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.words import fold
from knowledge.document import Document, Imprint

_LOGGER = logging.getLogger(__name__)

# What programs put where a title should be.
_NO_TITLE = re.compile(
    r"untitled.*|document\d*|microsoft (?:word|powerpoint).*|powerpoint presentation|.*\.(?:docx?|pdf|indd|qxd|tex|rtf|pptx?)"
    r"|\W*|slide \d+|doi:.*|\S*_\S*",
    re.IGNORECASE,
)


def load_pdf(raw: bytes, name: str) -> Document:
    """Load a PDF: paragraphs, headings by font, ruled tables, pages.

    Running heads, feet, page numbers and invisible text are left out. Pages that are pictures are
    logged, and read by OCR where the extra `ocr` is installed; the rest is read. A PDF knows no publisher and only the dates of the file, so that
    these are not read.

    Raises:
        UnreadableDocument: Broken, encrypted, without any text, or too much for the parser.
    """
    answers = shared_pool().read(raw)
    found = [page for answer in answers for page in answer["pages"]]
    pages = [
        PageBlocks(page["number"], [Block(**block) for block in page["blocks"]])
        for page in sorted(found, key=itemgetter("number"))
    ]
    without_text = sorted(number for answer in answers for number in answer["without_text"])
    recognised = sorted(number for answer in answers for number in answer["recognised"])
    title = fold(answers[0]["title"])
    title = "" if _NO_TITLE.fullmatch(title) else title
    manuscript = Manuscript()
    bind(pages, title, manuscript)
    if not manuscript.text:
        raise UnreadableDocument(_no_text(answers[0]["n_pages"], without_text))
    if without_text:
        _LOGGER.warning("%s: no text on %s; left out", name, _numbers(without_text))
    if recognised:
        _LOGGER.warning("%s: text of %s is recognised by OCR and may be wrong", name, _numbers(recognised))
    return manuscript.document(
        Imprint(
            document_id=name,
            title=title or manuscript.first_heading or PurePosixPath(name).name,
            language=name_language(manuscript.text),
        )
    )


def _no_text(n_pages: int, without_text: Sequence[int]) -> str:
    if not without_text:
        return f"has {n_pages} pages and no text"
    return (
        f"has no text: {_numbers(without_text)} of {n_pages} are pictures; have them recognised by the extra "
        "medcite[ocr], or better by an OCR program whose result was read"
    )


def _numbers(numbers: Sequence[int]) -> str:
    """Write page numbers as "pages 1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"page{'s' if len(numbers) > 1 else ''} {words}"
