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
    read by OCR where the extra `ocr` is installed, which is logged; pages that cannot be read are
    logged and left out. A PDF knows no publisher and only the dates of the file, so that these are not
    read.

    Raises:
        UnreadableDocument: Broken, encrypted, without any text, or too much for the parser.
    """
    answers = shared_pool().read(raw)
    found = [page for answer in answers for page in answer["pages"]]
    pages = [
        PageBlocks(page["number"], [Block(**block) for block in page["blocks"]])
        for page in sorted(found, key=itemgetter("number"))
    ]
    pictures, broken, recognised = (
        sorted(number for answer in answers for number in answer[key])
        for key in ("pictures", "broken", "recognised")
    )
    title = fold(answers[0]["title"])
    title = "" if _NO_TITLE.fullmatch(title) else title
    manuscript = Manuscript()
    bind(pages, title, manuscript)
    if not manuscript.text:
        raise UnreadableDocument(_no_text(answers[0]["n_pages"], pictures, broken))
    for fault, numbers in (
        ("no text on %s; left out", pictures),
        ("the PDF parser cannot read %s; left out", broken),
        ("text of %s is recognised by OCR and may be wrong", recognised),
    ):
        if numbers:
            _LOGGER.warning(f"%s: {fault}", name, _numbers(numbers))
    return manuscript.document(
        Imprint(
            document_id=name,
            title=title or manuscript.first_heading or PurePosixPath(name).name,
            language=name_language(manuscript.text),
        )
    )


def _no_text(n_pages: int, pictures: Sequence[int], broken: Sequence[int]) -> str:
    if broken:
        return f"has no text: the PDF parser cannot read {_numbers(broken)} of {n_pages}"
    if not pictures:
        return f"has {n_pages} page{'s' * (n_pages > 1)} and no text"
    are = "are pictures" if len(pictures) > 1 else "is a picture"
    return (
        f"has no text: {_numbers(pictures)} of {n_pages} {are}; install the extra medcite[ocr], which reads "
        "large clear print, or better use an OCR program whose result was read"
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
