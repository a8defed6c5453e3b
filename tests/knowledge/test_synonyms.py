import csv
from collections import Counter
from pathlib import Path

import pytest

import knowledge.synonyms
from knowledge.folding import fold_text
from knowledge.synonyms import find_concepts

TABLES = sorted((Path(knowledge.synonyms.__file__).parent / "vocabulary").glob("*.tsv"))


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def preferred(text: str) -> list[str]:
    return [concept.english[0] for concept in find_concepts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("泰诺林一天最多吃几片", ["paracetamol"]),
        ("Is Tylenol safe?", ["paracetamol"]),
        ("扑热息痛", ["paracetamol"]),
        ("heart attack", ["myocardial infarction"]),
        ("心梗以后", ["myocardial infarction"]),
        ("糖尿病視網膜病變", ["diabetic retinopathy"]),
        ("I have COPD", ["chronic obstructive pulmonary disease"]),
    ],
)
def test_a_thing_is_found_by_any_of_its_names(text: str, expected: list[str]):
    assert expected == preferred(text)


def test_the_longest_name_wins():
    assert ["diabetic retinopathy"] == preferred("糖尿病视网膜病变")


@pytest.mark.parametrize("text", ["copdx", "xcopd", "copd2", ""])
def test_an_english_name_is_found_only_as_whole_words(text: str):
    assert [] == find_concepts(text)


def test_a_name_that_is_repeated_counts_once():
    assert ["ibuprofen"] == preferred("ibuprofen, then more ibuprofen")


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_each_row_has_names_in_both_languages(path: Path):
    header, *body = rows(path)
    assert ["zh", "en", "brands"] == header
    assert [] == [row for row in body if len(row) != 3 or not row[0] or not row[1]]


def test_no_name_means_two_things():
    names = Counter(
        name
        for path in TABLES
        for row in rows(path)[1:]
        for name in {fold_text(name) for cell in row for name in cell.split("|") if name}
    )
    assert [] == [name for name, count in names.items() if count > 1]
