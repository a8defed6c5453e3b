import asyncio

import pytest

from knowledge.embedding_fake import HashingEmbedder
from knowledge.search import SearchQuery
from rag_service.app import Parts, create_app
from rag_service.generation import GenerationRequest, VllmGenerator
from rag_service.generation_fake import ScriptedGenerator
from rag_service.library import Library
from rag_service.prompts import Prompt
from rag_service.screening import load_policy
from rag_service.settings import ServiceSettings
from rag_service.wording import DISCLAIMER
from tests.rag_service.engine_stub import DONE, chunk, sending, serve_engine
from tests.rag_service.factories import open_client


@pytest.fixture(scope="module")
def page_client(store, tmp_path_factory):
    """A client with a built chat page in place of the one that may or may not be there."""
    static = tmp_path_factory.mktemp("static")
    (static / "assets").mkdir()
    (static / "assets" / "index-1a.js").write_text("go()")
    (static / "index.html").write_text("<title>chat</title>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag_service.app.STATIC_PATH", static)
        with open_client(store, ScriptedGenerator()) as client:
            yield client


@pytest.fixture(scope="module")
def client(store):
    with open_client(store, ScriptedGenerator("It is so. [1]")) as client:
        yield client


def test_the_root_is_the_chat_page(page_client):
    assert "<title>chat</title>" == page_client.get("/").text


def test_the_chat_page_answers_to_head(page_client):
    assert 200 == page_client.head("/").status_code


def test_the_parts_of_the_page_are_found(page_client):
    assert "go()" == page_client.get("/assets/index-1a.js").text


@pytest.mark.parametrize("path", ["/", "/assets/index-1a.js"])
def test_the_page_runs_no_foreign_code_and_in_no_foreign_frame(page_client, path):
    policy = page_client.get(path).headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "frame-ancestors 'self'", "base-uri 'none'"} <= set(policy)


def test_nothing_outside_the_page_is_served(page_client):
    assert 404 == page_client.get("/assets/%2e%2e/index.html").status_code


def test_without_the_page_the_root_says_how_to_build_it(store, tmp_path, monkeypatch):
    monkeypatch.setattr("rag_service.app.STATIC_PATH", tmp_path)
    with open_client(store, ScriptedGenerator()) as client:
        response = client.get("/")
    assert (503, True) == (response.status_code, "make web" in response.text)


def test_the_interface_description_lists_every_route(client):
    expected = {
        "/v1/answers",
        "/v1/passages/{passage_id}",
        "/v1/search",
        "/v1/documents/{document_id}",
        "/health",
        "/livez",
        "/readyz",
    }
    assert expected == set(client.get("/openapi.json").json()["paths"])


def test_the_interface_description_has_the_answer_and_the_problem(client):
    assert {"Answer", "AnswerRequest", "Problem", "PassageResource", "DocumentResource"} <= set(
        client.get("/openapi.json").json()["components"]["schemas"]
    )


def test_the_interface_description_says_that_an_answer_may_be_a_stream(client):
    answers = client.get("/openapi.json").json()["paths"]["/v1/answers"]["post"]
    assert {"application/json", "text/event-stream"} == set(answers["responses"]["200"]["content"])


def test_every_field_of_a_question_is_described(client):
    fields = client.get("/openapi.json").json()["components"]["schemas"]["AnswerRequest"]["properties"]
    assert [] == [name for name, schema in fields.items() if not schema.get("description")]


def test_two_questions_at_once_get_their_own_answers(client):
    async def ask_both():
        bodies = [{"question": text} for text in ("What is the dose of metformin?", "诊室血压的标准？")]
        return await asyncio.gather(
            *(asyncio.to_thread(client.post, "/v1/answers", json=body) for body in bodies)
        )

    disclaimers = [response.json()["notices"][-1]["text"] for response in asyncio.run(ask_both())]
    assert [DISCLAIMER["en"], DISCLAIMER["zh"]] == disclaimers


async def test_stopping_closes_the_connections_to_the_engine(store):
    async with serve_engine(sending(chunk("x") + DONE)) as stub:
        generator = VllmGenerator(ServiceSettings(engine_url=stub.url))
        library = Library(store, HashingEmbedder())
        application = create_app(Parts(ServiceSettings(), library, generator, load_policy()))
        async with application.router.lifespan_context(application):
            await generator.is_reachable()
        with pytest.raises(RuntimeError, match="Session is closed"):
            await anext(generator.stream(GenerationRequest(Prompt("", ""), None)))


async def test_stopping_releases_the_embedding_thread(store):
    library = Library(store, HashingEmbedder())
    application = create_app(Parts(ServiceSettings(), library, ScriptedGenerator(), load_policy()))
    async with application.router.lifespan_context(application):
        await library.open()
    with pytest.raises(RuntimeError, match="after shutdown"):
        await library.retrieve(SearchQuery("血压"))
