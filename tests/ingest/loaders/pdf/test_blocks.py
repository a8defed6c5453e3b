import orjson
import pytest

from ingest.loaders.pdf.blocks import Block, make_blocks
from ingest.loaders.pdf.grid import Grid
from ingest.loaders.pdf.line import Line
from ingest.loaders.writing.tables import Cell
from tests.ingest.loaders.pdf.factories import make_line, make_lines, make_row


def texts(*lines: Line) -> list[str]:
    return [block.text for block in make_blocks(lines, [])]


FULL = ("words of a line that is full to its end", "and another one that is quite as long as it", "and so on")
WHOLE = " ".join(FULL)


def test_full_lines_are_joined():
    assert [WHOLE] == texts(*make_lines(*FULL))


def test_a_break_before_a_word_that_would_have_fit_is_kept():
    lines = make_lines(
        "Hospital of the City", "Department of Medicine", "in the main building of the hospital"
    )
    assert ["Hospital of the City\nDepartment of Medicine in the main building of the hospital"] == texts(
        *lines
    )


def test_the_lines_of_a_narrow_list_are_kept_apart():
    assert ["10 kg 100 mg\n20 kg 200 mg"] == texts(*make_lines("10 kg 100 mg", "20 kg 200 mg"))


def test_chinese_lines_are_joined_without_a_blank():
    lines = make_lines("高血压患者应当限制钠盐的摄入并且坚持长期服药治疗", "血压控制在目标以下。")
    lines[0].x1 = 372
    assert ["高血压患者应当限制钠盐的摄入并且坚持长期服药治疗血压控制在目标以下。"] == texts(*lines)


@pytest.mark.parametrize(
    ("end", "start"), [("see 140/", "90 mmHg"), ("www.cdc.", "gov/hai and so"), ("long-", "term use")]
)
def test_what_a_line_end_parts_is_joined_without_a_blank(end: str, start: str):
    assert [end + start] == texts(*make_lines(end, start))


def test_a_gap_begins_a_block():
    assert [WHOLE] * 2 == texts(*make_lines(*FULL), *make_lines(*FULL, y=620))


def test_another_size_begins_a_block():
    assert ["Heading", "text below"] == texts(make_line("Heading", size=16), make_line("text below", y=684))


def test_another_face_begins_a_block():
    lines = [make_line("Heading", font="Serif-Bold"), make_line("Text below", y=686, font="Serif-Regular")]
    assert ["Heading", "Text below"] == texts(*lines)


def test_italics_begin_none():
    lines = [make_line(FULL[0], font="Serif-Regular"), make_line("In Italics", y=686, font="Serif-Italic")]
    assert 1 == len(texts(*lines))


def test_an_indented_line_begins_a_paragraph():
    assert [WHOLE, "Another paragraph"] == texts(*make_lines(*FULL), make_line("Another paragraph", 90, 658))


@pytest.mark.parametrize(
    ("text", "kind", "mark", "words"),
    [
        ("• one", "item", "-", "one"),
        ("– one", "item", "-", "one"),
        ("\uf0b7 one", "item", "-", "one"),
        ("3. one", "item", "3.", "one"),
        ("3) one", "item", "3)", "one"),
        ("a. one", "item", "-", "a. one"),
        ("iv) one", "item", "-", "iv) one"),
        ("5 mg a day", "text", "-", "5 mg a day"),
        ("3.5 mg", "text", "-", "3.5 mg"),
        ("-5 degrees", "text", "-", "-5 degrees"),
        ("•", "text", "-", "•"),
    ],
)
def test_items_are_told_by_their_mark(text: str, kind: str, mark: str, words: str):
    (block,) = make_blocks([make_line(text)], [])
    assert (kind, mark, words) == (block.kind, block.mark, block.text)


def test_a_number_in_a_sentence_that_runs_on_is_no_item():
    lines = make_lines("Precautions are 1) hand hygiene, and then", "2) gloves and gowns, as said before.")
    assert ["Precautions are 1) hand hygiene, and then 2) gloves and gowns, as said before."] == texts(*lines)


def test_a_number_after_a_short_line_is_an_item():
    lines = [*make_lines(*FULL[:2]), *make_lines("two things", "1. first", y=660)]
    assert ["two things", "first"] == texts(*lines)[1:]


def test_the_lines_of_an_item_hang():
    lines = [make_line("1. " + FULL[0], 72), make_line("of the item", 90, 686), make_line("After", 60, 672)]
    assert [f"{FULL[0]} of the item", "After"] == texts(*lines)


def test_a_raised_line_is_a_superscript_of_the_one_before():
    lines = [make_line("100 x 10", 72), make_line("9", 120, 705, size=8), make_line("/L", 124, 700)]
    assert ["100 x 10^9/L"] == texts(*lines)


def test_a_grid_takes_the_place_of_its_lines():
    grid = Grid((72, 640, 372, 690), [[Cell("a"), Cell("b")], [Cell("1"), Cell("2")]])
    lines = [make_line("above"), make_line("a b", y=670), make_line("1 2", y=650), make_line("below", y=620)]
    found = make_blocks(lines, [grid])
    assert ["above", [["a", "b"], ["1", "2"]], "below"] == [block.rows or block.text for block in found]


def test_aligned_lines_are_a_table():
    rows = [make_row("Drug", "Dose"), make_row("A", "5 mg", y=686), make_row("B", "6 mg", y=672)]
    (block,) = make_blocks(rows, [])
    assert [["Drug", "Dose"], ["A", "5 mg"], ["B", "6 mg"]] == block.rows


def test_a_block_knows_whether_its_last_line_is_full():
    assert [True, False] == [make_blocks(make_lines(*lines), [])[0].goes_on for lines in (FULL[:2], FULL)]


def test_a_page_without_lines_has_no_blocks():
    assert [] == make_blocks([], [])


def test_a_block_travels_as_json():
    block = Block("table", size=12.5, rows=[["a", "b"]])
    assert block == Block(**orjson.loads(orjson.dumps(block)))
