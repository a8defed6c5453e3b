import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.sentence_stream import SentenceStream
from tests.rag_service.factories import law

# What sentence boundaries hang on, so that random text meets all of them often.
SCRAPS = st.sampled_from(
    [
        *"。！？.?! \n[]C”()：",
        '"',
        "[1]",
        "[2]",
        "[99]",
        "[100]",
        "[1000]",
        "。[1]",
        ". [2]",
        "12",
        "1",
        "3.5",
        "血压",
        "e.g.",
        "etc",
        "Take it",
        "mg",
    ]
)
TEXTS = st.lists(SCRAPS, max_size=14).map("".join)


def sentences_of(*pieces):
    stream = SentenceStream()
    return [sentence for piece in pieces for sentence in stream.feed(piece)] + stream.close()


@law
@given(TEXTS, st.data())
def test_every_split_into_pieces_gives_the_same_sentences(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert sentences_of(text) == sentences_of(*pieces)


@law
@given(TEXTS)
def test_single_characters_give_the_same_sentences_as_the_whole_text(text):
    assert sentences_of(text) == sentences_of(*text)


@law
@given(TEXTS)
def test_nothing_but_white_space_is_lost(text):
    assert "".join(text.split()) == "".join("".join(sentences_of(text)).split())


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["血压偏高。[1]", "应复测。[2]"], "血压偏高。[1]应复测。[2]"),
        (["血压偏高[1]。", "应复测[2]。"], "血压偏高[1]。应复测[2]。"),
        (["Take 2.5 mg daily. [1]", "Rest. [2]"], "Take 2.5 mg daily. [1] Rest. [2]"),
        (["Take it [1].", "Rest [2]."], "Take it [1]. Rest [2]."),
        (["Foods, e.g. fish, help. [1]"], "Foods, e.g. fish, help. [1]"),
        (["It is so. [1] [2]", "Rest."], "It is so. [1] [2] Rest."),
        (["- one [1]", "- two [2]"], "- one [1]\n- two [2]\n"),
        (["He said “stop.” [1]", "Rest."], "He said “stop.” [1] Rest."),
    ],
)
def test_a_sentence_comes_with_the_markers_around_its_full_stop(expected, text):
    assert expected == sentences_of(text)


def test_a_marker_right_behind_a_latin_full_stop_ends_the_sentence():
    assert ["It helps.[1]", "Rest.[2]"] == sentences_of("It helps.[1] Rest.[2]")


def test_a_marker_ends_a_sentence_whose_last_word_looks_like_an_abbreviation():
    assert ["Eat vitamin C. [1]", "Rest. [2]"] == sentences_of("Eat vitamin C. [1] Rest. [2]")


def test_a_sentence_is_held_back_until_something_follows_it():
    assert [] == SentenceStream().feed("血压偏高。")


def test_a_sentence_is_held_back_while_a_marker_may_still_follow():
    stream = SentenceStream()
    stream.feed("血压偏高。")
    assert [] == stream.feed("[1")


def test_a_sentence_is_given_back_as_soon_as_the_next_begins():
    stream = SentenceStream()
    stream.feed("血压偏高。[1]")
    assert ["血压偏高。[1]"] == stream.feed("应")


def test_a_number_cut_after_its_point_is_not_cut_into_two_sentences():
    assert ["Take 2.5 mg."] == sentences_of("Take 2.", "5 mg.")


def test_closing_gives_back_a_sentence_without_a_full_stop():
    assert ["血压偏高"] == sentences_of("血压偏高")


def test_closing_an_empty_stream_gives_nothing():
    assert [] == SentenceStream().close()


def test_closing_twice_gives_the_rest_once():
    stream = SentenceStream()
    stream.feed("血压偏高。")
    stream.close()
    assert [] == stream.close()
