from dataclasses import replace

import pytest

from ingest.sources import Source, apply_defaults
from knowledge.document import Document, Imprint, Section

SOURCE = Source("/data", "texts", publisher="WHO", license="CC BY 4.0", language="zh")


def document(text: str = "Blood pressure.", **imprint: str | None) -> Document:
    own = Imprint(document_id="d", title="t", language="en")
    return Document(imprint=replace(own, **imprint), text=text, sections=(Section((), 0, len(text)),))


@pytest.mark.parametrize(
    ("expected", "field"), [("WHO", "publisher"), ("CC BY 4.0", "license"), ("https://who.int/a", "url")]
)
def test_gaps_are_filled(expected: str, field: str):
    assert expected == getattr(apply_defaults(document(), SOURCE, "https://who.int/a").imprint, field)


@pytest.mark.parametrize(
    ("field", "own"), [("publisher", "CDC"), ("license", "CC0"), ("url", "https://cdc.gov/b")]
)
def test_what_a_document_says_itself_is_kept(field: str, own: str):
    filled = apply_defaults(document(**{field: own}), SOURCE, "https://who.int/a")
    assert own == getattr(filled.imprint, field)


def test_a_document_that_lacks_nothing_is_the_same_object():
    whole = document(source="texts")
    assert whole is apply_defaults(whole, Source("/data", "texts"))


@pytest.mark.parametrize(
    ("expected", "name"),
    [("texts", "texts"), ("guidelines", "/srv/guidelines"), ("https://who.int/a", "https://who.int/a")],
)
def test_a_document_knows_its_source_but_no_path_of_the_machine(expected: str, name: str):
    assert expected == apply_defaults(document(), Source("/data", name)).imprint.source


def test_another_licence_makes_another_revision():
    assert document().revision != apply_defaults(document(), SOURCE).revision


def test_a_text_that_leaves_its_language_in_doubt_gets_that_of_its_source():
    mixed = document("Aspirin 阿司匹林 is acetylsalicylic acid, an antiplatelet drug for adults in all wards")
    assert "zh" == apply_defaults(mixed, SOURCE).imprint.language


def test_a_text_that_is_plainly_english_stays_english():
    assert "en" == apply_defaults(document("Blood pressure is measured sitting."), SOURCE).imprint.language


def test_a_language_that_cannot_be_a_guess_is_kept():
    said = document("阿司匹林肠溶片说明书", language="en")
    assert "en" == apply_defaults(said, SOURCE).imprint.language
