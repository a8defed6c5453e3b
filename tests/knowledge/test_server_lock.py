import asyncio
import os
import re
import socket
from itertools import islice

import pytest
from structlog.testing import capture_logs

from knowledge.errors import InvalidSettings, StoreLocked
from knowledge.server_connection import Connection
from knowledge.server_layout import Layout
from knowledge.server_lock import SILENCE_LIMIT_S, WriterLock
from tests.knowledge.store_contract.places import QdrantPlace, wire_place
from tests.knowledge.store_contract.wire_qdrant import URL, WireQdrant

OWNER = f"process {os.getpid()} on {socket.gethostname()}"


@pytest.fixture
def place() -> QdrantPlace:
    return wire_place(WireQdrant())


def make_lock(place: QdrantPlace) -> WriterLock:
    return WriterLock(Connection(place.client, URL), Layout())


async def refusal(place: QdrantPlace) -> str:
    with pytest.raises(StoreLocked) as caught:
        async with make_lock(place).held():
            pass
    return str(caught.value)


async def test_a_lock_that_was_released_can_be_taken(place: QdrantPlace):
    async with make_lock(place).held():
        pass
    async with make_lock(place).held():
        pass


async def test_a_lock_is_released_when_its_owner_fails(place: QdrantPlace):
    with pytest.raises(RuntimeError):
        async with make_lock(place).held():
            raise RuntimeError
    async with make_lock(place).held():
        pass


async def test_a_refusal_names_the_owner(place: QdrantPlace):
    async with make_lock(place).held():
        assert (await refusal(place)).startswith(f"{OWNER} has been writing to Qdrant at {URL} for ")


async def test_a_refusal_names_the_age_and_the_silence(place: QdrantPlace):
    async with make_lock(place).held():
        await place.age_lock(600)
        assert "for 600 s, last heard of 600 s ago" in await refusal(place)


async def test_a_refusal_says_what_to_do_about_a_dead_owner(place: QdrantPlace):
    async with make_lock(place).held():
        assert "delete the collection medcite-lock" in await refusal(place)


async def test_a_refusal_can_be_tried_again(place: QdrantPlace):
    async with make_lock(place).held():
        await refusal(place)
    assert StoreLocked.retryable


@pytest.mark.parametrize("seconds", [0, SILENCE_LIMIT_S - 60])
async def test_a_lock_is_not_broken_before_its_time(place: QdrantPlace, seconds: float):
    async with make_lock(place).held():
        await place.age_lock(seconds)
        await refusal(place)


async def test_a_stale_lock_is_broken_and_that_is_said(place: QdrantPlace):
    async with make_lock(place).held():
        await place.age_lock(SILENCE_LIMIT_S + 60)
        with capture_logs() as logs:
            async with make_lock(place).held():
                pass
    assert [("stale_lock_broken", OWNER, SILENCE_LIMIT_S + 60)] == [
        (entry["event"], entry["owner"], entry["silent_s"]) for entry in logs
    ]


async def test_taking_a_free_lock_says_nothing(place: QdrantPlace):
    with capture_logs() as logs:
        async with make_lock(place).held():
            pass
    assert [] == logs


async def test_a_broken_lock_is_not_released_by_its_old_owner(place: QdrantPlace):
    new = make_lock(place)
    async with make_lock(place).held():
        await place.age_lock(SILENCE_LIMIT_S + 60)
        breaking = new.held()
        await breaking.__aenter__()
    assert OWNER in await refusal(place)
    await breaking.__aexit__(None, None, None)


async def test_an_owner_learns_that_its_lock_was_broken(place: QdrantPlace):
    old = make_lock(place)
    async with old.held():
        await place.age_lock(SILENCE_LIMIT_S + 60)
        async with make_lock(place).held():
            with pytest.raises(StoreLocked, match=re.escape(f"taken over by {OWNER}")):
                await old.confirm()


async def test_a_sign_of_life_makes_a_lock_fresh(place: QdrantPlace):
    lock = make_lock(place)
    async with lock.held():
        await place.age_lock(SILENCE_LIMIT_S + 60)
        await lock.confirm()
        assert "last heard of 0 s ago" in await refusal(place)


async def test_a_lock_is_renewed_once_a_minute_at_most():
    server = WireQdrant()
    lock = make_lock(wire_place(server))
    async with lock.held():
        server.seen.clear()
        await lock.renew()
    assert not any("PUT" in asked for asked in server.seen)


@pytest.mark.parametrize("stale", [False, True])
async def test_of_many_who_want_the_lock_one_gets_it(place: QdrantPlace, stale: bool):
    if stale:
        await make_lock(place).held().__aenter__()
        await place.age_lock(SILENCE_LIMIT_S + 60)
    done = asyncio.Event()

    async def take() -> bool:
        try:
            async with make_lock(place).held():
                await done.wait()
        except StoreLocked:
            return False
        return True

    wanting = [asyncio.create_task(take()) for _ in range(8)]
    refused = [await task for task in islice(asyncio.as_completed(wanting), 7)]
    done.set()
    assert ([False] * 7, 1) == (refused, sum([await task for task in wanting]))


@pytest.mark.parametrize("version", ["1.15.4", "0.11.7"])
async def test_a_server_too_old_to_lock_is_refused(version: str):
    place = wire_place(WireQdrant(version))
    with pytest.raises(InvalidSettings, match=rf"is version {version}; medcite needs 1\.16 or newer"):
        async with make_lock(place).held():
            pass


@pytest.mark.parametrize("version", ["1.16.0", "1.21.0-dev", "2.0.0"])
async def test_a_newer_server_is_accepted(version: str):
    async with make_lock(wire_place(WireQdrant(version))).held():
        pass
