from hypothesis import given
from hypothesis import strategies as st

from rag_service.extractive import extract
from tests.rag_service.factories import law, make_passage, metformin, pressure


def quotes_of(question, passages):
    return [cited.citations[0].quote for cited in extract(question, passages)]


def test_the_sentence_that_shares_most_with_the_question_comes_first():
    assert "诊室血压的标准是140/90 mmHg。" == quotes_of("诊室血压标准是多少？", pressure())[0]


def test_a_quotation_is_shown_with_the_marker_of_its_passage():
    texts = [cited.text for cited in extract("When must metformin not be used?", metformin())]
    assert "Metformin must not be used when the eGFR is below 30 mL/min [2]." == texts[0]


def test_at_most_four_sentences_are_quoted():
    passages = [make_passage("Metformin lowers blood glucose a lot. " * 9)]
    assert 4 == len(extract("Does metformin lower glucose?", passages))


def test_nothing_is_quoted_when_nothing_is_shared():
    assert [] == extract("牙疼怎么办", metformin())


def test_no_passages_give_no_quotations():
    assert [] == extract("血压", [])


def test_a_heading_a_table_row_and_a_lead_in_are_not_quoted():
    text = "# Dose of metformin for adults\n| metformin | dose | adults | daily |\nThe dose of metformin for adults:\n"
    assert [] == extract("dose of metformin for adults", [make_passage(text, context="")])


def test_a_sentence_of_hardly_any_words_is_not_quoted():
    assert [] == extract("metformin dose", [make_passage("Metformin dose.", context="")])


def test_of_two_equal_sentences_the_one_in_the_better_passage_is_quoted_first():
    passages = [make_passage("Metformin lowers blood glucose.", start=start) for start in (0, 500)]
    assert [1, 2] == [cited.citations[0].marker for cited in extract("metformin glucose", passages)]


def test_of_two_equal_sentences_of_a_passage_the_first_is_quoted_first():
    passages = [make_passage("Metformin lowers blood glucose.\nMetformin lowers blood glucose.")]
    assert [0, 32] == [cited.citations[0].start for cited in extract("metformin glucose", passages)]


def test_a_sentence_found_later_must_be_clearly_better_to_be_quoted_before():
    texts = ["Metformin lowers blood glucose in adults.", "Metformin lowers blood glucose."]
    cited = extract("metformin glucose", [make_passage(text) for text in texts])
    assert [1, 2] == [each.citations[0].marker for each in cited]


def test_the_headings_of_a_passage_speak_for_its_sentences():
    text = "It is taken twice daily with the evening meal."
    passages = [make_passage(text, context="Aspirin"), make_passage(text, context="Metformin")]
    assert 2 == extract("When is metformin taken?", passages)[0].citations[0].marker


def test_a_reference_number_inside_a_quotation_is_not_shown_as_a_marker():
    (cited,) = extract("metformin glucose", [make_passage("Metformin lowers blood glucose [3].")])
    assert "Metformin lowers blood glucose [1]." == cited.text


def test_the_quote_of_a_citation_keeps_its_reference_number():
    assert ["Metformin lowers blood glucose [3]."] == quotes_of(
        "metformin glucose", [make_passage("Metformin lowers blood glucose [3].")]
    )


WORDS = st.sampled_from(
    ["metformin", "lowers", "glucose", "dose", "adults", "500", ". ", "\n", "- ", "血糖", "。"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)


@law
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_every_quote_is_the_passage_text_at_its_offsets(question, texts):
    passages = [make_passage(text, start=100) for text in texts]
    for citation in (cited.citations[0] for cited in extract(question, passages)):
        assert citation.quote == passages[citation.marker - 1].text[citation.start - 100 : citation.end - 100]


@law
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_the_same_question_and_passages_give_the_same_quotations(question, texts):
    passages = [make_passage(text) for text in texts]
    assert extract(question, passages) == extract(question, passages)
