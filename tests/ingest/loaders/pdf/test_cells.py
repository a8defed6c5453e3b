from ingest.loaders.pdf.cells import cell_reader
from ingest.loaders.pdf.lines import read_lines
from ingest.loaders.pdf.shapes import Box
from tests.ingest.loaders.factories import make_pdf, put
from tests.ingest.loaders.pdf.factories import with_page


def cells(content: str, *boxes: Box) -> list[str]:
    def look(page) -> list[str]:
        text_page = page.get_textpage()
        try:
            text = read_lines(text_page, page.get_bbox())
            read = cell_reader(text_page, text.lines, text.raised)
            return [read(box) for box in boxes]
        finally:
            text_page.close()

    return with_page(make_pdf(content), look)


LEFT, RIGHT = (70, 650, 200, 710), (200, 650, 400, 710)


def test_the_lines_of_a_cell_are_its_text():
    assert ["Ibuprofen every day", ""] == cells(
        put(72, 700, "Ibuprofen") + put(72, 686, "every day"), LEFT, RIGHT
    )


def test_cells_set_side_by_side_are_told_apart():
    assert ["Ibuprofen", "400 mg"] == cells(put(72, 700, "Ibuprofen") + put(210, 700, "400 mg"), LEFT, RIGHT)


def test_a_power_in_a_cell_is_marked():
    power = "BT /F1 12 Tf 210 700 Td (1 x 10) Tj 4 Ts /F1 7 Tf (9) Tj ET\n"
    assert ["Platelets", "1 x 10^9"] == cells(put(72, 700, "Platelets") + power, LEFT, RIGHT)
