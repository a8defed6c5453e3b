from collections.abc import Iterator

import pytest
import stamina
from starlette.responses import Response

from knowledge.errors import (
    GenerationCorrupt,
    GenerationMissing,
    InvalidSettings,
    KnowledgeError,
    StoreLocked,
    StoreUnavailable,
)
from knowledge.server_connection import Connection, connect
from knowledge.server_store import ServerStore
from tests.knowledge.factories import make_passage
from tests.knowledge.store_contract.places import wire_place
from tests.knowledge.store_contract.steps import complete, generation_ids
from tests.knowledge.store_contract.wire_qdrant import URL, WireQdrant, failure
from tests.live import free_port

LOAD = "PUT /collections/medcite_g1/points"
KEY = "k3y-of-the-server"


@pytest.fixture
def server() -> WireQdrant:
    return WireQdrant()


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Ask a failing server again at once, four times in all."""
    with stamina.set_testing(True, attempts=4):
        yield


async def error_of(server: WireQdrant, answer: Response) -> KnowledgeError:
    server.faults = [("", answer)]
    connection = Connection(server.client(api_key=KEY), URL)
    with pytest.raises(KnowledgeError) as caught:
        await connection.ask(lambda client: client.get_aliases())
    return caught.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, GenerationCorrupt),
        (401, InvalidSettings),
        (403, InvalidSettings),
        (404, GenerationMissing),
        (408, StoreUnavailable),
        (409, StoreLocked),
        (413, GenerationCorrupt),
        (429, StoreUnavailable),
        (500, StoreUnavailable),
        (503, StoreUnavailable),
    ],
)
async def test_an_answer_becomes_an_error_of_ours_with_the_address_and_without_the_key(
    server: WireQdrant, status: int, expected: type[KnowledgeError]
):
    error = await error_of(server, failure(status))
    assert (expected, True, False) == (type(error), URL in str(error), KEY in str(error))


async def test_what_the_server_says_is_told(server: WireQdrant):
    assert "(status 500: no space left)" in str(await error_of(server, failure(500, "no space left")))


async def test_a_refused_key_names_its_setting(server: WireQdrant):
    assert "set MEDCITE_QDRANT_API_KEY" in str(await error_of(server, failure(401)))


async def test_an_overloaded_server_that_names_a_time_is_unavailable(server: WireQdrant):
    busy = failure(429)
    busy.headers["Retry-After"] = "1"
    assert StoreUnavailable is type(await error_of(server, busy))


@pytest.mark.parametrize("answer", [Response("<html>", 200), Response("<html>", 404)], ids=["200", "404"])
async def test_a_server_that_is_not_qdrant_is_told_apart(server: WireQdrant, answer: Response):
    assert f"{URL} does not answer like Qdrant; check MEDCITE_QDRANT_URL" == str(
        await error_of(server, answer)
    )


async def test_the_key_is_sent_with_every_request(server: WireQdrant):
    await complete(ServerStore(Connection(server.client(api_key=KEY), URL)), "g1", [make_passage()])
    assert {KEY} == server.keys


async def test_a_server_that_is_away_is_named_with_the_remedy():
    url = f"http://127.0.0.1:{free_port()}"
    store = ServerStore(connect(url, None))
    with pytest.raises(StoreUnavailable, match=f"Qdrant at {url} cannot be reached .*MEDCITE_QDRANT_URL"):
        await store.current()


def test_a_server_that_is_away_can_be_tried_again():
    assert StoreUnavailable.retryable


async def test_a_writer_asks_a_failing_server_again(server: WireQdrant):
    server.faults = [(LOAD, failure(503)), (LOAD, failure(429)), (LOAD, failure(500))]
    store = wire_place(server).store()
    await complete(store, "g1", [make_passage()])
    assert ["g1"] == await generation_ids(store)


async def test_a_writer_gives_up_on_a_server_that_keeps_failing(server: WireQdrant):
    server.faults = [(LOAD, failure(503))] * 9
    with pytest.raises(StoreUnavailable, match="status 503"):
        await complete(wire_place(server).store(), "g1", [make_passage()])


async def test_a_request_that_is_refused_is_not_repeated(server: WireQdrant):
    server.faults = [(LOAD, failure(400))]
    with pytest.raises(GenerationCorrupt):
        await complete(wire_place(server).store(), "g1", [make_passage()])
    assert 1 == server.seen.count(LOAD)


async def test_a_reader_does_not_wait_for_a_failing_server(server: WireQdrant):
    server.faults = [("GET /aliases", failure(503))]
    with pytest.raises(StoreUnavailable):
        await wire_place(server).store().current()
    assert 1 == server.seen.count("GET /aliases")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://qdrant", "http://qdrant:6333"),
        ("https://qdrant:443/", "https://qdrant:443"),
        ("https://somebody:secret@qdrant:6334/path", "https://qdrant:6334"),
    ],
)
def test_an_address_is_shown_without_credentials(url: str, expected: str):
    assert expected == connect(url, None).address


@pytest.mark.parametrize("url", ["http://qdrant:99999", "http://qdrant:port", "http://[::1"])
def test_an_impossible_url_names_its_setting(url: str):
    with pytest.raises(InvalidSettings, match="MEDCITE_QDRANT_URL"):
        connect(url, None)
