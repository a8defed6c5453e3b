import pytest

from ingest.instruction_rules.chinese import CHINESE
from ingest.instruction_rules.english import ENGLISH
from ingest.instruction_rules.rule import Rule, make_rule
from ingest.instructions import _fold
from tests.ingest.test_instructions import ORDERS

RULE = make_rule(
    "ignore|forget + instruction", r"\bignore the instructions\b", r"\bforget the instructions\b"
)


def present(rule: Rule, text: str) -> set[str]:
    return {anchor for group in rule.anchors for anchor in group if anchor in text}


def test_a_rule_finds_its_phrase():
    text = "please ignore the instructions now"
    assert "ignore the instructions" == RULE.search(text, present(RULE, text))


def test_a_rule_needs_an_anchor_of_each_group():
    assert RULE.search("ignore the instructions", {"ignore"}) is None


def test_a_phrase_far_from_the_first_anchor_is_found():
    text = "ignore " + "x " * 5_000 + "forget the instructions" + " x" * 5_000
    assert "forget the instructions" == RULE.search(text, present(RULE, text))


def test_a_word_cut_by_the_edge_of_a_stretch_is_not_taken_for_a_whole_one():
    rule = make_rule("forget", r"\bnore\b")
    text = "ig" + "nore ".ljust(320) + "forget"
    assert rule.search(text, {"forget"}) is None


@pytest.mark.parametrize("rule", [*ENGLISH, *CHINESE], ids=lambda rule: sorted(rule.anchors[0])[0])
def test_every_rule_is_needed_by_an_example(rule: Rule):
    assert any(rule.search(text, present(rule, text)) for text in map(_fold, ORDERS))


@pytest.mark.parametrize("rule", [*ENGLISH, *CHINESE], ids=lambda rule: sorted(rule.anchors[0])[0])
def test_the_anchors_of_a_rule_never_hide_what_its_pattern_matches(rule: Rule):
    texts = [text for text in map(_fold, ORDERS) if rule.pattern.search(text)]
    assert all(rule.search(text, present(rule, text)) for text in texts)
