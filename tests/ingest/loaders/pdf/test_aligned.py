from ingest.loaders.pdf.aligned import runs_of_rows, split_columns
from ingest.loaders.pdf.line import Line
from tests.ingest.loaders.pdf.factories import make_line, make_row

TABLE = (("Drug", "Dose"), ("Ibuprofen", "400 mg"), ("Naproxen", "500 mg"))


def tables(*lines: Line) -> list[list[list[str]]]:
    return [rows for _, rows in runs_of_rows(lines) if rows]


def rows_of(*rows: tuple[str, ...]) -> list[Line]:
    return [make_row(*row, y=700 - 14 * n) for n, row in enumerate(rows)]


def test_lines_with_gaps_in_the_same_places_are_a_table():
    assert [[list(row) for row in TABLE]] == tables(*rows_of(*TABLE))


def test_a_missing_cell_is_empty():
    rows = [("Drug", "Dose", "n"), ("Ibuprofen", "400 mg", "3"), ("Naproxen", "", "2")]
    assert ["Naproxen", "", "2"] == tables(*rows_of(*rows))[0][2]


def test_a_line_in_a_later_column_is_the_rest_of_its_cell():
    lines = rows_of(*TABLE[:2], ("x", "y"), TABLE[2])
    lines[2] = make_line("every 8 hours", 222, 672)
    assert ["Ibuprofen", "400 mg every 8 hours"] == tables(*lines)[0][1]


def test_a_line_in_the_first_column_is_a_row():
    lines = rows_of(TABLE[0], ("x", "y"), *TABLE[1:])
    lines[1] = make_line("NSAIDs", 72, 686)
    assert ["NSAIDs", ""] == tables(*lines)[0][1]


def test_two_lines_with_gaps_are_no_table():
    assert [] == tables(*rows_of(("Name", "Date"), ("Signed", "Seen")))


def test_gaps_in_different_places_are_no_table():
    lines = [
        make_row("a" * 40, "b", y=700),
        make_row("c", "d" * 40, y=686, step=90),
        make_row("e" * 30, "f", y=672, step=200),
    ]
    assert [] == tables(*lines)


def test_all_lines_are_given_in_order():
    lines = [make_line("before", y=720), *rows_of(*TABLE), make_line("after", y=600)]
    assert lines == [line for run, _ in runs_of_rows(lines) for line in run]


def test_lines_across_two_columns_of_prose_are_cut():
    left, right = "Gout is a disease of the joints that comes", "An attack lasts for days and is treated by"
    lines = [make_row(left, right, y=700 - 14 * n, step=300) for n in range(3)]
    assert [left, right] * 3 == [line.text for line in split_columns(lines)]


def test_a_table_is_not_cut():
    assert rows_of(*TABLE) == split_columns(rows_of(*TABLE))
