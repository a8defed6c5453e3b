from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from knowledge.document import Language
from rag_service import prompts
from rag_service.prompts import write_prompt
from tests.rag_service.factories import make_passage, metformin, pressure

GOLDEN = Path(__file__).parent / "golden"
QUESTIONS = {"zh": "家里自测血压多少算高？", "en": "When must metformin not be used?"}


def texts_of(language):
    prompt = write_prompt(QUESTIONS[language], language, [*pressure(), *metformin()])
    fixed = [getattr(prompts, name)[language] for name in ("NO_ANSWER", "REFUSAL", "DISCLAIMER", "DEGRADED")]
    return "\n\n=====\n\n".join([prompt.system, prompt.user, *fixed]) + "\n"


@pytest.mark.parametrize("language", get_args(Language))
def test_the_texts_are_those_of_the_golden_file_of_this_version(language):
    golden = (GOLDEN / f"{prompts.VERSION}_{language}.txt").read_text(encoding="utf-8")
    assert golden == texts_of(language)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_instructions_name_the_sentence_that_counts_as_no_answer(language):
    assert prompts.NO_ANSWER[language] in write_prompt("?", language, []).system


def test_passages_are_numbered_from_one():
    blocks = write_prompt("?", "en", [make_passage("First."), make_passage("Second.")]).user.split("\n\n")
    assert ["[1]", "[2]"] == [block[:3] for block in blocks[:2]]


def test_a_passage_is_headed_by_its_context():
    user = write_prompt("?", "en", [make_passage("Take 5 mg.", context="Aspirin > Dose")]).user
    assert user.startswith("[1] Passage: Aspirin > Dose\nTake 5 mg.\n")


def test_the_question_stands_last():
    assert write_prompt(" 血压？ ", "zh", pressure()).user.endswith("\n\n问题：血压？")


def test_the_instructions_do_not_depend_on_the_question():
    assert write_prompt("a", "en", metformin()).system == write_prompt("b", "en", []).system


def test_two_questions_over_the_same_passages_share_all_but_their_end():
    first, second = (write_prompt(question, "en", metformin()).user for question in ("Aches?", "Doses?"))
    assert first.removesuffix("Aches?") == second.removesuffix("Doses?")


def test_the_text_of_a_passage_is_put_in_unchanged():
    odd = "≥140/90 mmHg\u3000“[7]”\tend"
    assert odd in write_prompt("?", "zh", [replace(make_passage(odd), n_tokens=1)]).user
