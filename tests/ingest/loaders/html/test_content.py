import pytest

from ingest.loaders.html import parse_html
from ingest.loaders.html.content import main_content

PROSE = "Gout is a disease of the joints that comes from urate. " * 12


def content(body: str) -> str:
    root = parse_html(f"<html><body>{body}</body></html>")
    return " ".join("".join(str(text) for text in main_content(root).itertext()).split())


@pytest.mark.parametrize("container", ["main", "article", 'div role="main"'])
def test_the_main_element_is_the_content(container: str):
    tag = container.split()[0]
    assert PROSE.strip() == content(f"<p>aside</p><{container}><p>{PROSE}</p></{tag}><p>tail</p>")


def test_two_articles_are_both_content():
    assert 2 == content(f"<article><p>{PROSE}</p></article><article><p>{PROSE}</p></article>").count(
        PROSE.strip()
    )


def test_a_main_element_that_holds_little_is_not_taken():
    assert PROSE.strip() in content(f"<main>Skip</main><p>{PROSE}</p>")


@pytest.mark.parametrize(
    "furniture",
    [
        "<nav>Menu</nav>",
        "<header>NHS</header>",
        "<footer>Contact</footer>",
        "<aside>Read also</aside>",
        '<div class="cookie-banner">We use cookies</div>',
        '<div id="siteFooter">Contact</div>',
        '<ul class="breadcrumb"><li>Home</li></ul>',
        '<div class="modal"><p>Contributors</p></div>',
        '<div role="navigation">Menu</div>',
        '<div class="share-buttons">Share</div>',
        "<script>x()</script>",
        "<style>p{}</style>",
        "<noscript>No script</noscript>",
        '<ul><li><a href="a">Flu</a><li><a href="b">Cold</a><li><a href="c">Cough</a><li><a href="d">Fever</a></ul>',
    ],
)
def test_the_furniture_of_a_page_is_no_content(furniture: str):
    assert PROSE.strip() == content(f"{furniture}<div><p>{PROSE}</p></div>")


@pytest.mark.parametrize(
    "wanted",
    [
        '<div class="social-history"><p>{}</p></div>',
        '<div class="has-sidebar"><p>{}</p></div>',
        '<div class="nav-open page"><p>{}</p></div>',
        "<article><header><p>{}</p></header></article>",
        '<p>{}<a href="a">one</a></p>',
    ],
)
def test_content_that_looks_like_furniture_stays(wanted: str):
    assert PROSE.strip() in content(wanted.format(PROSE))


def test_text_between_the_furniture_stays():
    assert "before after" == content("<p>before <nav>Menu</nav>after</p>")


def test_a_page_of_ten_thousand_elements_is_measured_in_one_walk():
    assert 10_000 == content("<div><b>x</b></div>" * 10_000).count("x")
