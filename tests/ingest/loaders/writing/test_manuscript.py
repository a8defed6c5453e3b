from ingest.loaders.writing.manuscript import Manuscript
from knowledge.document import Document, Imprint, Page


def bind(manuscript: Manuscript) -> Document:
    return manuscript.document(Imprint(document_id="a", title="Gout", language="en"))


def test_blocks_stand_between_blank_lines():
    manuscript = Manuscript()
    manuscript.heading(1, "Dose")
    manuscript.paragraph("Take it.")
    manuscript.table([["a", "b"], ["1", "2"]])
    assert "Dose\n\nTake it.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n" == manuscript.text


def test_a_list_has_a_line_for_each_item():
    manuscript = Manuscript()
    manuscript.paragraph("Before:")
    manuscript.item("one")
    manuscript.item("two", depth=1)
    manuscript.item("three", mark="3.")
    manuscript.paragraph("After.")
    assert "Before:\n\n- one\n  - two\n3. three\n\nAfter.\n" == manuscript.text


def test_an_item_may_go_on():
    manuscript = Manuscript()
    manuscript.item("one")
    manuscript.go_on("and more")
    manuscript.item("two")
    assert "- one and more\n- two\n" == manuscript.text


def test_blocks_without_words_are_not_written():
    manuscript = Manuscript()
    manuscript.heading(1, " ")
    manuscript.paragraph("\n")
    manuscript.item("")
    manuscript.table([])
    manuscript.go_on(" ")
    assert "" == manuscript.text


def test_a_table_of_one_column_is_paragraphs():
    manuscript = Manuscript()
    manuscript.table([["a"], ["b"]])
    assert "a\n\nb\n" == manuscript.text


def test_a_table_of_one_row_is_a_paragraph():
    manuscript = Manuscript()
    manuscript.table([["a", "", "b"]])
    assert "a\nb\n" == manuscript.text


def test_headings_make_sections():
    manuscript = Manuscript()
    manuscript.heading(1, "Gout")
    manuscript.heading(2, "Dose")
    manuscript.paragraph("Take it.")
    assert [("Dose",)] == [section.path for section in bind(manuscript).sections]


def test_pages_begin_with_their_first_words():
    manuscript = Manuscript()
    manuscript.begin_page(1)
    manuscript.paragraph("one")
    manuscript.begin_page(2)
    manuscript.begin_page(3)
    manuscript.go_on("three")
    assert (Page(1, 0, 4), Page(3, 4, 10)) == bind(manuscript).pages


def test_a_manuscript_without_pages_makes_a_document_without():
    manuscript = Manuscript()
    manuscript.paragraph("one")
    assert () == bind(manuscript).pages
