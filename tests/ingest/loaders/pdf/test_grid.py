from ingest.loaders.pdf.grid import Grid, find_grids
from ingest.loaders.pdf.shapes import Box, Shapes
from ingest.loaders.writing.tables import lay_out


def across(y: float, left: float = 0, right: float = 300) -> Box:
    return left, y, right, y


def upright(x: float, bottom: float = 0, top: float = 60) -> Box:
    return x, bottom, x, top


def grids(rows: list[Box], columns: list[Box]) -> list[Grid]:
    return find_grids(Shapes(across=rows, upright=columns), lambda box: f"{box[0]:g},{box[3]:g}")


FULL = [across(y) for y in (60, 40, 20, 0)]
COLUMNS = [upright(x) for x in (0, 100, 300)]


def test_cells_are_read_from_the_top_left():
    expected = [["0,60", "100,60"], ["0,40", "100,40"], ["0,20", "100,20"]]
    assert expected == lay_out(grids(FULL, COLUMNS)[0].rows)


def test_a_cell_without_a_rule_on_its_right_spans_columns():
    columns = [upright(0), upright(100, 0, 40), upright(300)]
    assert [2, 1, 1] == [row[0].n_columns for row in grids(FULL, columns)[0].rows]


def test_a_cell_without_a_rule_below_spans_rows():
    rows = [across(60), across(40), across(20, 100), across(0)]
    assert ["0,40", "0,40"] == [row[0] for row in lay_out(grids(rows, COLUMNS)[0].rows)[1:]]


def test_rules_drawn_cell_by_cell_are_joined():
    rows = [across(y, x, x + 100) for y in (60, 40, 20, 0) for x in (0, 100, 200)]
    columns = [upright(x, y, y + 20) for x in (0, 100, 300) for y in (0, 20, 40)]
    assert [2, 2, 2] == [len(row) for row in grids(rows, columns)[0].rows]


def test_two_tables_are_two_grids_from_the_top_down():
    rows = [(a, b - 200, c, d - 200) for a, b, c, d in FULL]
    columns = [(a, b - 200, c, d - 200) for a, b, c, d in COLUMNS]
    assert [60, -140] == [grid.box[3] for grid in grids(rows + FULL, columns + COLUMNS)]


def test_a_frame_around_text_is_no_table():
    assert [] == grids([across(60), across(0)], [upright(0), upright(300)])


def test_a_chart_is_no_table():
    assert [] == grids([across(y * 5.0) for y in range(300)], [upright(x * 5.0, 0, 1500) for x in range(200)])


def test_lines_that_do_not_meet_are_no_table():
    assert [] == grids(FULL, [upright(x, 500, 600) for x in (0, 100, 300)])


def test_a_table_without_words_is_none():
    assert [] == find_grids(Shapes(across=FULL, upright=COLUMNS), lambda box: "")
