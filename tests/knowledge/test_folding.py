import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.folding import fold_text
from tests.knowledge.factories import laws


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ｓｊöｇｒｅｎ", "sjogren"),
        ("Ménière", "meniere"),
        ("兒童發燒，頭髮乾燥", "儿童发烧,头发干燥"),
        ("５㎎", "5mg"),
        ("β-受體", "β-受体"),
    ],
)
def test_forms_of_one_character_are_folded(text: str, expected: str):
    assert expected == fold_text(text)


def test_accents_of_other_scripts_are_kept():
    assert "й" == fold_text("й")


@laws
@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_more(text: str):
    assert fold_text(fold_text(text)) == fold_text(fold_text(fold_text(text)))
