from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_service.sentence_stream import HANDLE, SentenceStream
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
        "[2.4]",
        "[2.",
        "[2.1000]",
        "1. ",
        "2.",
        "……",
        "...",
        "|",
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
WRITTEN = [
    "收缩压≥140 mmHg。[1]应复测[12]。必要时就诊！[2.4][3]",
    "成人约2.5 mg，一日2次。[1]\n不可超过3.0 g。[2]",
    "他说：“休息。”[1]（见表。）[2]然后……再测？[3]",
    "1. 多喝水。[1]\n2. 休息[2]。\n",
    "- 少盐[1]\n- 多动[2]\n\n注意：1)限酒。[3]",
    "| 药 | 剂量 |\n|---|---|\n| A | 2.5 mg [1] |\n停药。",
    "Take 2.5 mg, e.g. at night [1]. Then rest. [2.4]",
    "Eat vitamin C. [1] See Fig. 2 etc. Ask Dr. Li [12].",
    "He said “stop.” [1] Wait... then (go on. [2]) Rest?!",
    "1. Drink water. [1]\n2. Rest. [10] [2]\n\n3. ",
    "It is [2. and [3.] or [1000]. [2.4",
]
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


@pytest.mark.parametrize("text", WRITTEN)
def test_cutting_a_text_at_any_two_points_gives_the_same_sentences(text):
    whole = sentences_of(text)
    cuts = combinations_with_replacement(range(len(text) + 1), 2)
    assert [] == [(a, b) for a, b in cuts if whole != sentences_of(text[:a], text[a:b], text[b:])]


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
        (["血压偏高。[2.4][3]", "应复测[1.2]。"], "血压偏高。[2.4][3]应复测[1.2]。"),
        (["It is so. [2.4] [3]", "Rest [1.12]."], "It is so. [2.4] [3] Rest [1.12]."),
        (["Eat vitamin C. [2.4]", "Rest."], "Eat vitamin C. [2.4] Rest."),
        (["1. Rest. [1]", "2. Drink. [2]"], "1. Rest. [1]\n2. Drink. [2]"),
        (["1. 休息。[1]", "2. 多喝水。[2]"], "1. 休息。[1]\n2. 多喝水。[2]"),
        (["It is 5 mg.", "12. Rest."], "It is 5 mg. 12. Rest."),
        (["1.", "Rest."], "1.\nRest."),
        (["(It is so. [1])", "Rest."], "(It is so. [1]) Rest."),
        (["他说：“休息。[1]”", "再测。"], "他说：“休息。[1]”再测。"),
        (["Wait... [1]", "Then rest."], "Wait... [1] Then rest."),
        (["| A | 2.5 mg [1] |", "| B | 3 mg [2] |"], "| A | 2.5 mg [1] |\n| B | 3 mg [2] |"),
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


@pytest.mark.parametrize("handle", ["[", "[2", "[2.", "[2.4", "[2.4]", "[2.4][", "[2.4] [3.", "[123.123"])
def test_a_sentence_is_held_back_while_a_handle_may_still_follow(handle):
    assert [] == SentenceStream().feed(f"血压偏高。{handle}")


@pytest.mark.parametrize("words", ["[2.x", "[1234", "[2.1234", "[x", "[2.4 "])
def test_what_cannot_become_a_handle_begins_the_next_sentence(words):
    assert ["血压偏高。"] == SentenceStream().feed(f"血压偏高。{words}")


@pytest.mark.parametrize(
    ("expected", "text"),
    [(("2", None), "[2]"), (("2", "4"), "[2.4]"), (("123", "456"), "[123.456]")],
)
def test_a_handle_names_a_passage_and_perhaps_a_sentence(expected, text):
    assert expected == HANDLE.fullmatch(text).groups()


@pytest.mark.parametrize("text", ["[]", "[2.]", "[.4]", "[2.4.1]", "[1234]", "[2.1234]", "[a]"])
def test_other_brackets_are_no_handle(text):
    assert HANDLE.fullmatch(text) is None


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
