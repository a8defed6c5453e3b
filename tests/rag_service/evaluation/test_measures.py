import pytest

from rag_service.evaluation import measures
from rag_service.evaluation.measures import NOTHING, Share
from rag_service.evaluation.recorded import RecordedWithheld
from tests.rag_service.evaluation.factories import (
    FAILED,
    REFUSED,
    answer,
    cite,
    citing,
    degraded,
    gold,
    question,
    sentence,
    source,
    unanswerable,
)

HIGH = source("High is 140. Low is 90.")
OTHER = source("Rest for 5 minutes.", marker=2, document_id="other")
NEXT = source("It is 7.", marker=3, start=HIGH.end)
Q = question()
BOTH = question(gold(), gold("other", "Rest for 5 minutes.", "Rest"), kind="multi_doc")


def test_a_citation_and_its_marker_that_name_a_source_are_valid():
    made = answer(sentence("It is 140. [1]", cite(HIGH)), sources=[HIGH])
    assert Share(2, 2) == measures.citation_validity(Q, made)


@pytest.mark.parametrize("changed", [{"marker": 2}, {"passage_id": "p2"}, {"document_id": "other"}])
def test_a_citation_of_another_source_than_its_marker_names_is_not_valid(changed):
    made = answer(sentence("It is.", cite(HIGH, **changed)), sources=[HIGH, OTHER])
    assert Share(0, 1) == measures.citation_validity(Q, made)


def test_a_marker_without_a_source_is_not_valid():
    assert Share(0, 1) == measures.citation_validity(Q, answer(sentence("It is. [4]"), sources=[HIGH]))


def test_a_marker_in_the_text_of_a_refusal_is_not_counted():
    refusal = REFUSED.model_copy(update={"text": "No. [1]"})
    assert NOTHING == measures.citation_validity(Q, refusal)


def test_a_quote_that_stands_at_its_offsets_is_whole():
    assert Share(1, 1) == measures.quote_integrity(
        Q, answer(sentence("x", cite(HIGH, "Low is 90.")), sources=[HIGH])
    )


def test_a_quote_that_is_not_exact_is_not_whole():
    made = answer(sentence("x", cite(HIGH, exact=False)), sources=[HIGH])
    assert Share(0, 1) == measures.quote_integrity(Q, made)


def test_a_sentence_with_a_citation_is_covered():
    made = answer(sentence("x", cite(HIGH)), sentence("y"), sources=[HIGH])
    assert Share(1, 2) == measures.citation_coverage(Q, made)


@pytest.mark.parametrize(
    "text", ["It is 140 [1].", "In 2024 it was 140.", "1. It is １４０.", "It is 140.0."]
)
def test_numbers_of_the_cited_source_or_its_title_are_faithful(text):
    assert Share(1, 1) == measures.numeric_fidelity(Q, answer(sentence(text, cite(HIGH)), sources=[HIGH]))


def test_a_number_of_a_source_that_the_sentence_does_not_cite_is_not_faithful():
    made = answer(sentence("It is 5.", cite(HIGH)), sources=[HIGH, OTHER])
    assert Share(0, 1) == measures.numeric_fidelity(Q, made)


def test_a_part_of_a_number_is_another_number():
    assert Share(0, 1) == measures.numeric_fidelity(Q, answer(sentence("14", cite(HIGH)), sources=[HIGH]))


@pytest.mark.parametrize(("text", "verdict"), [("It is high.", "supported"), ("It is 7.", "unsupported")])
def test_a_sentence_without_numbers_or_support_is_not_counted_for_its_numbers(text, verdict):
    made = answer(sentence(text, cite(HIGH), verdict=verdict), sources=[HIGH])
    assert NOTHING == measures.numeric_fidelity(Q, made)


def test_one_of_several_listed_documents_is_enough():
    assert Share(1, 1) == measures.citation_recall(question(gold(), gold("third")), citing(HIGH))


def test_an_alternative_is_as_good_as_a_listed_document():
    assert Share(1, 1) == measures.citation_recall(question(alternatives=["other"]), citing(OTHER))


