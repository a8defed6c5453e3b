from collections.abc import Callable
from typing import TypeVar

import pypdfium2 as pdfium

from ingest.loaders.pdf.page import PageContent, read_page, recognise_page
from ingest.loaders.writing.tables import lay_out
from tests.ingest.loaders.factories import make_pdf, make_picture_pdf, put, rule

Result = TypeVar("Result")


def within(raw: bytes, look: Callable[[pdfium.PdfDocument], Result]) -> Result:
    document = pdfium.PdfDocument(raw)
    try:
        return look(document)
    finally:
        document.close()


def read(raw: bytes) -> PageContent:
    return within(raw, lambda document: read_page(document, 0))


def test_lines_and_bounds_are_read():
    content = read(make_pdf(put(72, 700, "Gout")))
    assert (1, 0, 800, ["Gout"], False) == (
        content.number,
        content.bottom,
        content.top,
        [line.text.strip() for line in content.lines],
        content.is_picture,
    )


def test_ruled_tables_are_read():
    grid = "".join(rule(72, y, 372, y) for y in (500, 480, 460)) + "".join(
        rule(x, 460, x, 500) for x in (72, 222, 372)
    )
    cells = put(80, 486, "Cells") + put(230, 486, "Count") + put(80, 466, "Platelets") + put(230, 466, "few")
    assert [["Cells", "Count"], ["Platelets", "few"]] == lay_out(read(make_pdf(grid + cells)).grids[0].rows)


def test_a_picture_without_text_is_one():
    assert True is read(make_picture_pdf()).is_picture


def test_an_empty_page_is_no_picture():
    assert False is read(make_pdf("")).is_picture


def test_a_page_whose_font_is_a_riddle_is_a_picture():
    font = (
        "/F9 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding "
        "/Differences [65 /uniE001 /uniE002] >> >> /F3 <<"
    )
    raw = make_pdf("BT /F9 12 Tf 72 700 Td (ABABABAB) Tj ET").replace(b"/F3 <<", font.encode())
    content = read(raw)
    assert (True, []) == (content.is_picture, content.lines)


def test_without_the_extra_nothing_is_recognised():
    assert False is within(
        make_picture_pdf(), lambda document: recognise_page(document, read_page(document, 0))
    )
