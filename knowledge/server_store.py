"""The store for production: a Qdrant server or cluster.

One collection a generation, and an alias that says which is current. A generation is loaded with
indexing off, indexed, given its manifest and marked complete by an alias of its own; publishing it
moves the alias `<prefix>_current` in one atomic step.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from qdrant_client import models

from knowledge.errors import GenerationCorrupt, GenerationMissing, StoreUnavailable
from knowledge.generation import Manifest
from knowledge.server_connection import Connection
from knowledge.server_layout import Layout, Names
from knowledge.server_lock import WriterLock
from knowledge.server_manifest import read_manifest, save_manifest
from knowledge.server_reader import ServerReader, open_generation
from knowledge.server_writer import ServerWriter

log = structlog.get_logger()

# How stale the answer to "which generation is current?" may be.
_ALIAS_AGE_S = 1.0


class ServerStore:
    """A `PassageStore` on a Qdrant server. Any number of processes may read it, one may write.

    `keep` generations stay for roll-back and for replaying old answers; older ones are removed
    after a publish, but never the one just replaced: services notice the new one a second later.
    One that failed the gate stays until the next writer begins.
    """

    def __init__(self, server: Connection, keep: int = 3, layout: Layout | None = None) -> None:
        self._server = server
        self._patient = server.patient()
        self._keep = keep
        self.layout = layout or Layout()
        self._reader: ServerReader | None = None
        self._current: str | None = None
        self._fault: StoreUnavailable | None = None
        self._asked_at = -_ALIAS_AGE_S
        self._opening = asyncio.Lock()

    async def current(self) -> ServerReader | None:
        """Open the current generation, or give back the open one while it is still current.

        Asks the server at most once a second.

        Raises:
            GenerationCorrupt: The current generation cannot be read.
            StoreUnavailable: The server cannot be reached or fails.
        """
        async with self._opening:
            if time.monotonic() - self._asked_at >= _ALIAS_AGE_S:
                await self._ask_current()
            if self._fault is not None:
                raise StoreUnavailable(str(self._fault)) from self._fault
            if self._current is None:
                return None
            if self._reader is None or self._reader.manifest.generation != self._current:
                self._reader = await open_generation(self._server, self.layout.collection(self._current))
            return self._reader

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator[ServerWriter]:
        """Start a generation beside the others, filled with the parent's passages.

        Raises:
            StoreLocked: Another process is writing.
            GenerationCorrupt: The parent cannot be read.
            StoreUnavailable: The server cannot be reached or fails.
        """
        lock = WriterLock(self._server, self.layout)
        async with lock.held():
            await self._sweep()
            await self._drop_rejected()
            writer = ServerWriter(self._server, self.layout, generation, lock)
            try:
                if parent is not None:
                    await writer.copy_from(parent)
                yield writer
            finally:
                if not writer.is_complete:
                    await self._drop(self.layout.collection(generation))

    async def generations(self) -> list[Manifest]:
        """List the complete generations, oldest first; one that cannot be read is left out.

        Raises:
            StoreUnavailable: The server cannot be reached or fails.
        """
        manifests: list[Manifest] = []
        for generation in sorted((await self._names(self._server)).complete):
            with suppress(GenerationCorrupt, GenerationMissing):
                manifests.append(await read_manifest(self._server, self.layout.collection(generation)))
        return manifests

    async def open(self, generation: str) -> ServerReader:
        """Open a complete generation, current or not.

        Raises:
            GenerationMissing: There is no such complete generation.
            GenerationCorrupt: It cannot be read.
            StoreUnavailable: The server cannot be reached or fails.
        """
        await self._names_with(generation, self._server)
        return await open_generation(self._server, self.layout.collection(generation))

    async def record(self, manifest: Manifest) -> None:
        """Replace the manifest of a complete generation, to add what the gate found.

        Raises:
            GenerationMissing: There is no such complete generation.
            StoreUnavailable: The server cannot be reached or fails.
        """
        await self._names_with(manifest.generation, self._patient)
        await save_manifest(self._patient, self.layout.collection(manifest.generation), manifest)

    async def publish(self, generation: str) -> None:
        """Make a complete generation current in one atomic step.

        Older generations beyond `keep` are removed, the one just replaced last and never at once.

        Raises:
            GenerationMissing: There is no such complete generation.
            StoreUnavailable: The server cannot be reached or fails.
        """
        names = await self._names_with(generation, self._patient)
        # Creating an alias that exists moves it. Deleting it first, as the manual shows, would save
        # the aliases twice, and a crash in between would leave none.
        switch = models.CreateAlias(
            collection_name=self.layout.collection(generation), alias_name=self.layout.current
        )
        await self._patient.ask(
            lambda client: client.update_collection_aliases(
                [models.CreateAliasOperation(create_alias=switch)]
            )
        )
        self._asked_at = -_ALIAS_AGE_S
        await self._remove_old(generation, names)

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._server.client.close()

    async def _ask_current(self) -> None:
        """Ask which generation is current, and keep the answer for a second, a failure too.

        Else everybody who waits for it would in turn wait until a silent server's time is up.
        """
        try:
            self._current = (await self._names(self._server)).current
            self._fault = None
        except StoreUnavailable as error:
            self._fault = error
        self._asked_at = time.monotonic()

    async def _drop(self, collection: str) -> None:
        """Remove an unfinished collection; what cannot be removed now is swept by the next writer."""
        try:
            await self._delete(collection)
        except StoreUnavailable as error:
            log.warning("collection_not_dropped", collection=collection, reason=str(error))

    async def _remove_old(self, generation: str, names: Names) -> None:
        older = [name for name in names.complete if name < generation]
        older.sort(key=lambda name: (name == names.current, name))
        try:
            for old in older[: -self._keep + 1 or None]:
                if old != names.current:
                    await self._delete(self.layout.collection(old))
        except StoreUnavailable as error:
            # The switch is done; the next publish removes what stayed.
            log.warning("old_generations_not_removed", reason=str(error))

    async def _sweep(self) -> None:
        """Remove collections that a writer began and never finished."""
        complete = (await self._names(self._patient)).complete
        listed = await self._patient.ask(lambda client: client.get_collections())
        own = self.layout.collection("")
        for name in (collection.name for collection in listed.collections):
            generation = name.removeprefix(own)
            if name.startswith(own) and generation not in complete and await self._is_ours(name, generation):
                await self._delete(name)

    async def _drop_rejected(self) -> None:
        """Remove the generations that failed the gate, save one that is current all the same."""
        names = await self._names(self._patient)
        for generation in sorted(names.complete - {names.current}):
            collection = self.layout.collection(generation)
            with suppress(GenerationCorrupt, GenerationMissing):
                if (await read_manifest(self._patient, collection)).is_rejected:
                    await self._delete(collection)

    async def _is_ours(self, collection: str, generation: str) -> bool:
        """Tell a generation of ours from somebody's collection that only has a like name."""
        info = await self._patient.ask(lambda client: client.get_collection(collection))
        return (info.config.metadata or {}).get("medcite_generation") == generation

    async def _delete(self, collection: str) -> None:
        await self._server.ask(lambda client: client.delete_collection(collection))

    async def _names_with(self, generation: str, server: Connection) -> Names:
        names = await self._names(server)
        if generation not in names.complete:
            raise GenerationMissing(f"Qdrant at {server.address} holds no generation {generation!r}")
        return names

    async def _names(self, server: Connection) -> Names:
        answer = await server.ask(lambda client: client.get_aliases())
        return self.layout.names({alias.alias_name: alias.collection_name for alias in answer.aliases})
