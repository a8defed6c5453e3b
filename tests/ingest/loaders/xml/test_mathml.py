import pytest
from lxml import etree

from ingest.loaders.xml.mathml import linear


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<msup><mn>10</mn><mn>9</mn></msup>", "10^9"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>5</mn></mrow></msup>", "10^(− 5)"),
        ("<msub><mi>C</mi><mi>max</mi></msub>", "C_max"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msup><mi>w</mi><mo>′</mo></msup>", "w′"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a + b)/2"),
        ("<msqrt><mi>x</mi></msqrt>", "√(x)"),
        ("<mi>p</mi><mo>&lt;</mo><mn>0.05</mn>", "p < 0.05"),
        ("<mtable><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable>", "a; b"),
        ("<mi>a</mi><annotation>\\alpha</annotation>", "a"),
        ("<msup><mn>10</mn></msup>", "10"),
        ("", ""),
    ],
)
def test_a_formula_on_one_line_keeps_its_meaning(inside: str, line: str):
    assert line == linear(etree.fromstring(f"<math>{inside}</math>"))


def test_a_formula_nested_without_end_is_cut():
    assert "" == linear(
        etree.fromstring("<mrow>" * 200 + "x" + "</mrow>" * 200, etree.XMLParser(huge_tree=True))
    )
