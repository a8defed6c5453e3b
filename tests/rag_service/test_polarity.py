import pytest

from knowledge.folding import fold_text
from rag_service.polarity import find_cues


def poles(text):
    return [cue.pole for cue in find_cues(fold_text(text))]


@pytest.mark.parametrize(
    "text", ["不应使用", "禁用", "不推荐", "请勿驾车", "Do not stop", "don't take it", "must not", "避免饮酒"]
)
def test_a_denial_is_found(text):
    assert "not" in poles(text)


@pytest.mark.parametrize("text", ["非甾体抗炎药", "不良反应", "特别提醒", "性别", "not only adults", "note"])
def test_a_word_that_only_looks_like_a_denial_is_none(text):
    assert "not" not in poles(text)


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("升高", "降低"),
        ("加重", "减轻"),
        ("饭前", "饭后"),
        ("阳性", "阴性"),
        ("higher", "lower"),
        ("above", "below"),
        ("increases", "reduces"),
        ("before", "after"),
    ],
)
def test_contrary_directions_are_opposite(up, down):
    (ours,), (theirs,) = find_cues(up), find_cues(down)
    assert ours.is_opposite_of(theirs)


def test_one_direction_in_two_languages_has_one_pole():
    assert poles("升高") == poles("increases")


def test_directions_of_two_families_are_not_opposite():
    (rise,), (ease,) = find_cues("升高"), find_cues("缓解")
    assert not rise.is_opposite_of(ease)


def test_a_cue_knows_where_it_stands():
    (cue,) = find_cues("饭后服用")
    assert (1, 2, "后") == (cue.start, cue.end, cue.words)
