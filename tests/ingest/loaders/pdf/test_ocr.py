from collections.abc import Sequence

from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.ocr import lines_of

SCALE = 200 / 72
Found = tuple[Sequence[Sequence[float]], str, float]


def found(text: str, x: float, y: float, height: float = 12, score: float = 0.9) -> Found:
    """What the engine gives for text 100 points wide at a place in points from the upper left."""
    corners = [(x, y), (x + 100, y), (x + 100, y + height), (x, y + height)]
    return [[a * SCALE, b * SCALE] for a, b in corners], text, score


def lines(*pieces: Found) -> list[Line]:
    return lines_of(pieces, 0, 800)


def test_lines_are_ordered_from_the_top():
    assert ["a", "b"] == [line.text for line in lines(found("b", 50, 200), found("a", 50, 100))]


def test_a_line_stands_on_its_baseline():
    (line,) = lines(found("a", 50, 100))
    assert (50, 150, 691) == (round(line.x0), round(line.x1), round(line.y))


def test_pieces_side_by_side_are_parts_of_a_line():
    (line,) = lines(found("400 mg", 300, 101), found("Ibuprofen", 50, 100))
    assert ("Ibuprofen 400 mg", ["Ibuprofen", "400 mg"]) == (line.text, [part.text for part in line.parts])


def test_sizes_near_to_the_usual_are_the_usual():
    sizes = {
        line.size for line in lines(*(found("a", 50, 100 + 20 * n, height=12 + n % 3) for n in range(5)))
    }
    assert 1 == len(sizes)


def test_a_heading_keeps_its_size():
    big, *_ = lines(found("Gout", 50, 50, height=30), *(found("a", 50, 100 + 20 * n) for n in range(4)))
    assert 22 < big.size


def test_what_the_engine_doubts_is_left_out():
    assert [] == lines(found("08>", 50, 100, score=0.3), found(" ", 50, 200))
