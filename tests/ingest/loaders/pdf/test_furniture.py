import pytest

from ingest.loaders.pdf.furniture import drop_furniture, margin_keys, repeated_keys
from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.page import PageContent
from tests.ingest.loaders.pdf.factories import make_line


def page(*lines: Line, number: int = 2) -> PageContent:
    return PageContent(number, 0, 800, list(lines), [], is_picture=False)


def kept(*pages: PageContent) -> list[list[str]]:
    repeated = repeated_keys(map(margin_keys, pages))
    for each in pages:
        drop_furniture(each, repeated)
    return [[line.text for line in each.lines] for each in pages]


def test_what_repeats_in_a_margin_is_dropped():
    assert [["text"]] * 3 == kept(
        *(page(make_line(f"Chapter {n}", y=790), make_line("text")) for n in range(3))
    )


def test_what_repeats_in_the_body_stays():
    assert [["text"]] * 3 == kept(*(page(make_line("text", y=400)) for _ in range(3)))


def test_what_stands_in_a_margin_twice_stays():
    pages = [page(make_line("Dose", y=790)), page(make_line("Dose", y=790)), page(make_line("text"))]
    assert [["Dose"], ["Dose"], ["text"]] == kept(*pages)


def test_what_all_of_two_pages_have_is_dropped():
    assert [[], []] == kept(page(make_line("Leaflet", y=10)), page(make_line("Leaflet", y=10)))


def test_on_the_first_page_only_its_number_is_dropped():
    pages = [page(make_line("Version 2", y=10), make_line("1", y=20), number=1)]
    pages += [page(make_line("Version 2", y=10), make_line("2", y=20)) for _ in range(2)]
    assert [["Version 2"], [], []] == kept(*pages)


def test_one_page_repeats_nothing():
    assert [["Leaflet"]] == kept(page(make_line("Leaflet", y=10)))


@pytest.mark.parametrize(
    "number", ["7", "- 7 -", "Page 7", "Page 7 of 12", "7/12", "iv", "第7页", "第 7 页 共 12 页"]
)
def test_page_numbers_are_dropped(number: str):
    assert [[]] == kept(page(make_line(number, y=10)))


@pytest.mark.parametrize("text", ["7 mg", "2009 guideline", "civil"])
def test_other_words_in_a_margin_stay(text: str):
    assert [[text]] == kept(page(make_line(text, y=10)))
