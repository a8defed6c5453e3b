import pytest

from ingest.evaluation.configurations import Configuration, parse_configuration
from ingest.evaluation.errors import ConfigurationBroken
from knowledge.fusion import DENSE_WEIGHT


def test_without_words_a_configuration_is_what_is_served():
    assert Configuration("as served", DENSE_WEIGHT, understand=True, rerank=False) == parse_configuration("")


def test_every_key_can_be_set():
    text = "dense_weight=0.7, understand=no, rerank=yes, stage=search, field=message, legs=hybrid"
    expected = Configuration(text, 0.7, understand=False, rerank=True, field="message")
    assert expected == parse_configuration(text)


def test_the_field_of_the_command_line_holds_where_none_is_named():
    assert ["message", "text"] == [parse_configuration(t, "message").field for t in ("", "field=text")]


@pytest.mark.parametrize(("legs", "expected"), [("dense", 1), ("sparse", 0), ("hybrid", DENSE_WEIGHT)])
def test_a_leg_alone_has_all_the_weight(legs: str, expected: float):
    assert expected == parse_configuration(f"legs={legs}").weight


@pytest.mark.parametrize(("text", "expected"), [("", True), ("understand=no", False), ("legs=rrf", False)])
def test_the_service_can_search_by_what_it_serves(text: str, expected: bool):
    assert expected is parse_configuration(text).is_servable


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("weight=1", "unknown key 'weight' in 'weight=1'; known: dense_weight, field, legs"),
        ("dense_weight=2", "dense_weight=2: want a number from 0 to 1"),
        ("dense_weight=nan", "want a number from 0 to 1"),
        ("dense_weight=high", "want a number from 0 to 1"),
        ("understand=maybe", "understand=maybe: want one of yes, no"),
        ("legs=both", "want one of hybrid, dense, sparse, rrf"),
        ("stage=answer", "want one of search, evidence"),
        ("field=", "name a field of queries.jsonl"),
        ("legs=rrf,legs=rrf", "legs stands twice"),
        ("legs=rrf,dense_weight=0.5", "dense_weight is for legs=hybrid"),
        ("stage=evidence,understand=no", "leave out understand=no and legs=rrf"),
    ],
)
def test_what_cannot_be_read_says_what_is_possible(text: str, fault: str):
    with pytest.raises(ConfigurationBroken, match=fault):
        parse_configuration(text)
