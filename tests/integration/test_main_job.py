"""The main job on real parts: one question in each language, every citation checked."""

from itertools import pairwise
from urllib.parse import quote

import pytest

from tests.live import Live, get, post, stream

pytestmark = pytest.mark.integration

QUESTIONS = {
    "zh": "在家自己量血压，多少算高血压？",
    "en": "At what temperature and for how long should a burn be cooled under running water, and what is heat stroke?",
}


@pytest.fixture(scope="module", params=["zh", "en"])
def events(request: pytest.FixtureRequest, live: Live) -> list[dict]:
    return stream(live.url, QUESTIONS[request.param])


def test_the_events_come_in_the_order_of_the_contract(events):
    kinds = [event["type"] for event in events]
    assert "answer.started" == kinds[0]
    assert "sources" == kinds[1]
    # A notice says so where the model found no direct answer.
    assert {"sentence"} == set(kinds[2:-2]) - {"notice"}
    assert ["notice", "answer.completed"] == kinds[-2:]


def test_the_language_model_wrote_the_answer(events):
    assert events[-1]["usage"]["completion_tokens"] > 0


def test_every_sentence_has_a_citation(events):
    assert all(sentence["citations"] for sentence in events[-1]["sentences"])


def test_every_quote_stands_in_the_stored_passage_at_its_offsets(events, live):
    for sentence in events[-1]["sentences"]:
        for citation in sentence["citations"]:
            passage = get(f"{live.url}/v1/passages/{citation['passage_id']}")
            start, end = citation["start"] - passage["start"], citation["end"] - passage["start"]
            assert citation["quote"] == passage["text"][start:end]


def test_every_quote_stands_in_the_document_at_its_offsets(events, live):
    for sentence in events[-1]["sentences"]:
        for citation in sentence["citations"]:
            document = get(f"{live.url}/v1/documents/{quote(citation['document_id'])}")
            assert citation["quote"] == document["text"][citation["start"] : citation["end"]]


def test_every_marker_in_the_text_has_its_citation(events):
    for sentence in events[-1]["sentences"]:
        for citation in sentence["citations"]:
            assert f"[{citation['marker']}]" in sentence["text"]


def test_the_json_answer_is_the_streamed_answer(live):
    streamed = stream(live.url, QUESTIONS["zh"])[-1]
    status, whole = post(f"{live.url}/v1/answers", {"question": QUESTIONS["zh"]})
    assert (200, streamed["text"]) == (status, whole["text"])


def test_an_emergency_is_announced_before_everything_else(live):
    events = stream(live.url, "我爸突然嘴歪、说话不清，怎么办？")
    assert ("notice", "emergency") == (events[1]["type"], events[1]["kind"])


def test_no_question_reaches_the_log(live):
    stream(live.url, QUESTIONS["zh"])
    assert QUESTIONS["zh"][:8] not in live.log.read_text()


def test_without_an_engine_the_answer_is_quotations_and_says_so(live_without_engine):
    _, answer = post(f"{live_without_engine.url}/v1/answers", {"question": QUESTIONS["zh"]})
    assert "degraded" in [notice["kind"] for notice in answer["notices"]]
    assert answer["sentences"]
    for sentence in answer["sentences"]:
        # A table row is shown with the names of its columns between its cells.
        cells = [cell.strip() for cell in sentence["citations"][0]["quote"].strip("|").split("|")]
        assert all(cell.rstrip("。") in sentence["text"] for cell in cells)


def test_passages_of_a_document_tile_its_text(live):
    document = get(f"{live.url}/v1/documents/hypertension-zh")
    assert 0 == document["sections"][0]["start"]
    assert all(left["end"] == right["start"] for left, right in pairwise(document["sections"]))
    assert len(document["text"]) == document["sections"][-1]["end"]
