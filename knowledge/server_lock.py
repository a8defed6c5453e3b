"""The writer's lock on a Qdrant server: one point that only its owner may change.

Qdrant has no locks, but an upsert under a condition is applied atomically to a point: it goes
through when the point is missing or matches, and through one replica when its ordering is strong.
So the lock is taken by one upsert whose condition is "silent for too long", and reading it back
says who got it.
"""

import os
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from qdrant_client import models

from knowledge.errors import InvalidSettings, StoreLocked, StoreUnavailable
from knowledge.server_connection import Connection
from knowledge.server_layout import Layout

log = structlog.get_logger()

# Longer than the slowest step between two writes (a thousand passages embedded on one processor),
# and than the clocks of two machines differ.
SILENCE_LIMIT_S = 1800
_RENEW_EVERY_S = 60
_POINT = 1
# Clusters in strict mode refuse a condition on a field without an index.
_FIELDS = {"token": models.PayloadSchemaType.KEYWORD, "renewed_at": models.PayloadSchemaType.FLOAT}
# The first release with conditional upserts and collection metadata.
_MIN_VERSION = (1, 16)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock; times are seconds since 1970 by the owner's clock."""

    token: str
    owner: str
    taken_at: float
    renewed_at: float

    @property
    def silent_s(self) -> int:
        """Seconds since the last sign of life."""
        return round(time.time() - self.renewed_at)

    @property
    def age_s(self) -> int:
        """Seconds since the lock was taken."""
        return round(time.time() - self.taken_at)


class WriterLock:
    """The right to write, for one writer; it must be renewed while work goes on."""

    def __init__(self, server: Connection, layout: Layout) -> None:
        self._server = server
        self._patient = server.patient()
        self._layout = layout
        self._token = secrets.token_hex(8)
        self._taken_at = time.time()
        self._next_renewal = 0.0

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the lock while the block runs.

        Raises:
            StoreLocked: Somebody else holds it and gave a sign of life lately.
            InvalidSettings: The server is too old to lock.
        """
        await self._check_version()
        await self._prepare()
        await self._take()
        try:
            yield
        finally:
            await self._release()

    async def renew(self) -> None:
        """Give a sign of life, once a minute at most.

        Raises:
            StoreLocked: As `confirm` does.
        """
        if time.monotonic() >= self._next_renewal:
            await self.confirm()

    async def confirm(self) -> None:
        """Give a sign of life now.

        Raises:
            StoreLocked: The lock was broken meanwhile; what was written so far is not published.
        """
        await self._write(models.FieldCondition(key="token", match=models.MatchValue(value=self._token)))
        holder = await self._read()
        if holder is None or holder.token != self._token:
            thief = holder.owner if holder else "a writer that has ended"
            raise StoreLocked(
                f"the lock on Qdrant at {self._server.address} was taken over by {thief} while this ingest was "
                "silent; nothing is published, run it again"
            )

    async def _take(self) -> None:
        before = await self._read()
        stale_before = time.time() - SILENCE_LIMIT_S
        await self._write(models.FieldCondition(key="renewed_at", range=models.Range(lt=stale_before)))
        holder = await self._read()
        if holder is None or holder.token != self._token:
            raise StoreLocked(self._refusal(holder or before))
        if before is not None and before.renewed_at < stale_before:
            log.warning("stale_lock_broken", owner=before.owner, age_s=before.age_s, silent_s=before.silent_s)

    def _refusal(self, holder: Holder | None) -> str:
        where = f"Qdrant at {self._server.address}"
        if holder is None:
            return f"another ingest has just written to {where}; try again"
        return (
            f"{holder.owner} has been writing to {where} for {holder.age_s} s, last heard of {holder.silent_s} s ago; "
            f"wait for it to end. If it is dead, its lock is broken {SILENCE_LIMIT_S} s after its last sign of "
            f"life; to go on at once, delete the collection {self._layout.lock}"
        )

    async def _release(self) -> None:
        mine = models.Filter(
            must=[models.FieldCondition(key="token", match=models.MatchValue(value=self._token))]
        )
        try:
            await self._server.ask(
                lambda client: client.delete(
                    self._layout.lock,
                    models.FilterSelector(filter=mine),
                    ordering=models.WriteOrdering.STRONG,
                )
            )
        except StoreUnavailable as error:
            log.warning("lock_not_released", broken_after_s=SILENCE_LIMIT_S, reason=str(error))

    async def _read(self) -> Holder | None:
        records = await self._patient.ask(
            lambda client: client.retrieve(
                self._layout.lock, [_POINT], consistency=models.ReadConsistencyType.MAJORITY
            )
        )
        return Holder(**(records[0].payload or {})) if records else None

    async def _write(self, condition: models.FieldCondition) -> None:
        """Write the lock if it is free or meets the condition."""
        payload: dict[str, Any] = {
            "token": self._token,
            "owner": f"process {os.getpid()} on {socket.gethostname()}",
            "taken_at": self._taken_at,
            "renewed_at": time.time(),
        }
        await self._patient.ask(
            lambda client: client.upsert(
                self._layout.lock,
                [models.PointStruct(id=_POINT, vector={}, payload=payload)],
                ordering=models.WriteOrdering.STRONG,
                update_filter=models.Filter(must=[condition]),
            )
        )
        self._next_renewal = time.monotonic() + _RENEW_EVERY_S

    async def _prepare(self) -> None:
        await self._patient.create(
            self._layout.lock, _FIELDS, vectors_config={}, shard_number=1, **self._layout.replication
        )

    async def _check_version(self) -> None:
        version = (await self._patient.ask(lambda client: client.info())).version
        major, minor = (int(part) for part in version.split(".")[:2])
        if (major, minor) < _MIN_VERSION:
            raise InvalidSettings(
                f"Qdrant at {self._server.address} is version {version}; medcite needs "
                f"{'.'.join(map(str, _MIN_VERSION))} or newer, which can keep two writers apart"
            )
