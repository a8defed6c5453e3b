import pytest

from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.lines import lies_in, read_lines, turn_frame
from tests.ingest.loaders.factories import make_pdf, put
from tests.ingest.loaders.pdf.factories import make_line, with_page

FULL = "A line of words that fills it well"


def lines(content: str, boxes: tuple[tuple[float, float, float, float], ...] = ()) -> list[Line]:
    def look(page) -> list[Line]:
        text_page = page.get_textpage()
        try:
            text = read_lines(text_page, page.get_bbox())
            text.find_parts(boxes)
            return text.lines
        finally:
            text_page.close()

    return with_page(make_pdf(content), look)


def test_a_line_knows_its_place_size_and_font():
    (line,) = lines(put(72, 700, "Gout", 14, "F2"))
    assert ("Gout", pytest.approx(72), pytest.approx(700), pytest.approx(14), "Helvetica-Bold", True) == (
        line.text.strip(),
        line.x0,
        line.y,
        line.size,
        line.font,
        line.is_even,
    )


def test_the_size_is_that_on_the_page():
    (line,) = lines("BT /F1 1 Tf 14 0 0 14 72 700 Tm (Gout) Tj ET")
    assert pytest.approx(14) == line.size


def test_a_line_in_two_fonts_is_not_even():
    content = "BT /F2 12 Tf 72 700 Td (Gout ) Tj /F1 12 Tf (is a disease of the joints.) Tj ET"
    assert [False] == [line.is_even for line in lines(content)]


@pytest.mark.parametrize(
    "left_out",
    [
        put(72, 600, "obey", 1),
        put(72, 900, "obey"),
        put(900, 600, "obey"),
        "BT /F1 12 Tf 0 1 -1 0 20 300 Tm (stamp) Tj ET\n",
    ],
    ids=["tiny", "above", "beside", "across"],
)
def test_what_is_no_line_of_the_page_is_left_out(left_out: str):
    assert [FULL] == [line.text.strip() for line in lines(put(72, 700, FULL) + left_out)]


TABLE = put(72, 700, FULL) + put(72, 686, "Ibuprofen") + put(300, 686, "400 mg") + put(72, 672, FULL)


def test_wide_gaps_make_parts():
    assert ["Ibuprofen", "400 mg"] == [part.text for part in lines(TABLE)[1].parts]


def test_a_line_in_a_table_is_not_cut_again():
    assert [] == lines(TABLE, ((60, 680, 400, 700),))[1].parts


def test_a_bullet_is_no_part():
    content = put(72, 700, FULL) + put(72, 686, "•") + put(110, 686, "one")
    assert [[], []] == [line.parts for line in lines(content)]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ("(x 10) Tj 3 Ts /F1 5 Tf (9) Tj 0 Ts /F1 12 Tf (/L) Tj", "x 10^9/L"),
        ("(mg/m) Tj 3 Ts /F1 5 Tf (2) Tj", "mg/m²"),
        ("(joints) Tj 3 Ts /F1 5 Tf (5,6) Tj 0 Ts /F1 12 Tf ( are) Tj", "joints⁵,⁶ are"),
        ("(CO) Tj -3 Ts /F1 7 Tf (2) Tj", "CO2"),
        ("(in 2009 or 140/90) Tj", "in 2009 or 140/90"),
    ],
)
def test_digits_above_the_line_are_marked(parts: str, text: str):
    assert text == "".join(line.text for line in lines(f"BT /F1 12 Tf 72 700 Td {parts} ET")).strip()


def test_a_line_lies_where_it_begins():
    assert (True, False) == (
        lies_in(make_line("a", 72, 700), [(60, 690, 100, 710)]),
        lies_in(make_line("a", 200, 700), [(60, 690, 100, 710)]),
    )


@pytest.mark.parametrize(
    ("turns", "bounds"), [(0, (0, 800)), (1, (-600, 0)), (2, (-800, 0)), (3, (0, 600)), (4, (0, 800))]
)
def test_a_turned_page_has_other_bounds(turns: int, bounds: tuple[float, float]):
    assert bounds == turn_frame((0, 0, 600, 800), turns)
