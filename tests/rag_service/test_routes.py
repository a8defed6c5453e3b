import asyncio
import socket

import pytest
import uvicorn

from knowledge.edge_store import EdgeStore
from knowledge.embedding_fake import HashingEmbedder
from rag_service.app import Parts, create_app
from rag_service.errors import EngineFailed, EngineUnavailable
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.screening import load_policy
from rag_service.settings import ServiceSettings
from tests.rag_service.factories import (
    METFORMIN,
    METFORMIN_TEXTS,
    PRESSURE,
    events_of,
    metformin,
    open_client,
)

QUESTION = "诊室血压的标准是多少？"
PIECES = ("诊室血压的标准是140/90 mmHg。[1]", "测量前应安静休息5分钟。[2]")
ANSWER = {
    "answer_id", "text", "sentences", "sources", "notices", "refusal", "withheld", "packing", "structured", "generation", "model",
    "versions", "usage", "timings_ms",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(store):
    with open_client(store, ScriptedGenerator(*PIECES)) as client:
        yield client


def post(client, **fields):
    return client.post("/v1/answers", json={"question": QUESTION, **fields})


def test_an_answer_is_one_json_object_by_default(client):
    response = post(client)
    assert (200, "application/json") == (response.status_code, response.headers["content-type"])


def test_the_json_answer_has_the_fields_of_the_contract(client):
    assert ANSWER == set(post(client).json())


def test_an_answer_is_never_kept_by_a_cache(client):
    assert "no-store" == post(client).headers["cache-control"]


def test_a_stream_is_of_server_sent_events(client):
    response = post(client, stream=True)
    assert "text/event-stream; charset=utf-8" == response.headers["content-type"]


def test_a_stream_is_neither_cached_nor_buffered_on_its_way(client):
    headers = post(client, stream=True).headers
    assert ("no-store", "no") == (headers["cache-control"], headers["x-accel-buffering"])


def test_every_event_has_an_id_a_name_and_data(client):
    assert [{"id", "event", "data"}] * 7 == [set(event) for event in events_of(post(client, stream=True))]


def test_the_ids_of_the_events_count_up(client):
    ids = [int(event["id"]) for event in events_of(post(client, stream=True))]
    assert sorted(set(ids)) == ids


def test_the_name_of_an_event_is_the_type_in_its_data(client):
    events = events_of(post(client, stream=True))
    assert [event["event"] for event in events] == [event["data"]["type"] for event in events]


@pytest.mark.parametrize("question", [QUESTION, "我胸口痛还出冷汗，血压标准是多少？"])
def test_the_stream_ends_in_the_same_answer_as_the_json(client, question):
    whole = events_of(post(client, stream=True, question=question))[-1]["data"]
    plain = post(client, question=question).json()
    varying = {"type", "answer_id", "timings_ms"}
    assert {k: v for k, v in plain.items() if k not in varying} == {
        k: v for k, v in whole.items() if k not in varying
    }


def test_the_sentences_streamed_are_those_of_the_whole_answer(client):
    events = events_of(post(client, stream=True))
    streamed = [event["data"] for event in events if event["event"] == "sentence"]
    assert [{"type": "sentence", **sentence} for sentence in events[-1]["data"]["sentences"]] == streamed


def test_the_model_is_asked_the_question_that_was_sent(store):
    generator = ScriptedGenerator(*PIECES)
    with open_client(store, generator) as client:
        post(client)
    assert generator.requests[0].prompt.user.endswith(f"\n问题：{QUESTION}")


def test_a_refusal_is_an_answer_with_status_200(store):
    with open_client(store, ScriptedGenerator("资料中没有答案。")) as client:
        response = post(client)
    assert (200, "sources_do_not_answer") == (response.status_code, response.json()["refusal"]["reason"])


def test_an_engine_that_fails_is_stood_in_for_with_status_200(store):
    with open_client(store, ScriptedGenerator(error=EngineFailed("status 400"))) as client:
        response = post(client)
    assert (200, "quoted") == (response.status_code, response.json()["sentences"][0]["origin"])


def test_an_unexpected_error_is_a_problem_with_its_status(store):
    with open_client(store, ScriptedGenerator(error=ValueError("a fault of ours"))) as client:
        response = post(client)
    assert (500, "Internal error") == (response.status_code, response.json()["title"])


def test_the_problem_of_a_failed_answer_has_the_id_of_its_request(store):
    with open_client(store, ScriptedGenerator(error=ValueError("a fault of ours"))) as client:
        response = post(client)
    assert response.headers["x-request-id"] == response.json()["request_id"]


def test_an_engine_that_breaks_off_mid_stream_still_completes_the_answer(store):
    with open_client(store, ScriptedGenerator(*PIECES, error=EngineUnavailable("lost"))) as client:
        last = events_of(post(client, stream=True))[-1]
    assert ("answer.completed", "written") == (last["event"], last["data"]["sentences"][0]["origin"])


def test_a_conversation_is_sent_as_messages(store):
    generator = ScriptedGenerator(*PIECES)
    turns = [("user", "你好"), ("assistant", "您好。"), ("user", QUESTION)]
    with open_client(store, generator) as client:
        messages = [{"role": role, "content": content} for role, content in turns]
        client.post("/v1/answers", json={"messages": messages})
    assert "问: 你好\n答: 您好。\n" in generator.requests[0].prompt.user


def test_a_passage_is_found_by_its_id(client):
    expected = metformin()[1]
    assert expected.text == client.get(f"/v1/passages/{expected.passage_id}").json()["text"]


def test_a_passage_tells_where_it_stands_in_its_document(client):
    expected = metformin()[1]
    found = client.get(f"/v1/passages/{expected.passage_id}").json()
    assert (METFORMIN, 1, expected.start, expected.end) == tuple(
        found[name] for name in ("document_id", "ordinal", "start", "end")
    )


def test_a_document_whose_id_has_a_slash_is_found(client):
    assert "".join(METFORMIN_TEXTS) == client.get(f"/v1/documents/{METFORMIN}").json()["text"]


def test_a_document_whose_slash_is_escaped_is_found(client):
    assert METFORMIN == client.get(f"/v1/documents/{METFORMIN.replace('/', '%2F')}").json()["document_id"]


def test_the_sections_of_a_document_cover_its_text(client):
    found = client.get(f"/v1/documents/{PRESSURE}").json()
    assert [{"path": ["测量"], "start": 0, "end": len(found["text"])}] == found["sections"]


def test_every_citation_leads_to_a_document_that_has_the_quote_at_its_offsets(client):
    for sentence in post(client).json()["sentences"]:
        for citation in sentence["citations"]:
            text = client.get(f"/v1/documents/{citation['document_id']}").json()["text"]
            assert citation["quote"] == text[citation["start"] : citation["end"]]


@pytest.mark.parametrize("path", ["/health", "/livez"])
def test_a_living_process_says_so_with_its_model(client, path):
    assert {"status": "ok", "model": "qwen2.5-7b"} == client.get(path).json()


def test_a_service_that_has_all_is_ready(client):
    post(client)  # by then the embedder is loaded
    response = client.get("/readyz")
    assert (200, {"status": "ready", "reasons": []}) == (response.status_code, response.json())


def test_a_service_without_an_index_is_not_ready_and_says_why(tmp_path):
    with open_client(EdgeStore(tmp_path), ScriptedGenerator()) as client:
        response = client.get("/readyz")
    assert (503, "not_ready") == (response.status_code, response.json()["status"])


def test_a_service_without_an_engine_is_not_ready_and_says_why(store):
    with open_client(store, ScriptedGenerator(error=EngineUnavailable("away"))) as client:
        post(client)
        reasons = client.get("/readyz").json()["reasons"]
    assert ["the language model is not reachable; answers are quotations until it is"] == reasons


def test_a_service_whose_index_breaks_is_not_ready_and_says_why(tmp_path):
    with open_client(EdgeStore(tmp_path), ScriptedGenerator()) as client:
        (tmp_path / "current").write_text("20990101T000000Z-000000")
        reasons = client.get("/readyz").json()["reasons"]
    assert "cannot be opened" in reasons[0]


async def test_a_client_that_leaves_a_stream_cancels_the_generation(store):
    generator = ScriptedGenerator(*["血压偏高。[1]"] * 500, delay_s=0.01)
    library = Library(store, HashingEmbedder())
    await library.open()
    application = create_app(Parts(ServiceSettings(), library, generator, load_policy()))
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, ws="none", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        body = f'{{"question": "{QUESTION}", "stream": true}}'.encode()
        head = f"POST /v1/answers HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await reader.readuntil(b"event: sentence")
        writer.close()
        server.should_exit = True  # once nothing is in flight
        await asyncio.wait_for(serving, 2)
    assert 1 == generator.n_cancelled
