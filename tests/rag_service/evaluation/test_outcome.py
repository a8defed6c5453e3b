import io

import orjson
import pytest
from rich.console import Console

from rag_service.evaluation.outcome import Measured, Outcome
from tests.rag_service.evaluation.factories import FAILED, REFUSED, citing, question, source, unanswerable

ASKED = [question(), unanswerable(question_id="q2")]
GOOD = Measured("a [good]", ASKED, {"q1": citing(source("High is 140.")), "q2": REFUSED})
BAD = Measured("bad", ASKED, {"q1": FAILED, "q2": REFUSED})


def printed(outcome, *, is_terminal=False):
    stream = io.StringIO()
    outcome.print(Console(file=stream, force_terminal=is_terminal, width=140, no_color=True))
    return stream.getvalue()


def row(outcome, measure):
    return next(line.split("\t") for line in printed(outcome).splitlines() if line.startswith(f"{measure}\t"))


def test_configurations_stand_side_by_side():
    assert ["measure", "a [good]"] == row(Outcome([GOOD]), "measure")


def test_two_configurations_have_a_difference():
    assert ["measure", "bad", "a [good]", "difference"] == row(Outcome([BAD, GOOD]), "measure")


@pytest.mark.parametrize("n", [1, 3])
def test_one_configuration_or_three_have_no_difference(n):
    assert {} == Outcome([GOOD] * n).difference


def test_a_share_has_its_interval():
    assert "1.000 (1.000 to 1.000)" == row(Outcome([GOOD]), "citation_recall")[1]


def test_a_difference_is_the_second_less_the_first():
    assert "-1.000 (-1.000 to -1.000)" == row(Outcome([GOOD, BAD]), "citation_recall")[3]


def test_a_number_of_questions_is_shown_as_one():
    assert ["failed", "0 of 2", "1 of 2", "+1"] == row(Outcome([GOOD, BAD]), "failed")


def test_what_is_not_counted_is_shown_as_nothing():
    assert ["citation_validity", "–"] == row(Outcome([BAD]), "citation_validity")


def test_notes_stand_below():
    assert ["3 left out", "bad: failed: q1 (EngineFailed: status 500)"] == [
        line
        for line in printed(Outcome([BAD], ["3 left out"])).splitlines()
        if "left out" in line or "q1" in line
    ]


def test_on_a_terminal_there_is_a_table():
    text = printed(Outcome([GOOD]), is_terminal=True)
    assert all(words in text for words in ("┃", "2 questions", "a [good]", "1.000 (1.000 to 1.000)"))


def test_json_has_the_measures_of_all_and_by_type():
    facts = Outcome([GOOD]).facts()["configurations"][0]
    share = {"value": 1.0, "low": 1.0, "high": 1.0, "right": 1.0, "counted": 1.0}
    assert (share, share) == (
        facts["measures"]["citation_recall"],
        facts["by_type"]["single"]["citation_recall"],
    )


def test_json_has_null_where_nothing_is_counted():
    assert Outcome([BAD]).facts()["configurations"][0]["measures"]["citation_validity"]["value"] is None


def test_json_has_the_settings():
    assert {"top_p": "0.5"} == Measured("a", ASKED, GOOD.answers, {"top_p": "0.5"}).facts()["settings"]


def test_json_has_the_difference_of_two():
    assert -1 == Outcome([GOOD, BAD]).facts()["difference"]["measures"]["citation_recall"]["value"]


def test_the_facts_can_be_written():
    assert b'"must_not_ids":[]' in orjson.dumps(Outcome([GOOD, BAD]).facts())
