import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.loaders.docx.styles import Styles


def paragraph(style: str = "", inner: str = ""):
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return parse_xml(f"<w:p {nsdecls('w')}><w:pPr>{named}{inner}</w:pPr></w:p>")


@pytest.mark.parametrize(
    ("style", "level"),
    [("Title", 1), ("Heading1", 2), ("Heading3", 4), ("Normal", 0), ("unknown", 0), ("", 0)],
)
def test_a_style_gives_the_level(style: str, level: int):
    assert level == Styles(docx.Document()).heading_level(paragraph(style))


@pytest.mark.parametrize(("value", "level"), [("0", 2), ("2", 4), ("9", 0), ("x", 0)])
def test_an_outline_level_gives_the_level(value: str, level: int):
    element = paragraph(inner=f'<w:outlineLvl w:val="{value}"/>')
    assert level == Styles(docx.Document()).heading_level(element)


@pytest.mark.parametrize(
    ("style", "mark"),
    [("ListBullet", (0, "-")), ("ListBullet2", (1, "-")), ("ListNumber", (0, "1.")), ("Normal", None)],
)
def test_a_style_gives_the_mark_of_a_list(style: str, mark: tuple[int, str] | None):
    assert mark == Styles(docx.Document()).list_mark(paragraph(style))


def test_numbers_count_up():
    styles = Styles(docx.Document())
    assert [(0, "1."), (0, "2.")] == [styles.list_mark(paragraph("ListNumber")) for _ in range(2)]


def test_numbering_that_is_switched_off_is_none():
    element = paragraph("ListNumber", '<w:numPr><w:numId w:val="0"/></w:numPr>')
    assert None is Styles(docx.Document()).list_mark(element)


def test_a_style_that_is_based_on_itself_ends():
    word = docx.Document()
    style = word.styles.add_style("Loop", 1)
    style.base_style = style
    assert 0 == Styles(word).heading_level(paragraph("Loop"))
