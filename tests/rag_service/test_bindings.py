import pytest

from knowledge.folding import fold_text
from rag_service.bindings import contradicted_bindings

SOURCES = [
    "与甲减相反，甲亢患者促甲状腺激素（TSH）降低。",
    "In hypothyroidism the TSH is raised.",
    "Warfarin raises the INR.",
]


def contradicted(sentence: str, *statements: str) -> list[str]:
    return list(
        contradicted_bindings(fold_text(sentence), [fold_text(each) for each in statements or SOURCES])
    )


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("甲亢的TSH升高，甲减的TSH升高。", "升高"),
        ("In hyperthyroidism the TSH is high.", "high"),
        ("甲减时TSH降低。", "降低"),
    ],
)
def test_a_direction_that_all_statements_turn_round_is_contradicted(sentence: str, words: str):
    assert [words] == contradicted(sentence)


@pytest.mark.parametrize(
    "sentence", ["甲亢时TSH降低。", "甲亢的TSH降低，甲减的TSH升高。", "TSH is low in hyperthyroidism."]
)
def test_a_direction_as_the_statements_have_it_stands(sentence: str):
    assert [] == contradicted(sentence)


@pytest.mark.parametrize("sentence", ["TSH升高。", "甲亢时TSH不升高。", "甲亢时心率升高。", "甲亢常见。"])
def test_a_clause_without_two_names_and_one_direction_is_not_judged(sentence: str):
    assert [] == contradicted(sentence)


def test_statements_that_disagree_contradict_nothing():
    assert [] == contradicted("甲亢时TSH升高。", "甲亢时TSH降低。", "垂体性甲亢时TSH升高。")


def test_no_statements_contradict_nothing():
    assert [] == list(contradicted_bindings(fold_text("甲亢时TSH升高。"), []))
