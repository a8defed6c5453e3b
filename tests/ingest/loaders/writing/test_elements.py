from lxml import etree

from ingest.loaders.html import parse_html
from ingest.loaders.writing.elements import drop, put_text


def text_of(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())


def test_text_after_a_dropped_element_stays():
    root = etree.fromstring("<p>a<b>b</b>c<i>d</i>e</p>")
    for element in list(root):
        drop(element)
    assert "ace" == root.text


def test_text_takes_the_place_of_an_element():
    root = etree.fromstring("<a>x<b>y</b>z<c/>!</a>")
    for element in list(root):
        put_text(element, f"({element.tag})")
    assert "x(b)z(c)!" == root.text


def test_text_goes_behind_an_element_that_stays():
    root = etree.fromstring("<a><b>x</b><c/>!</a>")
    put_text(root[1], "y")
    assert "xy!" == text_of(root)


def test_the_root_is_never_dropped():
    root = etree.fromstring("<a>x</a>")
    drop(root)
    assert "x" == text_of(root)


def test_control_characters_around_an_element_are_no_hindrance():
    root = parse_html("<p>a&#1;<b>b</b>\x02c</p>")
    drop(next(root.iter("b")))
    assert "ac" == text_of(root)
