from typing import get_args

import pytest

from knowledge.document import Language
from rag_service import wording
from rag_service.prompts import NO_ANSWER
from rag_service.protocol import RefusalReason

TEXTS = {
    **wording.REFUSAL,
    **{
        n: getattr(wording, n)
        for n in ("DISCLAIMER", "DISCLAIMER_QUOTED", "DEGRADED", "INTERRUPTED", "CLOSEST", "CONFLICT")
    },
}


def test_every_reason_for_a_refusal_has_words():
    assert set(get_args(RefusalReason)) == set(wording.REFUSAL)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_there_in_every_language(name):
    assert set(get_args(Language)) == set(TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_written_in_its_language(name):
    assert [True, False] == [
        any("\u4e00" <= char for char in TEXTS[name][language]) for language in ("zh", "en")
    ]


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_said_to_people_is_not_what_the_model_writes(name):
    assert not set(TEXTS[name].values()) & set(NO_ANSWER.values())


@pytest.mark.parametrize(("language", "word"), [("zh", "人工智能"), ("en", "AI")])
def test_the_disclaimer_says_that_the_text_was_generated(language, word):
    assert word in wording.DISCLAIMER[language]
