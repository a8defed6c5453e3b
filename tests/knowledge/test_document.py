from datetime import date

import pytest

from knowledge.document import Document, Section, guess_language
from tests.knowledge.factories import make_document, make_imprint


@pytest.mark.parametrize(
    "sections",
    [
        (),
        (Section((), 0, 3),),
        (Section((), 1, 6),),
        (Section((), 0, 2), Section((), 3, 6)),
        (Section((), 0, 4), Section((), 2, 6)),
        (Section((), 0, 7),),
    ],
    ids=["none", "short", "late", "gap", "overlap", "beyond"],
)
def test_sections_that_do_not_tile_the_text_are_refused(sections: tuple[Section, ...]):
    with pytest.raises(ValueError, match="sections of gout-zh do not cover its text"):
        Document(imprint=make_imprint("gout-zh"), text="abcdef", sections=sections)


def test_sections_that_follow_each_other_are_accepted():
    sections = (Section(("a",), 0, 2), Section(("b",), 2, 6))
    assert sections == Document(imprint=make_imprint(), text="abcdef", sections=sections).sections


def test_offsets_count_code_points():
    assert 3 == make_document("𠮷野家").sections[0].end


def test_the_revision_has_32_hexadecimal_digits():
    assert 32 == len(bytes.fromhex(make_document("血压").revision)) * 2


def test_the_same_document_has_the_same_revision():
    assert make_document("血压").revision == make_document("血压").revision


@pytest.mark.parametrize(
    "other",
    [
        make_document("血糖"),
        make_document("血压", path=("诊断",)),
        make_document("血压", reviewed_on=date(2026, 1, 31)),
        make_document("血压", status="retracted"),
        make_document("血压", title="别的"),
    ],
    ids=["text", "section", "date", "status", "title"],
)
def test_any_change_gives_another_revision(other: Document):
    assert make_document("血压").revision != other.revision


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Asthma is a disease of the airways.", "en"),
        ("高血压是常见病。", "zh"),
        ("阿司匹林 (aspirin, acetylsalicylic acid)", "zh"),
        ("Hypertension (高)", "en"),
        ("140/90", "en"),
        ("", "en"),
    ],
)
def test_a_tenth_of_han_letters_makes_a_text_chinese(text: str, language: str):
    assert language == guess_language(text)
