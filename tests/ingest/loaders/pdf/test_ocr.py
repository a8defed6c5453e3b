import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.pdf import load_pdf
from ingest.loaders.pdf.line import Line
from ingest.loaders.pdf.ocr import lines_of, run_together
from ingest.loaders.pdf.pool import shared_pool
from knowledge.document import Document
from tests.ingest.loaders.factories import make_pdf

SCALE = 200 / 72
NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
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


def test_a_page_drawn_smaller_is_measured_in_points_too():
    corners, text, score = found("a", 50, 100)
    halved = [[x / 2, y / 2] for x, y in corners]
    (line,) = lines_of([(halved, text, score)], 0, 800, SCALE / 2)
    assert (50, 150, 691) == (round(line.x0), round(line.x1), round(line.y))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "Bloodpressureismeasuredafterfiveminutesofrest,sitting."),
        (False, "Blood pressure is measured after five minutes of rest, sitting."),
        (False, "高血压患者应在安静状态下休息五分钟后测量血压，取坐位，上臂与心脏处于同一水平。"),
        (False, ""),
    ],
)
def test_english_that_lost_its_blanks_is_told(expected: bool, text: str):
    assert expected == run_together([text])


def scan(*pages: Sequence[str], font: Path | None = None) -> bytes:
    """Make a PDF whose pages are pictures of lines of text."""
    image = pytest.importorskip("PIL.Image", reason="the extra ocr is not installed")
    draw, fonts = pytest.importorskip("PIL.ImageDraw"), pytest.importorskip("PIL.ImageFont")
    face = fonts.truetype(font, 40) if font else fonts.load_default(40)
    pictures = []
    for lines in pages:
        picture = image.new("L", (900, 740), 255)  # the engine enlarges what is smaller
        for n, line in enumerate(lines):
            draw.Draw(picture).text((60, 40 + 70 * n), line, fill=0, font=face)
        pictures.append(picture)
    target = io.BytesIO()
    pictures[0].save(target, "PDF", resolution=200, save_all=True, append_images=pictures[1:])
    return target.getvalue()


def load_scan(*pages: Sequence[str], font: Path | None = None) -> Document:
    pytest.importorskip("rapidocr_onnxruntime", reason="the extra ocr is not installed")
    return load_pdf(scan(*pages, font=font), "scan")


def test_pages_that_are_pictures_are_read_each_in_its_place():
    document = load_scan(["Blood pressure is measured sitting."], ["The tablets are taken with food."])
    # Compared without blanks, of which the engine loses some.
    assert ["Bloodpressureismeasuredsitting.", "Thetabletsaretakenwithfood."] == [
        "".join(document.text[page.start : page.end].split()) for page in document.pages
    ]


@pytest.mark.skipif(not NOTO.exists(), reason="no font with Han characters (fonts-noto-cjk)")
def test_a_picture_of_chinese_text_is_read():
    document = load_scan(["高血压患者的诊断标准", "收缩压大于等于140毫米汞柱"], font=NOTO)
    assert ("zh", True, True) == (
        document.imprint.language,
        "高血压患者的诊断标准" in document.text,
        "收缩压大于等于140毫米汞柱" in document.text,
    )


def test_text_that_is_recognised_is_said_to_be(caplog: pytest.LogCaptureFixture):
    load_scan(["Blood pressure is measured sitting."])
    assert ["scan: text of page 1 is recognised by OCR and may be wrong"] == caplog.messages


def test_a_picture_without_words_is_reported_as_one():
    with pytest.raises(UnreadableDocument, match="has no text: page 1 of 1 is a picture"):
        load_pdf(scan([""]), "scan")


def test_after_a_picture_a_file_that_fills_the_memory_is_still_refused():
    load_scan(["Blood pressure is measured sitting."])
    with pytest.raises(UnreadableDocument, match=r"needs more memory than it may have \(exit code -\d+\)"):
        shared_pool().read(make_pdf("q " * 20_000_000, compress=True))
