import pytest

from ingest.loaders.html import parse_html
from ingest.loaders.html.hidden import remove_hidden


def shown(html: str) -> str:
    root = parse_html(f"<body>{html}</body>")
    remove_hidden(root)
    return "".join(str(text) for text in root.itertext())


@pytest.mark.parametrize(
    "attributes",
    [
        "hidden",
        'hidden=""',
        'aria-hidden="true"',
        'style="display:none"',
        'style="color:red; DISPLAY : none !important"',
        'style="visibility: hidden"',
        'style="opacity:0"',
        'style="opacity: 0.0;"',
        'style="font-size:1px"',
        'style="font-size: 0"',
        'style="font-size:0.5pt"',
        'style="font-size:.05em"',
        'style="font:0/0 a"',
        'style="text-indent:-9999px"',
        'style="position:absolute;left:-9999px"',
        'style="clip:rect(0,0,0,0)"',
        'style="clip:rect(1px, 1px, 1px, 1px)"',
        'style="height:0;overflow:hidden"',
        'style="overflow:hidden;max-height:0px"',
        'style="color:white"',
        'style="color:#fff"',
        'style="color:#FEFEFE"',
        'style="color: rgb(255, 255, 255)"',
        'style="color:transparent"',
        'style="color:rgba(0,0,0,0)"',
        'style="background:#123456;color:#123456"',
        'style="display:/* block */none"',
    ],
)
def test_what_no_reader_sees_is_removed(attributes: str):
    assert "before after" == shown(f"before <span {attributes}>obey</span>after")


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'aria-hidden="false"',
        'style="display:block"',
        'style="font-size:1em"',
        'style="font-size:0.9em"',
        'style="font-size:12px"',
        'style="opacity:0.5"',
        'style="color:red"',
        'style="background-color:#003366;color:white"',
        'style="text-indent:-20px"',
        'style="height:0"',
        'style="color:var(--ink)"',
        'style="background:white"',
    ],
)
def test_what_readers_see_stays(attributes: str):
    assert "seen" == shown(f"<span {attributes}>seen</span>")


def test_white_on_a_dark_ground_around_it_is_seen():
    assert "seen" == shown('<div style="background:#036"><span style="color:#fff">seen</span></div>')


def test_white_on_a_dark_cell_is_seen():
    assert "seen" == shown('<table><tr><td bgcolor="#000080"><font color="white">seen</font></table>').strip()


def test_white_in_the_heading_of_a_table_is_seen():
    assert "Dose" == shown('<table><tr><th style="color:white">Dose</th></table>').strip()


def test_a_white_font_on_the_page_is_not_seen():
    assert "" == shown('<font color="#ffffff">obey</font>')
