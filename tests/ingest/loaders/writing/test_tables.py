from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders.writing.tables import Cell, lay_out, pipe_rows, set_apart
from tests.knowledge.factories import laws


def row(*words: str, heading: bool = False) -> list[Cell]:
    return [Cell(each, is_heading=heading) for each in words]


CELLS = st.builds(
    Cell, st.sampled_from(["", "a", "b c"]), st.integers(1, 4), st.integers(1, 4), st.booleans()
)


@laws
@given(st.lists(st.lists(CELLS, max_size=4), max_size=5))
def test_rows_are_always_of_equal_length(rows: list[list[Cell]]):
    assert 1 >= len({len(line) for line in lay_out(rows)})


@laws
@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), min_size=2, max_size=4))
def test_no_words_can_break_a_row(rows: list[list[str]]):
    lines = pipe_rows(rows).split("\n")
    assert [3] * (len(rows) + 1) == [line.replace("\\|", "").count("|") for line in lines]


def test_the_first_row_is_the_heading():
    assert "| a | b |\n|---|---|\n| 1 | 2 |" == pipe_rows([["a", "b"], ["1", "2"]])


def test_pipes_and_line_breaks_in_cells_are_escaped():
    assert "| a\\|b c | d |" == pipe_rows([["a|b\nc", "d"], ["", ""]]).split("\n")[0]


def test_a_cell_that_spans_rows_is_repeated_in_each():
    rows = [
        row("Drug", "Dose"),
        [Cell("Ibuprofen", n_rows=2), Cell("adults 400 mg")],
        row("children 10 mg/kg"),
    ]
    assert [["Drug", "Dose"], ["Ibuprofen", "adults 400 mg"], ["Ibuprofen", "children 10 mg/kg"]] == lay_out(
        rows
    )


def test_a_cell_that_spans_columns_is_repeated_in_each():
    rows = [row("Drug", "Adult", "Child"), [Cell("Tetracycline"), Cell("avoid", n_columns=2)]]
    assert ["Tetracycline", "avoid", "avoid"] == lay_out(rows)[1]


def test_the_name_of_a_group_stands_in_the_first_column_only():
    rows = [row("Effect", "n"), [Cell("Cardiac", n_columns=2)], row("Syncope", "3")]
    assert ["Cardiac", ""] == lay_out(rows)[1]


def test_heading_rows_are_joined_into_one():
    rows = [
        [Cell("Drug", n_rows=2, is_heading=True), Cell("Dose", n_columns=2, is_heading=True)],
        row("mg", "times", heading=True),
        row("Aspirin", "100", "1"),
    ]
    assert ["Drug", "Dose / mg", "Dose / times"] == lay_out(rows)[0]


def test_a_row_below_a_spanning_heading_is_heading_too():
    rows = [
        [Cell(""), Cell("Placebo", n_columns=2)],
        row("", "Baseline", "Week 24"),
        row("Pain", "65", "60"),
    ]
    assert ["", "Placebo / Baseline", "Placebo / Week 24"] == lay_out(rows)[0]


def test_empty_rows_and_columns_are_dropped():
    assert [["a", "b"], ["1", "2"]] == lay_out([row("a", "", "b"), row("", "", ""), row("1", "", "2")])


def test_short_rows_are_filled():
    assert ["1", ""] == lay_out([row("a", "b"), row("1")])[1]


def test_a_table_without_words_has_no_rows():
    assert [] == lay_out([row("", ""), []])


def test_a_span_of_a_million_columns_is_cut():
    assert 200 == len(lay_out([[Cell("a", n_columns=1_000_000), Cell("b")], row("c")])[0])


def test_titles_and_notes_across_the_table_are_set_apart():
    title, note = (
        Cell("Table 1. Doses", n_columns=2),
        Cell("* " + "in renal failure half the dose " * 3, n_columns=2),
    )
    above, rows, below = set_apart([[title], row("a", "b"), row("1", "2"), [note]])
    assert ([title.words], 2, [note.words]) == (above, len(rows), below)


def test_a_short_last_row_is_a_group_not_a_note():
    assert [] == set_apart([row("a", "b"), [Cell("Other", n_columns=2)]])[2]
