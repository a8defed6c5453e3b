from dataclasses import replace

import pytest

from rag_service.sections import SECTIONS, find_section, split_label
from rag_service.statements import find_statements
from tests.rag_service.factories import make_passage


def section_under(*headings):
    (statement,) = find_statements([replace(make_passage("It is so."), section_path=headings)])
    return find_section(statement)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("colon", [":", ": ", "：", " : "])
def test_the_name_of_a_section_is_taken_off_a_sentence(section, colon):
    assert (section, "It is so. [1]") == split_label(f"{section}{colon}It is so. [1]")


def test_the_name_of_a_section_may_stand_in_a_list():
    assert ("red_flags", "It is so.") == split_label("- red_flags: It is so.")


@pytest.mark.parametrize(
    "sentence", ["It is so.", "diagnosis: It is so.", "The red_flags: It is so.", "red_flags are so."]
)
def test_a_sentence_without_the_name_of_a_section_is_left_as_it_is(sentence):
    assert (None, sentence) == split_label(sentence)


@pytest.mark.parametrize(
    ("expected", "heading"),
    [
        ("possible_causes", "病因"),
        ("possible_causes", "Causes and symptoms"),
        ("red_flags", "危险信号"),
        ("suggested_tests", "诊断"),
        ("suggested_tests", "How it is diagnosed"),
        ("medication_information", "用法用量"),
        ("medication_information", "Contraindications"),
        ("self_care", "生活方式"),
        ("when_to_seek_care", "何时就医"),
        ("when_to_seek_care", "When to seek help"),
        (None, "History of the word"),
    ],
)
def test_a_statement_belongs_to_the_section_that_its_heading_names(expected, heading):
    assert expected == section_under(heading)


def test_the_nearest_heading_decides():
    assert "self_care" == section_under("用药", "饮食")


def test_a_heading_that_names_none_leaves_it_to_the_one_above():
    assert "self_care" == section_under("饮食", "其他")


def test_a_statement_without_headings_belongs_to_none():
    assert section_under() is None
