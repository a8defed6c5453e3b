import logging

import pytest
from structlog.testing import capture_logs

from rag_service.errors import EngineFailed
from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.factories import METFORMIN, open_client

SECRET = "Zyxwvut"
QUESTION = f"My name is {SECRET}, what is the dose of metformin?"
BROKEN = ValueError(QUESTION)


@pytest.fixture(scope="module")
def client(store):
    with open_client(store, ScriptedGenerator("The dose is 500 mg. [1]")) as client:
        yield client


def lines_of(client, method, path, **content):
    with capture_logs() as lines:
        client.request(method, path, **content)
    return lines


def test_a_request_is_one_line(client):
    assert ["request"] == [line["event"] for line in lines_of(client, "GET", "/health")]


def test_a_line_has_the_route_and_not_the_path(client):
    (line,) = lines_of(client, "GET", f"/v1/documents/{METFORMIN}")
    assert "/v1/documents/{document_id:path}" == line["route"]


def test_a_path_that_no_route_has_is_not_repeated(client):
    (line,) = lines_of(client, "GET", f"/{SECRET}")
    assert "unmatched" == line["route"]


def test_a_line_has_the_status(client):
    (line,) = lines_of(client, "POST", "/v1/answers", json={"question": ""})
    assert 422 == line["status"]


def test_a_line_has_the_id_that_the_client_was_given(client):
    with capture_logs() as lines:
        response = client.get("/health")
    assert response.headers["x-request-id"] == lines[0]["request_id"]


def test_every_request_has_an_id_of_its_own(client):
    ids = {client.get("/health").headers["x-request-id"] for _ in range(3)}
    assert 3 == len(ids)


def test_an_unexpected_error_is_logged_by_its_type(store):
    with open_client(store, ScriptedGenerator(error=BROKEN)) as client:
        failed = lines_of(client, "POST", "/v1/answers", json={"question": QUESTION})[0]
    assert ("answer failed", "ValueError") == (failed["event"], failed["error"])


def test_an_unexpected_error_is_logged_with_the_place_it_came_from(store):
    with open_client(store, ScriptedGenerator(error=BROKEN)) as client:
        failed = lines_of(client, "POST", "/v1/answers", json={"question": QUESTION})[0]
    assert failed["places"][-1].startswith("generation_fake.py:")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("error", [None, BROKEN, EngineFailed("status 400")])
@pytest.mark.parametrize("pieces", [(), ("The dose is 500 mg. [1]", f"{SECRET} again. [2]")])
def test_neither_question_nor_answer_is_ever_logged(store, caplog, capfd, pieces, error, stream):
    caplog.set_level(logging.DEBUG)
    with open_client(store, ScriptedGenerator(*pieces, error=error)) as client:
        client.post("/v1/answers", json={"question": QUESTION, "stream": stream})
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text


@pytest.mark.parametrize(
    "body", [f'{{"question": "{SECRET}', f'{{"question": "{SECRET}", "x": 1}}', f'"{SECRET}"']
)
def test_a_body_that_is_refused_is_not_logged(client, caplog, capfd, body):
    caplog.set_level(logging.DEBUG)
    client.post("/v1/answers", content=body, headers={"Content-Type": "application/json"})
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text
