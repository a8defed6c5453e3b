import pytest
from lxml import etree

from ingest.loaders.html import parse_html
from ingest.loaders.writing.manuscript import Manuscript
from ingest.loaders.writing.markup import words_of, write_markup


def write(html: str) -> str:
    manuscript = Manuscript()
    write_markup(parse_html(html), manuscript)
    return manuscript.text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("<div>one<p>two</p>three</div>", "one\n\ntwo\n\nthree\n"),
        ("<p>a <b>bold</b>ly <i>put</i> word</p>", "a boldly put word\n"),
        ("<p>one<br>two</p>", "one\ntwo\n"),
        ("<p>one<br><br>two</p>", "one\n\ntwo\n"),
        ("<h2>Dose</h2><p>5 mg</p>", "Dose\n\n5 mg\n"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two\n"),
        ("<ol start=3><li>one<li>two</ol>", "3. one\n4. two\n"),
        ("<ul><li>one<ul><li>in</li></ul></li><li>two</li></ul>", "- one\n  - in\n- two\n"),
        ("<ul><li><p>one</p><p>more</p></li></ul>", "- one more\n"),
        ("<li>stray</li>", "- stray\n"),
        (
            "<dl><dt>Gout</dt><dd>a disease</dd><dt>A</dt><dt>B</dt><dd>both</dd></dl>",
            "- Gout: a disease\n- A; B: both\n",
        ),
        ("<pre>a\n  b</pre>", "a\nb\n"),
        ("<p>10<sup>9</sup>/L, m<sup>2</sup>, CO<sub>2</sub></p>", "10^9/L, m², CO2\n"),
        ("<p>10<b><sup>9</sup></b>/L</p>", "10^9/L\n"),
        ("<p>t<sub>KCN </sub>and</p>", "tKCN and\n"),
        ("<p>care<sup><a href='#r1'>1</a></sup></p>", "care[1]\n"),
        ("<p>care<a href='p.html#r1'><sup>[2]</sup></a></p>", "care[2]\n"),
        ("<p>5 mg <del>10 mg</del><s>20 mg</s></p>", "5 mg\n"),
        ("<p>a<script>x</script><style>y</style>b</p>", "ab\n"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢\n"),
        ("", ""),
    ],
)
def test_html_reads_as_a_reader_sees_it(html: str, text: str):
    assert text == write(html or "<p></p>")


def test_a_table_is_a_table():
    html = "<table><caption>Doses</caption><tr><th>Drug<th>mg<tr><td>A<td><p>5</p><p>daily</p></table>"
    assert "Doses\n\n| Drug | mg |\n|---|---|\n| A | 5 daily |\n" == write(html)


def test_superscripts_in_cells_are_marked():
    html = "<table><tr><th>a<th>b<tr><td>10<sup>9</sup><td>5<sup>a</sup></table>"
    assert "| 10^9 | 5^a |" == write(html).splitlines()[2]


def test_items_in_a_cell_are_set_apart():
    html = "<table><tr><th>a<th>b<tr><td>x<td><ul><li>one</li><li>two</li></ul></table>"
    assert "| x | • one • two |" == write(html).splitlines()[2]


def test_a_table_head_is_one_row():
    html = (
        "<table><thead><tr><th rowspan=2>Drug<th colspan=2>Dose<tr><th>mg<th>times</thead>"
        "<tbody><tr><td>A<td>5<td>2</tbody></table>"
    )
    assert "| Drug | Dose / mg | Dose / times |" == write(html).splitlines()[0]


def test_a_note_in_the_foot_of_a_table_stands_below_it():
    note = "* " + "reported in the European trials only, not in any of the others"
    html = f"<table><tr><th>a<th>b<tr><td>1<td>2<tfoot><tr><td colspan=2>{note}</table>"
    assert note == write(html).splitlines()[-1]


@pytest.mark.parametrize("layout", ["<table role=presentation>", "<table>"])
def test_a_table_that_only_lays_out_the_page_is_read_cell_by_cell(layout: str):
    html = f"{layout}<tr><td><h2>Dose</h2><p>5 mg</p></td><td>aside</td></tr></table>"
    assert "Dose\n\n5 mg\n\naside\n" == write(html)


def test_elements_nested_without_end_do_not_overflow():
    deep = etree.Element("div")
    inner = deep
    for _ in range(5000):
        inner = etree.SubElement(inner, "div")
    inner.text = "deep"
    manuscript = Manuscript()
    write_markup(deep, manuscript)
    assert ("deep\n", "deep") == (manuscript.text, words_of(deep))


@pytest.mark.parametrize("span", ["99999999999", "-1", "x", "²", ""])
def test_a_span_that_is_no_number_is_one(span: str):
    html = f"<table><tr><th colspan='{span}'>a<th>b<tr><td rowspan='{span}'>1<td>2</table>"
    assert "| 1 | 2 |" == write(html).splitlines()[2]
