from ingest.loaders.pdf.binding import PageBlocks, bind
from ingest.loaders.pdf.blocks import Block
from ingest.loaders.writing.manuscript import Manuscript
from knowledge.document import Document, Imprint
from tests.ingest.loaders.factories import paths_of

LONG = (
    "Gout is a disease of the joints that comes from urate, which is too high in the blood of most patients. "
    * 3
)


def text(words: str, size: float = 10, font: str = "Serif", goes_on: bool = False) -> Block:
    return Block("text", words, size, font, goes_on=goes_on)


def bound(*pages: list[Block], title: str = "") -> Document:
    manuscript = Manuscript()
    bind([PageBlocks(n, blocks) for n, blocks in enumerate(pages, start=1)], title, manuscript)
    return manuscript.document(Imprint(document_id="a", title=title, language="en"))


def test_sizes_rank_headings():
    blocks = [
        text("Big", 18),
        text(LONG),
        text("Small", 14),
        text(LONG),
        text("Bold", 10, "Serif-Bold"),
        text(LONG),
    ]
    assert [("Big",), ("Big", "Small"), ("Big", "Small", "Bold")] == paths_of(bound(blocks))


def test_another_family_is_a_heading():
    assert [("Treat",)] == paths_of(bound([text("Treat", 10, "Sans-Roman"), text(LONG)]))


def test_a_numbered_heading_keeps_its_number():
    item = Block("item", "Treatment", 14, "Serif", mark="2.")
    assert [("2. Treatment",)] == paths_of(bound([item, text(LONG)]))


def test_a_style_of_long_texts_is_none_of_headings():
    assert [()] == paths_of(bound([text("Short", 14), text(LONG, 14), text(LONG), text(LONG)]))


def test_a_sentence_in_large_type_is_no_heading():
    assert [()] == paths_of(bound([text("Call at once.", 14), text(LONG)]))


def test_an_address_is_no_heading():
    assert [()] == paths_of(bound([text("See http://example.org", 14), text(LONG)]))


def test_the_lines_of_a_heading_are_joined():
    blocks = [text("A long heading", 14), text("of two lines", 14), text(LONG)]
    assert [("A long heading of two lines",)] == paths_of(bound(blocks))


def test_the_title_on_the_first_page_is_no_heading():
    assert [()] == paths_of(bound([text("GOUT", 20), text(LONG)], title="Gout"))


def test_a_paragraph_goes_on_over_a_page():
    document = bound([text("It comes from", goes_on=True)], [text("urate in the blood.")])
    assert ("It comes from urate in the blood.\n", [0, 14]) == (
        document.text,
        [page.start for page in document.pages],
    )


def test_a_sentence_that_ended_does_not_go_on():
    assert (
        "It came.\n\nthen it went\n" == bound([text("It came.", goes_on=True)], [text("then it went")]).text
    )


def test_chinese_goes_on_without_a_blank():
    assert "高血压患者\n" == bound([text("高血压", goes_on=True)], [text("患者")]).text


def test_items_and_tables_are_written():
    blocks = [
        Block("item", "one", 10, "Serif"),
        Block("item", "two", 10, "Serif", mark="2."),
        Block("table", rows=[["a", "b"], ["1", "2"]]),
    ]
    assert "- one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n" == bound(blocks).text


def test_no_pages_are_no_text():
    assert "" == bound().text
