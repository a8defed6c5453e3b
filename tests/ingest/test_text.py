import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.text import decode, load_text
from knowledge.document import Section


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


def test_a_byte_order_mark_is_left_out():
    assert "血压" == decode("\ufeff血压".encode())


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_become_line_feeds(line_end: str):
    assert "a\nb\n" == decode(f"a{line_end}b{line_end}".encode())


def test_bytes_of_another_encoding_name_the_place_and_the_remedy():
    with pytest.raises(UnreadableDocument, match=r"not UTF-8 text \(byte 3\).*convert it to UTF-8"):
        decode(b"abc\xff")


def test_a_nul_character_is_refused():
    with pytest.raises(UnreadableDocument, match="holds NUL characters"):
        decode(b"a\x00b")