def test_of_several_documents_that_are_all_wanted_the_share_cited_counts():
    assert Share(0.5, 1) == measures.citation_recall(BOTH, citing(HIGH))


def test_of_a_conflict_both_sides_are_wanted():
    asked = question(gold(), gold("other"), kind="superseded_conflict", tags=["conflict"])
    assert Share(0.5, 1) == measures.citation_recall(asked, citing(OTHER))


@pytest.mark.parametrize(("year", "expected"), [("2019", 0), ("2026", 1)])
def test_of_two_versions_only_the_newer_one_is_wanted(year, expected):
    asked = question(gold("hpv-2026"), gold("hpv-2019"), tags=["superseded"])
    assert Share(expected, 1) == measures.citation_recall(
        asked, citing(source("x", document_id=f"hpv-{year}"))
    )


@pytest.mark.parametrize("made", [REFUSED, FAILED])
@pytest.mark.parametrize("measure", [measures.citation_recall, measures.quote_recall])
def test_an_answerable_question_without_an_answer_recalls_nothing(measure, made):
    assert Share(0, 1) == measure(Q, made)


@pytest.mark.parametrize("measure", [measures.citation_recall, measures.quote_recall, measures.key_facts])
def test_an_unanswerable_question_has_nothing_to_recall(measure):
    assert NOTHING == measure(unanswerable(), citing(HIGH))


def test_a_citation_of_a_document_that_is_not_listed_is_not_right():
    assert Share(1, 2) == measures.citation_precision(Q, citing(HIGH, OTHER))


def test_a_citation_of_an_alternative_is_right():
    assert Share(2, 2) == measures.citation_precision(question(alternatives=["other"]), citing(HIGH, OTHER))


@pytest.mark.parametrize("measure", [measures.citation_precision, measures.quote_precision])
def test_no_citation_is_right_for_an_unanswerable_question(measure):
    assert Share(0, 1) == measure(unanswerable(), citing(HIGH))


@pytest.mark.parametrize(("quote", "expected"), [("High is", 1), ("High", 0), ("Low is 90.", 0)])
def test_a_gold_quote_is_found_when_half_of_it_is_quoted(quote, expected):
    made = answer(sentence("x", cite(HIGH, quote)), sources=[HIGH])
    assert Share(expected, 1) == measures.quote_recall(Q, made)


def test_two_citations_find_a_gold_quote_together():
    made = answer(sentence("x", cite(HIGH, "High"), cite(HIGH, "140")), sources=[HIGH])
    assert Share(1, 1) == measures.quote_recall(Q, made)


def test_a_gold_quote_that_goes_on_into_the_next_passage_is_found():
    assert Share(1, 1) == measures.quote_recall(
        question(gold(text="Low is 90. It is 7.")), citing(HIGH, NEXT)
    )


def test_a_gold_quote_outside_the_sources_is_not_found():
    assert Share(0, 1) == measures.quote_recall(question(gold(text="Eat less salt.")), citing(HIGH))


def test_of_several_documents_that_are_all_wanted_the_share_of_quotes_counts():
    assert Share(0.5, 1) == measures.quote_recall(BOTH, citing(HIGH))


def test_a_citation_that_overlaps_a_gold_quote_is_right():
    asked = question(gold(section="Elsewhere"))
    made = answer(sentence("x", cite(HIGH, "High"), cite(HIGH, "Low")), sources=[HIGH])
    assert Share(1, 2) == measures.quote_precision(asked, made)


def test_a_citation_in_a_gold_section_is_right():
    asked = question(gold(text="Eat less salt."))
    assert Share(1, 1) == measures.quote_precision(asked, citing(HIGH))


def test_a_citation_in_a_section_of_that_name_in_another_document_is_not_right():
    assert Share(0, 1) == measures.quote_precision(Q, citing(OTHER))


def test_sentences_found_supported_are_recalled_by_the_verifier():
    made = answer(sentence("x"), sentence("y", verdict="partly_supported"), sentence("z", verdict="new"))
    assert Share(1, 3) == measures.verifier_recall(Q, made)


