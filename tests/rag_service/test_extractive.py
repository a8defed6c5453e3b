from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from knowledge.passage import ScoredPassage
from rag_service.extractive import N_COMPARED, extract, is_said, shortlist
from rag_service.record import cut_record
from tests.rag_service.factories import law, make_passage, make_passages, metformin, pressure


def hits_of(passages):
    return [ScoredPassage(passage, 1 - rank / 100, None, None) for rank, passage in enumerate(passages)]


def shortlisted(question, passages):
    return shortlist(question, passages, hits_of(passages))


def quotations_of(question, passages, similarities=None, limit=5):
    return extract(shortlisted(question, passages), similarities, limit)


def texts_of(question, passages, **options):
    return [statement.text for statement in quotations_of(question, passages, **options)]


def quotes_of(question, passages, **options):
    return [statement.quote for statement in quotations_of(question, passages, **options)]


def test_the_sentence_that_shares_most_with_the_question_comes_first():
    assert "诊室血压的标准是140/90 mmHg。" == quotes_of("诊室血压标准是多少？", pressure())[0]


def test_a_quotation_tells_the_marker_of_its_passage():
    assert 2 == quotations_of("When must metformin not be used?", metformin())[0].marker


def test_no_more_statements_are_quoted_than_the_limit():
    (passage,) = make_passages("d", ["".join(f"Metformin lowers blood glucose {n} ways. " for n in range(9))])
    assert 4 == len(quotations_of("Does metformin lower glucose?", [passage], limit=4))


def test_no_statements_are_quoted_where_the_limit_is_none():
    assert [] == quotations_of("Does metformin lower glucose?", metformin(), limit=0)


def test_nothing_is_quoted_when_nothing_is_shared_and_search_found_nothing():
    assert [] == extract(shortlist("牙疼怎么办", metformin(), []), None, 5)


def test_no_passages_give_no_quotations():
    assert [] == quotations_of("血压", [])


def test_a_heading_a_header_row_and_a_lead_in_are_not_quoted():
    text = "# Dose of metformin for adults\n| metformin | dose | adults | daily |\nThe dose of metformin for adults:\n"
    assert [] == quotes_of("dose of metformin for adults", [make_passage(text, context="")])


def test_a_table_row_is_shown_with_the_names_of_its_columns():
    text = "| Drug | Usual daily dose |\n| --- | --- |\n| Metformin | 500 mg twice daily |\n"
    expected = ["Drug: Metformin; Usual daily dose: 500 mg twice daily."]
    assert expected == texts_of("daily dose of metformin", [make_passage(text)])


def test_a_sentence_of_hardly_any_words_is_not_quoted():
    assert [] == quotes_of("metformin dose", [make_passage("Metformin dose.", context="")])


def test_of_two_equal_statements_the_one_in_the_better_passage_is_quoted():
    passages = make_passages("d", ["Metformin lowers blood glucose."] * 2)
    assert [1] == [statement.marker for statement in quotations_of("metformin glucose", passages)]


def test_a_statement_is_quoted_once_though_it_is_said_twice():
    passages = [make_passage("Metformin lowers blood glucose.\nMetformin lowers blood glucose.")]
    assert [0] == [statement.start for statement in quotations_of("metformin glucose", passages)]


def test_the_headings_of_a_passage_speak_for_its_sentences():
    first, second = make_passages("d", ["Taken twice daily with a meal.", "Taken once daily with a meal."])
    passages = [replace(first, context="Aspirin"), replace(second, context="Metformin")]
    assert 2 == quotations_of("When is metformin taken?", passages)[0].marker


def test_a_reference_number_inside_a_quotation_is_not_shown_as_a_marker():
    passages = [make_passage("Metformin lowers blood glucose [3].")]
    assert ["Metformin lowers blood glucose."] == texts_of("metformin glucose", passages)


def test_the_quote_of_a_citation_keeps_its_reference_number():
    passages = [make_passage("Metformin lowers blood glucose [3].")]
    assert ["Metformin lowers blood glucose [3]."] == quotes_of("metformin glucose", passages)


def test_similar_meaning_goes_before_shared_terms():
    candidates = shortlisted("诊室血压标准是多少？", pressure())
    similarities = [1.0 if each.statement.marker == 2 else 0.1 for each in candidates]
    assert {2} == {statement.marker for statement in extract(candidates, similarities, 5)}


def test_statements_that_all_mean_the_contrary_are_not_quoted():
    candidates = shortlisted("诊室血压标准是多少？", pressure())
    assert [] == extract(candidates, [-1.0] * len(candidates), 5)


def test_a_statement_of_a_superseded_document_is_quoted_by_nobody():
    old = [replace(p, imprint=replace(p.imprint, status="superseded")) for p in metformin()]
    assert [] == shortlisted("When must metformin not be used?", old)


def test_a_part_of_a_record_can_be_quoted_though_search_never_saw_it():
    parts = cut_record("过敏史：青霉素过敏，曾经出现皮疹。", "zh")
    candidates = shortlist("对什么药物过敏？", parts, [])
    assert "青霉素过敏" in extract(candidates, None, 5)[0].text


def test_no_more_statements_are_compared_than_time_allows():
    text = "".join(f"Metformin lowers blood glucose in {n} ways. " for n in range(N_COMPARED + 9))
    assert N_COMPARED == len(shortlisted("metformin glucose", [make_passage(text)]))


def test_what_is_compared_are_the_headings_and_the_words():
    (candidate, *_) = shortlisted("metformin glucose", [make_passage("Metformin lowers blood glucose.")])
    assert "Title\nMetformin lowers blood glucose." == candidate.compared_text


def test_a_quotation_whose_words_were_written_is_said():
    (quotation, *_) = quotations_of("诊室血压标准是多少？", pressure())
    assert is_said(quotation.quote, ["诊室测量血压的标准是140/90 mmHg[1]。"])


def test_a_quotation_with_another_figure_is_not_said():
    (quotation, *_) = quotations_of("诊室血压标准是多少？", pressure())
    assert not is_said(quotation.quote, ["诊室血压的标准是150/90 mmHg[1]。"])


def test_a_quotation_of_other_words_is_not_said():
    (quotation, *_) = quotations_of("诊室血压标准是多少？", pressure())
    assert not is_said(quotation.quote, ["高血压指140/90 mmHg[1]。"])


WORDS = st.sampled_from(
    ["metformin", "lowers", "glucose", "dose", "adults", "500", ". ", "\n", "- ", "| ", "血糖", "。"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)


@law
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_every_quote_is_the_passage_text_at_its_offsets(question, texts):
    passages = make_passages("d", texts)
    found = quotations_of(question, passages)
    assert [s.quote for s in found] == [passages[s.marker - 1].text[s.start : s.end] for s in found]


@law
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_the_same_question_and_passages_give_the_same_quotations(question, texts):
    passages = make_passages("d", texts)
    assert quotations_of(question, passages) == quotations_of(question, passages)
