import asyncio
from collections.abc import Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient

from rag_service.generation_fake import ScriptedGenerator
from tests.rag_service.factories import GENERATION, METFORMIN, PRESSURE, make_passages, open_client, publish


@pytest.fixture(scope="module")
def client(store) -> Iterator[TestClient]:
    with open_client(store, ScriptedGenerator()) as client:
        yield client


def search(client: TestClient, query: str, **fields: object) -> dict:
    response = client.post("/v1/search", json={"query": query, **fields})
    assert 200 == response.status_code, response.text
    return response.json()


def test_the_passage_that_matches_best_has_rank_1(client: TestClient):
    found = search(client, "When must metformin not be used?")
    assert (1, METFORMIN) == (found["hits"][0]["rank"], found["hits"][0]["passage"]["document_id"])


def test_ranks_count_from_1_without_gaps(client: TestClient):
    assert [1, 2, 3, 4] == [hit["rank"] for hit in search(client, "血压 metformin")["hits"]]


def test_a_search_tells_generation_and_language(client: TestClient):
    found = search(client, "血压")
    assert (GENERATION, "zh") == (found["generation"], found["language"])


def test_the_limit_bounds_the_hits(client: TestClient):
    assert 1 == len(search(client, "血压", limit=1)["hits"])


def test_hits_are_not_explained_unless_asked_for(client: TestClient):
    assert search(client, "血压")["hits"][0]["explanation"] is None


def test_an_explanation_names_the_terms_that_match(client: TestClient):
    (first, *_) = search(client, "metformin dose", explain=True)["hits"]
    assert {"metformin", "dose"} <= set(first["explanation"]["matched_terms"])


def test_an_explanation_says_why_a_passage_is_left_out_of_answers(tmp_path):
    older = make_passages("old", ["Take 1 tablet a day with water."])
    newer = make_passages("new", ["Take 1 tablet a day with water"])
    store = asyncio.run(publish(tmp_path, older + newer))
    with open_client(store, ScriptedGenerator()) as client:
        hits = search(client, "How many tablets a day?", explain=True)["hits"]
    first, second = hits
    assert (None, "repeats", first["passage"]["passage_id"]) == (
        first["explanation"]["left_out"],
        second["explanation"]["left_out"],
        second["explanation"]["because_of"],
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ["zh"]}, {PRESSURE}),
        ({"languages": ["en"]}, {METFORMIN}),
        ({"publishers": ["WHO"]}, {PRESSURE, METFORMIN}),
        ({"publishers": ["nobody"]}, set()),
        ({"sources": ["nowhere"]}, set()),
        ({"document_types": ["article"]}, set()),
        ({"dated_from": date(2020, 1, 1).isoformat()}, set()),
    ],
)
def test_filters_admit_what_they_name(client: TestClient, filters: dict, expected: set[str]):
    hits = search(client, "血压 metformin", filters=filters)["hits"]
    assert expected == {hit["passage"]["document_id"] for hit in hits}


@pytest.mark.parametrize("query", ["", " ", "😀😀", "？！", "\x00\x07"])
def test_a_query_without_words_has_no_hits_and_a_reason(client: TestClient, query: str):
    found = search(client, query)
    assert ([], "no_words") == (found["hits"], found["reason"])


@pytest.mark.parametrize(
    "query",
    [
        "血压" * 25_000,
        "' OR 1=1; DROP TABLE passages; --",
        "<script>alert(1)</script> 血压",
        "¿Cuánto es la presión arterial normal?",
        "血圧はどのくらいが高いですか blood pressure 血压",
        "\u202e血压\u200b",
    ],
)
def test_any_text_is_searched_for(client: TestClient, query: str):
    assert "" == search(client, query)["reason"]


def test_half_a_surrogate_pair_is_searched_without_it(client: TestClient):
    response = client.post(
        "/v1/search",
        content=b'{"query": "\\ud800 \xe8\xa1\x80\xe5\x8e\x8b"}',
        headers={"Content-Type": "application/json"},
    )
    assert 200 == response.status_code


@pytest.mark.parametrize(
    "body", [{}, {"query": 1}, {"query": "x", "limit": 0}, {"query": "x", "colour": "red"}]
)
def test_a_request_of_another_form_is_refused(client: TestClient, body: dict):
    assert 422 == client.post("/v1/search", json=body).status_code
