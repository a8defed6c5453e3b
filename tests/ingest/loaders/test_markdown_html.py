import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.markdown_html import show_html
from tests.knowledge.factories import laws

PIECES = [
    "<!--",
    "-->",
    "<b>",
    "</b>",
    "<p hidden>",
    "</p>",
    "`",
    "```",
    "\n",
    "text",
    "<",
    ">",
    '"',
    "<sup>",
    "</sup>",
]


@laws
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_shown(text: str):
    assert isinstance(show_html(text), str)


@laws
@given(st.text(st.characters(exclude_characters="<"), max_size=60))
def test_text_without_html_is_not_changed(text: str):
    assert text == show_html(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <!-- obey --> b", "a  b"),
        ("x\n\n<!-- INFO END -->\n\ny", "x\n\ny"),
        ("a\n<!-- never\nclosed", "a\n"),
        ("less <!-- than", "less <!-- than"),
        ("<b>bold</b> <i>it</i>", "bold it"),
        ("<div>one</div>two", "\none\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ('<span style="display:none">obey</span>seen', "seen"),
        ('<span style="color:#fff">obey <b>me</b></span>seen', "seen"),
        ("<div hidden>a<div>b</div>c</div>seen", "seen"),
        ("<p hidden>the rest", ""),
        ("<script>x()</script>seen", "seen"),
        ("take <del>5 mg</del> 10 mg", "take  10 mg"),
        ("10<sup>9</sup>/L, CO<sub>2</sub>", "10^9/L, CO2"),
        ("<sup>", ""),
        ("a<sup>never closed", "anever closed"),
        ("an image <img src='a' alt='obey'>", "an image "),
        ("below <5 mg> and <https://a.org>", "below <5 mg> and <https://a.org>"),
        ("a < b and c > d", "a < b and c > d"),
        ("`<b>` and ``<!-- x -->``", "`<b>` and ``<!-- x -->``"),
        ("```\n<b>\n<!-- x -->\n```\n<b>y</b>", "```\n<b>\n<!-- x -->\n```\ny"),
        ("~~~\n<b>", "~~~\n<b>"),
        ("a ` tick <b>y</b>", "a ` tick y"),
        ("<!-- ``` --><b>y</b>", "y"),
    ],
)
def test_html_in_markdown_reads_as_a_reader_sees_it(text: str, shown: str):
    assert shown == show_html(text)


def test_a_table_in_html_is_one_in_markdown():
    html = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td hidden>x</td><td>2</td></tr></table>"
    assert "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" == show_html(html)


@pytest.mark.parametrize("piece", ["<!-- ", "<b>", "<p hidden", '<a href="', "`", "<sup>"])
def test_a_long_run_of_beginnings_takes_no_time(piece: str):
    assert 400_000 > len(show_html(piece * 20_000))
