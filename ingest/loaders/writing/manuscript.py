"""A manuscript: a document's text, written block by block, with its headings and pages."""

from collections.abc import Sequence

from ingest.loaders.writing.sections import Heading, cut_sections
from ingest.loaders.writing.tables import pipe_rows
from ingest.loaders.writing.words import fold
from knowledge.document import Document, Imprint, Page


class Manuscript:
    """Writes blocks one below the other and remembers where headings and pages begin.

    Headings and paragraphs stand alone between blank lines, a list has a line for each item, a
    table is a Markdown table. Blocks without words are not written.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._n_chars = 0
        self._headings: list[Heading] = []
        self._pages: list[tuple[int, int]] = []
        self._next_page: int | None = None
        self._in_list = False

    @property
    def text(self) -> str:
        """What has been written, with a line break at the end."""
        return "".join([*self._parts, "\n"]) if self._parts else ""

    @property
    def first_heading(self) -> str:
        """The words of the first heading; empty when there is none."""
        return self._headings[0].words if self._headings else ""

    def heading(self, level: int, words: str) -> None:
        """Write a heading; level 1 is the highest."""
        words = fold(words)
        if words:
            self._write(words)
            self._headings.append(Heading(self._n_chars - len(words), self._n_chars, level, words))

    def paragraph(self, words: str) -> None:
        """Write a paragraph; single line breaks in it are kept."""
        if words.strip():
            self._write(words.strip())

    def item(self, words: str, depth: int = 0, mark: str = "-") -> None:
        """Write a list item; `depth` counts the lists around its own."""
        words = fold(words)
        if words:
            self._write(f"{'  ' * depth}{mark} {words}", "\n" if self._in_list else "\n\n")
            self._in_list = True

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Write a table; rows have equal length and the first is its heading.

        A table of one column or one row is no table to a reader and is written as paragraphs.
        """
        if len(rows) > 1 and len(rows[0]) > 1:
            self._write(pipe_rows(rows))
            return
        for row in rows:
            self.paragraph("\n".join(fold(words) for words in row if words.strip()))

    def go_on(self, words: str, glue: str = " ") -> None:
        """Write more words of the last block."""
        in_list = self._in_list
        if words.strip():
            self._write(words.strip(), glue)
            self._in_list = in_list

    def begin_page(self, number: int) -> None:
        """Let a page begin with the next words; `number` counts from 1."""
        self._next_page = number

    def document(self, imprint: Imprint) -> Document:
        """Bind what has been written into a document."""
        text = self.text
        starts = [0, *(start for _, start in self._pages[1:]), len(text)]
        pages = tuple(
            Page(number, start, end)
            for (number, _), start, end in zip(self._pages, starts[:-1], starts[1:], strict=False)
        )
        return Document(
            imprint=imprint,
            text=text,
            sections=cut_sections(text, self._headings, imprint.title),
            pages=pages,
        )

    def _write(self, words: str, gap: str = "\n\n") -> None:
        self._in_list = False
        for part in (gap, words) if self._parts else (words,):
            self._parts.append(part)
            self._n_chars += len(part)
        if self._next_page is not None:
            self._pages.append((self._next_page, self._n_chars - len(words)))
            self._next_page = None
