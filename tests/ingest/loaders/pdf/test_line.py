import pytest

from ingest.loaders.pdf.line import script_after
from tests.ingest.loaders.pdf.factories import make_line


@pytest.mark.parametrize(
    ("x0", "y", "size", "written"),
    [
        (120, 705, 8, "^9"),
        (120, 696, 8, "_9"),
        (120, 700, 8, None),
        (120, 705, 12, None),
        (140, 705, 8, None),
        (120, 720, 8, None),
    ],
    ids=["raised", "lowered", "on the line", "as large", "apart", "far above"],
)
def test_a_small_line_close_by_is_a_superscript(x0: float, y: float, size: float, written: str | None):
    assert written == script_after(make_line("100 x 10", 72, 700), make_line("9", x0, y, size=size))
