import pytest

from knowledge.edge_store import EdgeStore
from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.factories import FailingEmbedder, events_of, open_client

SECRET = "Zyxwvut"
QUESTION = f"My name is {SECRET}, what is the dose of metformin?"
# Longer than a question with a record pasted before it may be.
LONG = f"{SECRET} " * 8001
BROKEN = ValueError(QUESTION)


@pytest.fixture(params=["page", "no-page"], scope="module")
def client(store, request, tmp_path_factory):
    """A client of the application, with the chat page built and without: routes are the same."""
    static = tmp_path_factory.mktemp("static")
    if request.param == "page":
        (static / "assets").mkdir()
        (static / "index.html").write_text("<title>medcite</title>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag_service.app.STATIC_PATH", static)
        with open_client(store, ScriptedGenerator("The dose is 500 mg. [1]")) as client:
            yield client


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (400, "POST", "/v1/answers", b"{"),
        (400, "POST", "/v1/answers", f'{{"question": "{SECRET}'.encode()),
        (400, "POST", "/v1/answers", b'{"question": "\xff"}'),
        (422, "POST", "/v1/answers", b"[]"),
        (422, "POST", "/v1/answers", b"{}"),
        (422, "POST", "/v1/answers", b'{"question": ""}'),
        (422, "POST", "/v1/answers", b'{"question": "  "}'),
        (422, "POST", "/v1/answers", b'{"question": 7}'),
        (422, "POST", "/v1/answers", b'{"question": "\\ud800"}'),
        (422, "POST", "/v1/answers", f'{{"question": "{LONG}"}}'.encode()),
        (422, "POST", "/v1/answers", f'{{"question": "{SECRET}", "stram": true}}'.encode()),
        (422, "POST", "/v1/answers", f'{{"question": "{SECRET}", "language": "fr"}}'.encode()),
        (422, "POST", "/v1/answers", f'{{"question": "{SECRET}", "max_passages": 51}}'.encode()),
        (422, "POST", "/v1/answers", b'{"question": "ok", "record": "\\ud800"}'),
        (422, "POST", "/v1/answers", b'{"messages": [{"role": "user", "content": "\\ud800"}]}'),
        (
            422,
            "POST",
            "/v1/answers",
            b'{"messages": [{"role": "user", "content": "\\udfff"}, {"role": "user", "content": "ok"}]}',
        ),
        (422, "POST", "/v1/answers", b'{"messages": [{"role": "assistant", "content": "ok"}]}'),
        (422, "POST", "/v1/answers", b'{"messages": [{"role": "system", "content": "ok"}]}'),
        (422, "POST", "/v1/answers", f'{{"question": "{SECRET}", "candidates": 9}}'.encode()),
        (404, "GET", "/v1/passages/absent", None),
        (404, "GET", "/v1/passages/5c1f3e0a-7f3b-4a52-9a0e-2f6d1c0b8a11", None),
        (404, "GET", "/v1/documents/absent/document", None),
        (404, "GET", "/absent", None),
        (404, "POST", "/absent", None),
        (404, "GET", "/v1/absent", None),
        (405, "GET", "/v1/answers", None),
        (405, "DELETE", "/health", None),
    ],
)
def test_a_fault_of_the_client_is_a_problem_with_its_status(client, status, method, path, body):
    response = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert (status, "application/problem+json", status) == (
        response.status_code,
        response.headers["content-type"],
        response.json()["status"],
    )


@pytest.mark.parametrize(
    "body",
    [
        f'{{"question": "{SECRET}',
        f'{{"question": "{LONG}"}}',
        f'{{"question": ["{SECRET}"]}}',
        f'{{"question": "{SECRET}", "stram": true}}',
        f'{{"question": "ok", "language": "{SECRET}"}}',
        f'{{"question": "ok", "stream": "{SECRET}"}}',
        f'{{"question": "ok", "what is {SECRET}": 1}}',
        f'"{SECRET}"',
    ],
)
def test_a_problem_never_repeats_what_was_sent(client, body):
    response = client.post("/v1/answers", content=body.encode(), headers={"Content-Type": "application/json"})
    assert (True, False) == (response.status_code >= 400, SECRET in response.text)


def test_a_problem_has_the_id_of_its_request(client):
    response = client.post("/v1/answers", json={"question": ""})
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_a_misspelled_field_is_named(client):
    response = client.post("/v1/answers", json={"question": "ok", "stram": True})
    assert "stram: Extra inputs are not permitted" == response.json()["detail"]


def test_a_value_out_of_range_is_named_once_with_its_field(client):
    response = client.post("/v1/answers", json={"question": "ok", "max_passages": 0})
    assert "max_passages: Input should be greater than or equal to 1" == response.json()["detail"]


def test_a_question_that_is_too_long_is_told_by_how_much(client):
    detail = client.post("/v1/answers", json={"question": "x" * 64_001}).json()["detail"]
    assert "the question has 64001 characters, at most 64000 are read; shorten it" == detail


def test_a_record_that_is_too_long_is_told_by_how_much(client):
    detail = client.post("/v1/answers", json={"question": "ok", "record": "x" * 60_001}).json()["detail"]
    assert "the record has 60001 characters, at most 60000 are read; shorten it" == detail


def test_a_wrong_method_tells_the_right_one(client):
    assert "POST" == client.get("/v1/answers").headers["allow"]


def test_a_service_without_an_index_asks_to_come_back(tmp_path):
    with open_client(EdgeStore(tmp_path), ScriptedGenerator()) as client:
        response = client.post("/v1/answers", json={"question": QUESTION})
    assert (503, "5") == (response.status_code, response.headers["retry-after"])


def test_a_stream_that_cannot_begin_is_a_problem_and_not_a_stream(tmp_path):
    with open_client(EdgeStore(tmp_path), ScriptedGenerator()) as client:
        response = client.post("/v1/answers", json={"question": QUESTION, "stream": True})
    assert (503, "application/problem+json") == (response.status_code, response.headers["content-type"])


def test_an_embedder_that_fails_is_a_problem_of_the_knowledge(store):
    with open_client(store, ScriptedGenerator(), FailingEmbedder()) as client:
        response = client.post("/v1/answers", json={"question": QUESTION})
    assert (503, "Knowledge not ready") == (response.status_code, response.json()["title"])


def test_an_unexpected_error_is_a_problem_that_tells_nothing(store):
    with open_client(store, ScriptedGenerator(error=BROKEN)) as client:
        response = client.post("/v1/answers", json={"question": QUESTION})
    assert (500, "the service failed; see its log") == (
        response.status_code,
        response.json()["detail"],
    )


def test_an_unexpected_error_has_the_id_of_its_request_in_header_and_body(store):
    with open_client(store, ScriptedGenerator(error=BROKEN)) as client:
        response = client.post("/v1/answers", json={"question": QUESTION})
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_an_unexpected_error_mid_stream_ends_the_stream_in_a_failure(store):
    with open_client(store, ScriptedGenerator("It is so. [1]", "Rest", error=BROKEN)) as client:
        response = client.post("/v1/answers", json={"question": QUESTION, "stream": True})
    assert ["sentence", "answer.failed"] == [event["event"] for event in events_of(response)][-2:]


def test_the_failure_at_the_end_of_a_stream_tells_nothing(store):
    with open_client(store, ScriptedGenerator(error=BROKEN)) as client:
        response = client.post("/v1/answers", json={"question": QUESTION, "stream": True})
    assert "the service failed; see its log" == events_of(response)[-1]["data"]["problem"]["detail"]
