import pytest

from ingest.errors import UnreadableDocument
from ingest.loaders.language import name_language

ENGLISH = "Gout is a disease of the joints that is caused by urate, and it can be treated with tablets."
SPANISH = (
    "El dolor es una señal del sistema nervioso de que algo no anda bien. Los analgésicos son para el dolor "
    "y las personas que los toman con más frecuencia pueden tener problemas."
)


def test_han_characters_are_chinese():
    assert "zh" == name_language("痛风是一种关节疾病")


def test_other_text_is_english():
    assert "en" == name_language(ENGLISH)


@pytest.mark.parametrize("declared", ["", "en", "en-US", "English", "cn", "eng", "x"])
def test_a_declaration_that_fits_changes_nothing(declared: str):
    assert "en" == name_language(ENGLISH, declared)


@pytest.mark.parametrize("declared", ["en", "fr", "ja"])
def test_a_template_that_declares_another_language_is_not_believed_of_chinese(declared: str):
    assert "zh" == name_language("痛风是一种关节疾病", declared)


@pytest.mark.parametrize("declared", ["fr", "es-MX", "Spanish"])
def test_a_language_that_is_not_served_is_refused(declared: str):
    with pytest.raises(UnreadableDocument, match=f"is in language '{declared}'; only Chinese and English"):
        name_language(ENGLISH, declared)


def test_spanish_without_a_declaration_is_refused():
    with pytest.raises(UnreadableDocument, match="looks like language 'es'"):
        name_language(SPANISH)


def test_a_few_foreign_words_do_not_make_a_language():
    assert "en" == name_language("Café au lait spots: la maladie de von Recklinghausen. " + ENGLISH)


def test_an_empty_text_is_english():
    assert "en" == name_language("")
