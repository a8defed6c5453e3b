import pytest

from ingest.loaders.pdf.mending import Mender

KNOWN = "Use hospital and based and recommended and long-term care, health and care."


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("recom\ufffemended", "recommended"),
        ("hospital\ufffebased", "hospital-based"),
        ("long\ufffeterm", "long-term"),
        ("unheard\ufffeof", "unheardof"),
        ("COVID\ufffe19", "COVID-19"),
        ("anti\ufffeTNF", "anti-TNF"),
        ("https://a.org/recom\ufffemended", "https://a.org/recom-mended"),
        ("plain words", "plain words"),
    ],
)
def test_the_other_words_decide_on_a_hyphen(broken: str, mended: str):
    assert mended == Mender([KNOWN, broken]).mend(broken)


def test_a_private_character_is_unknown_and_does_not_vanish():
    assert "5 \ufffdg" == Mender([]).mend("5 \uf06dg")
