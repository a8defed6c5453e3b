"""The default store: Qdrant Edge, Qdrant's own engine inside this process.

    <root>/current                          id of the current generation
    <root>/generations/<id>/manifest.json
    <root>/generations/<id>/shard/          written once, then only read
    <root>/building/<id>/                   a generation in the making, swept by the next writer
    <root>/lock, lock.owner                 held by the one writer, who it is

Shards are made without a write-ahead log: with one, a second process could not open the same
shard, and a generation that is not yet published needs no log.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from knowledge.edge_lock import writer_lock
from knowledge.edge_reader import EdgeReader, open_generation
from knowledge.edge_writer import EdgeWriter, sync_folder, write_durably, writing
from knowledge.errors import GenerationCorrupt, GenerationMissing
from knowledge.generation import Manifest, dump_manifest, load_manifest


class EdgeStore:
    """A `PassageStore` in a folder. Any number of processes may read it, one may write.

    `keep` generations stay for roll-back and for replaying old answers; older ones are removed
    after a publish. One that failed the gate stays until the next writer begins.
    """

    def __init__(self, root: Path, keep: int = 3) -> None:
        self.root = root
        self._keep = keep
        self._reader: EdgeReader | None = None
        self._opening = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._fault: GenerationCorrupt | None = None
        self._is_writing = False

    async def current(self) -> "EdgeReader | None":
        """Open the current generation, or give back the open one while it is still current.

        Costs one small file read when nothing changed. Nobody waits for a generation that another
        process published: the old one is given until the new one is open. Only while this store
        writes does it wait, for a writer must not take the old one for the current.

        Raises:
            GenerationCorrupt: The pointer names a generation that cannot be read.
        """
        generation = self._pointer()
        if generation is None:
            return None
        if self._reader is None or self._is_writing:
            return await self._open_current()
        if self._reader.manifest.generation == generation:
            self._fault = None
            return self._reader
        if self._following is None:
            self._following = asyncio.create_task(self._follow())
        if self._fault is not None:
            raise GenerationCorrupt(str(self._fault)) from self._fault
        return self._reader

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator["EdgeWriter"]:
        """Start a generation beside the others, filled with the parent's passages.

        Raises:
            StoreLocked: Another process is writing.
            GenerationCorrupt: The parent cannot be read.
            StoreUnavailable: The folder cannot be written.
        """
        async with AsyncExitStack() as stack:
            with writing(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
                stack.enter_context(writer_lock(self.root))
                building = self.root / "building"
                stack.callback(shutil.rmtree, building, ignore_errors=True)
                await asyncio.to_thread(self._sweep)
            self._is_writing = True
            stack.callback(setattr, self, "_is_writing", False)
            writer = EdgeWriter(building / generation, self._folder(generation))
            if parent is not None:
                await asyncio.to_thread(writer.copy_from, self._folder(parent.generation))
            yield writer

    async def generations(self) -> list[Manifest]:
        """List the complete generations, oldest first; one that cannot be read is left out."""
        return self._manifests()

    async def record(self, manifest: Manifest) -> None:
        """Replace the manifest of a complete generation, to add what the gate found.

        Raises:
            GenerationMissing: There is no such complete generation.
            StoreUnavailable: The folder cannot be written.
        """
        path = self._manifest_path(manifest.generation)
        with writing(path.parent):
            beside = path.with_suffix(".new")
            write_durably(beside, dump_manifest(manifest))
            beside.replace(path)
            sync_folder(path.parent)

    async def open(self, generation: str) -> EdgeReader:
        """Open a complete generation, current or not.

        Raises:
            GenerationMissing: There is no such complete generation.
            GenerationCorrupt: It cannot be read.
        """
        return await asyncio.to_thread(open_generation, self._manifest_path(generation).parent)

    async def publish(self, generation: str) -> None:
        """Make a complete generation current in one atomic step.

        Older generations beyond `keep` are removed, the one just replaced last; readers that have
        one open are not disturbed.

        Raises:
            GenerationMissing: There is no such complete generation.
            StoreUnavailable: The folder cannot be written.
        """
        folder = self._manifest_path(generation).parent
        replaced = None
        with suppress(GenerationCorrupt):
            replaced = self._pointer()
        with writing(self.root):
            pointer = self.root / "current.new"
            write_durably(pointer, generation.encode())
            pointer.replace(self.root / "current")
            sync_folder(self.root)
            if self._reader is not None and self._reader.manifest.generation != generation:
                self._reader = None  # who publishes knows of it at once
            older = [path for path in folder.parent.iterdir() if path.name < generation]
        older.sort(key=lambda path: (path.name == replaced, path.name))
        for path in older[: -self._keep + 1 or None]:
            _remove(path)

    async def close(self) -> None:
        """Close the open generation."""
        if self._following is not None:
            await self._following
        async with self._opening:
            if self._reader is not None:
                await asyncio.to_thread(self._reader.close)
                self._reader = None

    async def _open_current(self) -> EdgeReader | None:
        async with self._opening:
            while (generation := self._pointer()) is not None:
                try:
                    return await self._open_once(generation)
                except GenerationCorrupt:
                    # It may have been replaced, and removed, between the two looks.
                    if self._pointer() == generation:
                        raise
        return None

    async def _follow(self) -> None:
        """Open what was published meanwhile; what is wrong with it is told to the next who asks."""
        try:
            await self._open_current()
            self._fault = None
        except GenerationCorrupt as error:
            self._fault = error
        finally:
            self._following = None

    async def _open_once(self, generation: str) -> EdgeReader:
        if self._reader is None or self._reader.manifest.generation != generation:
            self._reader = await asyncio.to_thread(open_generation, self._folder(generation))
        return self._reader

    def _sweep(self) -> None:
        """Remove what a killed writer left and what failed the gate."""
        shutil.rmtree(self.root / "building", ignore_errors=True)
        with suppress(GenerationCorrupt):
            current = self._pointer()
            for manifest in self._manifests():
                if manifest.is_rejected and manifest.generation != current:
                    _remove(self._folder(manifest.generation))

    def _manifests(self) -> list[Manifest]:
        manifests: list[Manifest] = []
        for path in sorted(self.root.glob("generations/*/manifest.json")):
            with suppress(GenerationCorrupt, OSError):
                manifests.append(load_manifest(path.read_bytes()))
        return manifests

    def _pointer(self) -> str | None:
        try:
            return (self.root / "current").read_text().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise GenerationCorrupt(f"{self.root / 'current'} cannot be read: {error}") from error

    def _manifest_path(self, generation: str) -> Path:
        path = self._folder(generation) / "manifest.json"
        if not path.is_file():
            raise GenerationMissing(f"{self.root} holds no generation {generation!r}")
        return path

    def _folder(self, generation: str) -> Path:
        return self.root / "generations" / generation


def _remove(folder: Path) -> None:
    """Remove a generation; the manifest goes first, for without it the rest is none."""
    with suppress(OSError):
        (folder / "manifest.json").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
