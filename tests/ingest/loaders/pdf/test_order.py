from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.order import in_reading_order
from tests.ingest.loaders.pdf.factories import make_line, make_lines


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in in_reading_order(lines)]


def test_a_stream_that_runs_down_is_kept():
    assert ["a", "b", "c"] == texts(make_lines("a", "b", "c"))


def test_a_stream_that_goes_to_the_next_column_is_kept():
    assert ["a", "b", "c", "d"] == texts(make_lines("a", "b") + make_lines("c", "d", x0=320))


def test_a_stream_that_jumps_back_up_is_put_in_order():
    lines = make_lines("d", "e", "f", y=500) + make_lines("a", "b", "c")
    lines += [make_line("g", y=300), make_line("z", y=750)]
    assert ["z", "a", "b", "c", "d", "e", "f", "g"] == texts(lines)


def test_columns_are_read_down_and_not_across():
    rows = [
        line
        for n in range(6)
        for line in (make_line(f"l{n}", 50, 600 - 14 * n, 200), make_line(f"r{n}", 300, 600 - 14 * n, 200))
    ]
    expected = ["title", *(f"l{n}" for n in range(6)), *(f"r{n}" for n in range(6))]
    assert expected == texts([make_line("title", 50, 700, 450), *rows])


def test_no_lines_have_an_order():
    assert [] == texts([])
