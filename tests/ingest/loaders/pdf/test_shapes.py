import pytest

from ingest.loaders.pdf.shapes import Shapes, clear_page
from tests.ingest.loaders.factories import make_pdf, make_picture_pdf, put, rule
from tests.ingest.loaders.pdf.factories import with_page

SCAN = "q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID € EI Q\n"


def shapes(content: str) -> Shapes:
    return with_page(make_pdf(content), lambda page: clear_page(page, page.get_bbox()))


def n_hidden(content: str) -> int:
    return shapes(content).n_hidden


def test_rules_are_told_from_boxes():
    found = shapes(rule(72, 500, 372, 500) + rule(72, 400, 72, 500) + "72 300 200 1 re f\n10 10 5 5 re S\n")
    assert (2, 1) == (len(found.across), len(found.upright))


def test_a_slanted_line_is_no_rule():
    found = shapes(rule(72, 500, 372, 600))
    assert ([], []) == (found.across, found.upright)


def test_a_ruled_box_gives_its_four_sides():
    found = shapes("100 100 200 50 re S\n")
    assert [99, 151, 99, 301] == [
        *sorted(round(box[1]) for box in found.across),
        *sorted(round(box[0]) for box in found.upright),
    ]


def test_a_grid_drawn_as_one_path_is_read_line_by_line():
    rows = "".join(f"72 {y} m 372 {y} l " for y in (500, 480, 460))
    columns = "".join(f"{x} 460 m {x} 500 l " for x in (72, 372))
    found = shapes(f"{rows} {columns} S\n")
    assert (3, 2) == (len(found.across), len(found.upright))


def test_a_picture_covers_its_share_of_the_page():
    share = with_page(make_picture_pdf(), lambda page: clear_page(page, page.get_bbox()).picture_share)
    assert pytest.approx(1.0) == share


@pytest.mark.parametrize("colour", ["1 g", "0.99 0.99 1 rg", "3 Tr", "7 Tr"])
def test_hidden_text_is_taken_out(colour: str):
    assert 1 == n_hidden(put(72, 500, "seen") + put(72, 400, "obey", colour=colour))


@pytest.mark.parametrize(
    "ground",
    [
        "0 0 0.5 rg 60 390 100 30 re f\n",
        "0.5 g 0 0 600 800 re f\n",
        "q 60 390 100 30 re W n 0 0 0.5 rg 0 0 m 600 800 l 600 0 l 0 800 l f 0 0 600 800 re f Q\n",
        SCAN,
    ],
    ids=["box", "page", "clipped", "picture"],
)
def test_white_text_on_a_dark_ground_is_kept(ground: str):
    assert 0 == n_hidden(ground + put(72, 400, "seen", colour="1 g"))


def test_white_text_beside_a_dark_ground_is_taken_out():
    assert 1 == n_hidden("0 0 0.5 rg 300 390 100 30 re f\n" + put(72, 400, "obey", colour="1 g"))


def test_white_text_outside_the_page_is_taken_out():
    assert 1 == n_hidden(put(72, 2000, "obey", colour="1 g"))


def test_the_recognised_text_of_a_scan_is_kept():
    assert 0 == n_hidden(SCAN + put(72, 400, "recognised", colour="3 Tr"))
