from datetime import date

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.text import load_text
from knowledge.document import Section
from tests.ingest.loaders.factories import paths_of


def test_a_short_first_line_is_the_title():
    assert "高血压指南" == load_text("\n高血压指南\n血压…".encode(), "a/b").imprint.title


def test_a_long_first_line_leaves_the_title_to_the_name():
    assert "b" == load_text(("word " * 40).encode(), "a/b").imprint.title


def test_the_name_is_the_id():
    assert "a/b" == load_text(b"text", "a/b").imprint.document_id


def test_the_language_is_guessed():
    assert "zh" == load_text("血压 140/90".encode(), "a").imprint.language


def test_the_text_is_one_section_without_a_path():
    assert (Section((), 0, 9),) == load_text("血压 140/90".encode(), "a").sections


def test_a_text_in_another_encoding_is_read():
    text = "高血压患者应当限制钠盐摄入。"
    assert text == load_text(text.encode("gb18030"), "a").text


def test_a_form_feed_ends_a_paragraph():
    assert "one\n\ntwo" == load_text(b"one\ftwo", "a").text


def test_the_articles_of_a_statute_are_sections():
    text = "护士条例\n\n第一章 总则\n第一条 甲。\n第二条 乙。\n第三条 丙。\n"
    assert [(), *(("第一章 总则", f"第{n}条") for n in "一二三")] == paths_of(load_text(text.encode(), "a"))


def test_a_date_at_the_end_of_the_name_is_that_of_publication():
    assert date(2020, 3, 27) == load_text("条例".encode(), "护士条例(2020-03-27)").imprint.published_on


def test_bytes_of_no_certain_encoding_are_refused():
    with pytest.raises(UnreadableDocument, match=r"is not UTF-8 text \(byte 3\)"):
        load_text(b"abc\xff", "a")