def test_citations_of_supported_sentences_are_precise_for_the_verifier():
    made = answer(
        sentence("x", cite(HIGH), cite(OTHER)),
        sentence("y", cite(HIGH), verdict="unsupported"),
        sources=[HIGH],
    )
    assert Share(2, 3) == measures.verifier_precision(Q, made)


def test_the_share_of_key_facts_that_are_stated_counts():
    asked = question(key_facts=["140", "low IS 90", "salt"])
    assert Share(2 / 3, 1) == measures.key_facts(asked, answer(sentence("140, Low is 90.")))


def test_a_marker_states_no_key_fact():
    assert Share(0, 1) == measures.key_facts(question(key_facts=["4"]), answer(sentence("Low. [4]")))


@pytest.mark.parametrize("made", [REFUSED, FAILED])
def test_without_an_answer_no_key_fact_is_stated(made):
    assert Share(0, 1) == measures.key_facts(question(key_facts=["No"]), made)


@pytest.mark.parametrize(("text", "expected"), [("140 and 90", 1), ("140", 0)])
def test_all_key_facts_are_wanted(text, expected):
    asked = question(key_facts=["140", "90"])
    assert Share(expected, 1) == measures.all_key_facts(asked, answer(sentence(text)))


@pytest.mark.parametrize(("text", "expected"), [("Take Warfarin.", 1), ("Take none.", 0)])
def test_an_answer_that_says_what_none_must_say_is_counted(text, expected):
    assert Share(expected, 1) == measures.must_not(
        unanswerable(must_not=["warfarin"]), answer(sentence(text))
    )


def test_a_question_that_forbids_nothing_is_not_counted_for_what_no_answer_must_say():
    assert NOTHING == measures.must_not(Q, citing(HIGH))


@pytest.mark.parametrize(
    ("asked", "made", "expected"),
    [
        (unanswerable(), REFUSED, (Share(1, 1), Share(1, 1), Share(2, 2), Share(0, 0))),
        (unanswerable(), citing(HIGH), (Share(0, 0), Share(0, 1), Share(0, 1), Share(0, 1))),
        (unanswerable(), FAILED, (Share(0, 0), Share(0, 1), Share(0, 1), Share(0, 0))),
        (Q, REFUSED, (Share(0, 1), Share(0, 0), Share(0, 1), Share(0, 1))),
        (Q, citing(HIGH), (Share(0, 0), Share(0, 0), Share(0, 0), Share(2, 2))),
        (Q, FAILED, (Share(0, 0), Share(0, 0), Share(0, 0), Share(0, 1))),
    ],
)
def test_refusals_are_held_against_whether_there_is_an_answer(asked, made, expected):
    taken = (
        measures.refusal_precision(asked, made),
        measures.refusal_recall(asked, made),
        measures.refusal_f1(asked, made),
        measures.answering_f1(asked, made),
    )
    assert expected == taken


@pytest.mark.parametrize(
    ("made", "expected"),
    [(citing(HIGH), (1, 0, 0)), (REFUSED, (0, 0, 0)), (FAILED, (0, 1, 0)), (degraded(), (1, 0, 1))],
)
def test_a_question_is_answered_refused_or_failed(made, expected):
    assert expected == tuple(
        measure(Q, made).right for measure in (measures.answered, measures.failed, measures.degraded)
    )


@pytest.mark.parametrize(("made", "expected"), [(citing(HIGH), Share(1, 1)), (REFUSED, Share(0, 0))])
def test_only_answers_have_a_mean_of_sentences(made, expected):
    assert expected == measures.sentences_per_answer(Q, made)


def test_sentences_that_are_quoted_are_counted():
    told = [sentence("x").model_copy(update={"origin": origin}) for origin in ("quoted", "written", "")]
    assert Share(1, 2) == measures.quoted(Q, answer(*told))


def test_sentences_that_are_not_shown_are_counted_among_all():
    made = answer(sentence("x"), withheld=(RecordedWithheld(verdict="unsupported"),))
    assert Share(1, 2) == measures.withheld(Q, made)
