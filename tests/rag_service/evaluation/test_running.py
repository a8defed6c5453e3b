from rag_service.evaluation.recorded import RecordedUsage, RecordedVersions
from rag_service.evaluation.running import Latency, running_of
from tests.rag_service.evaluation.factories import FAILED, REFUSED, answer, question, sentence

ASKED = [question(question_id=name, must_not=["warfarin"]) for name in ("q1", "q2", "q3")]
MADE = answer(
    sentence("Take warfarin."),
    timings_ms={"retrieve": 10.0, "total": 100.0},
    usage=RecordedUsage(prompt_tokens=300, completion_tokens=20),
    model="m",
    generation="g1",
    versions=RecordedVersions(prompt="prompts-1", policy="p"),
)
QUICK = MADE.model_copy(update={"text": "Rest.", "timings_ms": {"total": 50.0}, "generation": "g2"})
RUNNING = running_of(ASKED, {"q1": MADE, "q2": QUICK, "q3": FAILED})


def test_a_stage_has_the_times_of_the_answers_that_went_through_it():
    assert {"retrieve": Latency(10, 10), "total": Latency(75, 97.5)} == RUNNING.latency_ms


def test_tokens_are_means_of_what_did_not_fail():
    assert {"prompt_tokens": 300, "completion_tokens": 20, "cached_tokens": 0} == RUNNING.tokens


def test_refusals_are_counted_by_their_reason():
    refusals = running_of(ASKED, dict.fromkeys(["q1", "q2", "q3"], REFUSED)).refusals
    assert {"not_enough_evidence": 3} == refusals


def test_the_notes_say_why_there_were_refusals():
    notes = running_of(ASKED, dict.fromkeys(["q1", "q2", "q3"], REFUSED)).notes()
    assert "refused: not_enough_evidence 3" in list(notes)


def test_what_failed_is_listed_with_its_reason():
    assert {"q3": "EngineFailed: status 500"} == RUNNING.failed


def test_answers_that_say_what_none_must_say_are_listed():
    assert ["q1"] == RUNNING.must_not


def test_what_answers_were_made_with_is_listed_once():
    assert {"model": ["m"], "prompt": ["prompts-1"], "policy": ["p"], "generation": ["g1", "g2"]} == (
        RUNNING.made_with
    )


def test_the_notes_say_what_answers_were_made_with():
    assert "model m; prompt prompts-1; policy p; generation g1, g2" == next(RUNNING.notes())


def test_the_notes_name_what_went_wrong():
    expected = ["failed: q3 (EngineFailed: status 500)", "must_not: q1"]
    assert expected == list(RUNNING.notes())[-2:]


def test_what_failed_for_one_reason_is_named_together():
    notes = running_of(ASKED, dict.fromkeys(["q1", "q2", "q3"], FAILED)).notes()
    assert "failed: q1, q2, q3 (EngineFailed: status 500)" == list(notes)[-1]


def test_where_all_failed_there_are_no_times_and_tokens():
    assert {} == running_of(ASKED[:1], {"q1": FAILED}).cells()


def test_a_refusal_has_no_tokens_of_a_model_that_was_not_asked():
    assert 0 == running_of(ASKED[:1], {"q1": REFUSED}).tokens["completion_tokens"]
