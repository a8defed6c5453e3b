import pytest
from pydantic import ValidationError

from rag_service.answer_request import AnswerRequest, Filters


def test_a_question_alone_asks_for_one_json_answer_in_its_own_language():
    asked = AnswerRequest(question="?")
    assert (False, None, None) == (asked.stream, asked.language, asked.max_passages)


def test_a_question_alone_has_no_conversation_and_no_record_and_wants_one_candidate():
    asked = AnswerRequest(question="?")
    assert ((), "", 1) == (asked.messages, asked.record, asked.candidates)


@pytest.mark.parametrize("candidates", [0, 9])
def test_candidates_are_one_to_eight(candidates):
    with pytest.raises(ValidationError, match="candidates"):
        AnswerRequest(question="?", candidates=candidates)


def test_a_retracted_text_is_admitted_by_no_filter():
    assert ("current", "superseded") == Filters().admitting().statuses
