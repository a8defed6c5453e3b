import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableDocument
from ingest.loaders.encoding import decode
from tests.knowledge.factories import laws

SIMPLIFIED = "高血压患者应当限制钠盐摄入，血压控制在140/90 mmHg以下，并坚持长期服药。"
TRADITIONAL = "醫師處方含該成分藥品時，應提醒病人遵照醫囑使用，且應避免併服含酒精飲料。"
WESTERN = "Sjögren’s syndrome: take 5 µg at 38 °C – not more than ±2 café-au-lait."


@laws
@given(st.text(st.characters(exclude_characters="\r\x00\ufeff", exclude_categories=["Cs"]), min_size=1))
def test_utf_8_is_read_back(text: str):
    assert text == decode(text.encode())


@laws
@given(st.binary(max_size=80))
def test_any_bytes_are_decoded_or_refused(raw: bytes):
    try:
        text = decode(raw)
    except UnreadableDocument:
        return
    assert "\x00" not in text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED, "gb2312"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "big5hkscs"),
        (WESTERN, "cp1252"),
        (SIMPLIFIED, "utf-16"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED, "utf-16-be"),
        ("plain words\n", "utf-16-le"),
        ("plain words\n", "utf-16-be"),
        (SIMPLIFIED, "utf-32"),
        (SIMPLIFIED, "utf-8-sig"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str):
    assert text == decode(text.encode(encoding))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_become_line_feeds(line_end: str):
    assert "a\nb\n" == decode(f"a{line_end}b{line_end}".encode())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"abc\xff", r"is not UTF-8 text \(byte 3\) and no other encoding is certain; convert it to UTF-8"),
        ("高血".encode("gb18030"), "no other encoding is certain"),
        ("лечение гипертонии".encode("cp1251"), "no other encoding is certain"),
        ("高血圧の治療について説明します。".encode("shift-jis"), "no other encoding is certain"),
        (b"\xff\xfe\x00", "has the mark of utf-16 but byte"),
        (b"a\x00b\x00\x01\x02\x03\x04", "holds NUL characters"),
        (b"\x00\xff\x00", "is not a text file"),
        (b"\xef\xbb\xbfa\x00b", "holds NUL characters"),
    ],
    ids=["one byte", "two characters", "Russian", "Japanese", "cut mark", "binary", "odd", "marked"],
)
def test_what_is_not_certain_is_refused(raw: bytes, reason: str):
    with pytest.raises(UnreadableDocument, match=reason):
        decode(raw)


def test_a_degree_sign_is_no_chinese_character():
    assert "fever of 100°F or 38°C" == decode("fever of 100°F or 38°C".encode("cp1252"))


def test_a_declared_encoding_is_believed_where_the_bytes_allow_it():
    assert "лечение" == decode("лечение".encode("cp1251"), "windows-1251")


def test_the_label_gb2312_means_its_whole_family():
    assert "镕基" == decode("镕基".encode("gbk"), "gb2312")


@pytest.mark.parametrize("label", ["utf-8", "martian", "ascii\x00", "gbk", "unicode_escape", "windows-1252"])
def test_a_wrong_label_does_not_change_what_the_bytes_say(label: str):
    assert TRADITIONAL == decode(TRADITIONAL.encode("big5"), label)


def test_utf_8_goes_before_a_wrong_label():
    assert "血压" == decode("血压".encode(), "gbk")
