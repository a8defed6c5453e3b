import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.citations import CitedSentence, cite_statement
from rag_service.proving import is_shown, prove, quoted
from rag_service.statements import find_statements
from tests.rag_service.factories import law, make_passage, make_passages, metformin, pressure
from tests.rag_service.planted_errors import SEEDS, planted_errors, supported_sentences

PASSAGES = [*pressure(), *metformin()]


def markers_of(proved):
    return [citation.marker for citation in proved.cited.citations]


def shown(sentence, policy):
    return is_shown(prove(sentence, PASSAGES), policy)


def test_a_sentence_that_its_citation_bears_out_keeps_it():
    proved = prove("诊室血压的标准是140/90 mmHg。[1]", PASSAGES)
    assert ("supported", False, [1]) == (
        proved.verification.verdict,
        proved.is_reattributed,
        markers_of(proved),
    )


@pytest.mark.parametrize("handles", ["[2]", "", "[99]", "[2][3]", "[2.1]", "[4.9]"])
def test_a_sentence_that_another_passage_bears_out_is_given_to_it(handles):
    proved = prove(f"诊室血压的标准是140/90 mmHg。{handles}", PASSAGES)
    assert ("supported", True, [1]) == (
        proved.verification.verdict,
        proved.is_reattributed,
        markers_of(proved),
    )


def test_a_sentence_given_to_another_passage_quotes_it():
    (citation,) = prove("诊室血压的标准是140/90 mmHg。[2]", PASSAGES).cited.citations
    assert "诊室血压的标准是140/90 mmHg。" == citation.quote


@pytest.mark.parametrize("handles", ["[1]", "", "[99]", "[1][2][3]"])
def test_a_sentence_that_no_passage_bears_out_keeps_what_the_model_cited(handles):
    proved = prove(f"诊室血压的标准是150/90 mmHg。{handles}", PASSAGES)
    assert ("unsupported", False) == (proved.verification.verdict, proved.is_reattributed)


def test_a_sentence_without_a_citation_is_not_given_to_a_passage_that_says_half_of_it():
    passages = [make_passage("Metformin lowers blood glucose in diabetes.")]
    assert not prove("Metformin lowers sugar levels.", passages).is_reattributed


def test_a_partly_supported_sentence_is_not_given_to_another_passage():
    passages = make_passages(
        "d", ["Metformin lowers blood glucose in diabetes.", "Metformin lowers sugar levels."]
    )
    assert not prove("Metformin lowers sugar levels. [1]", passages).is_reattributed


@pytest.mark.parametrize("handle", ["[1]", ""])
def test_no_planted_error_is_proved_by_another_section_of_its_document(handle):
    sections = {passage.passage_id + passage.text: passage for _, passage in supported_sentences(SEEDS[0])}
    proved = []
    for error in planted_errors(SEEDS[0]):
        title = error.passage.context.partition(" > ")[0]
        others = [p for p in sections.values() if p.context.startswith(title) and p != error.passage][:7]
        verdict = prove(f"{error.text}{handle}", [error.passage, *others]).verification.verdict
        proved += [error.text] * (verdict == "supported")
    assert [] == proved


def test_without_passages_a_sentence_is_unsupported():
    assert "unsupported" == prove("诊室血压的标准是140/90 mmHg。[1]", []).verification.verdict


def test_a_quotation_is_its_own_proof():
    (statement, *_) = find_statements(PASSAGES)
    assert "supported" == quoted(cite_statement(statement)).verification.verdict


def test_a_quotation_whose_words_do_not_stand_at_their_place_is_unsupported():
    (statement, *_) = find_statements(PASSAGES)
    cited = cite_statement(statement)
    moved = cited.citations[0].model_copy(update={"exact": False})
    assert "unsupported" == quoted(CitedSentence(cited.text, (moved,), 0)).verification.verdict


def test_a_quotation_of_nothing_is_unsupported():
    assert "unsupported" == quoted(CitedSentence("诊室血压", (), 0)).verification.verdict


@pytest.mark.parametrize(
    ("expected", "policy"), [(False, "withhold"), (False, "withhold_facts"), (True, "flag")]
)
@pytest.mark.parametrize(
    "sentence",
    [
        "诊室血压的标准是150/90 mmHg。[1]",
        "月亮上有3个人。[1]",
        "Metformin often causes vomiting after 9 days. [4]",
        "Ibuprofen seldom causes hypoglycaemia. [4]",
        "Metformin can be used when the eGFR is below 30 mL/min. [4]",
    ],
)
def test_an_unproved_sentence_that_a_reader_might_act_on_is_shown_only_where_all_are(
    expected, policy, sentence
):
    assert expected == shown(sentence, policy)


@pytest.mark.parametrize(
    ("expected", "policy"), [(False, "withhold"), (True, "withhold_facts"), (True, "flag")]
)
@pytest.mark.parametrize("sentence", ["月亮绕着地球转动。[1]", "月亮绕着地球转动。"])
def test_an_unproved_sentence_without_facts_is_shown_unless_all_are_withheld(expected, policy, sentence):
    assert expected == shown(sentence, policy)


@pytest.mark.parametrize("policy", ["withhold", "withhold_facts", "flag"])
@pytest.mark.parametrize(
    "sentence", ["诊室血压的标准是140/90 mmHg。[1]", "Metformin lowers sugar levels. [3]"]
)
def test_a_proved_sentence_is_always_shown(policy, sentence):
    assert shown(sentence, policy)


@law
@given(
    st.lists(st.sampled_from(["血压", "140/90 mmHg", "150", "不应", "Metformin", " causes ", "[1]", "[2.1]", "[77]", "。", ". "]), max_size=9).map("".join)
)  # fmt: skip
def test_what_is_proved_cites_a_passage_that_is_there(sentence):
    proved = prove(sentence, PASSAGES)
    assert proved.verification.verdict == "unsupported" or set(markers_of(proved)) & {1, 2, 3, 4}
