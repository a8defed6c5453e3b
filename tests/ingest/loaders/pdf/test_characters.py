import pytest

from ingest.loaders.pdf.characters import SLANTED, CharacterReader
from ingest.loaders.pdf.line import Raised
from tests.ingest.loaders.factories import make_pdf
from tests.ingest.loaders.pdf.factories import with_page


def read(content: str, words: str) -> tuple[int, list[Raised]]:
    """Read the first line of a page; give its direction and what is raised in it."""

    def look(page) -> tuple[int, list[Raised]]:
        text_page = page.get_textpage()
        try:
            reader = CharacterReader(text_page)
            _, direction = reader.line(words, 0, 0, len(words) - 1)
            return direction, reader.raised
        finally:
            text_page.close()

    return with_page(make_pdf(content), look)


@pytest.mark.parametrize(
    ("matrix", "direction"),
    [
        ("1 0 0 1", 0),
        ("1 0.02 -0.02 1", 0),
        ("0 1 -1 0", 1),
        ("-1 0 0 -1", 2),
        ("0 -1 1 0", 3),
        ("0.7 0.7 -0.7 0.7", SLANTED),
    ],
)
def test_the_direction_is_in_quarter_turns(matrix: str, direction: int):
    assert direction == read(f"BT /F1 12 Tf {matrix} 300 300 Tm (Gout) Tj ET", "Gout")[0]


def test_a_raised_digit_is_remembered_by_what_stands_before_it():
    content = "BT /F1 12 Tf 72 700 Td (x 10) Tj 1 Ts /F1 5 Tf (9) Tj ET"
    _, raised = read(content.replace("1 Ts", "3 Ts"), "x 109")
    assert [("x 10", "9", "^9")] == [(mark.before, mark.digits, mark.written) for mark in raised]


def test_digits_on_the_line_are_not_raised():
    assert [] == read("BT /F1 12 Tf 72 700 Td (in 2009, 140/90, p4) Tj ET", "in 2009, 140/90, p4")[1]
