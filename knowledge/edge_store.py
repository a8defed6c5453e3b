"""The default store: Qdrant Edge, Qdrant's own engine inside this process.

    <root>/current                          id of the current generation
    <root>/generations/<id>/manifest.json
    <root>/generations/<id>/shard/          written once, then only read
    <root>/building/<id>/                   a generation in the making, swept by the next writer
    <root>/lock                             held by the one writer

Shards are made without a write-ahead log: with one, a second process could not open the same
shard, and a generation that is not yet published needs no log.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.edge_reader import EdgeReader, open_generation
from knowledge.edge_writer import EdgeWriter, sync_folder, write_durably
from knowledge.errors import GenerationCorrupt, GenerationMissing, StoreLocked
from knowledge.generation import Manifest, dump_manifest, load_manifest


class EdgeStore:
    """A `PassageStore` in a folder. Any number of processes may read it, one may write.

    `keep` generations stay for roll-back and for replaying old answers; older ones are removed
    after a publish.
    """

    def __init__(self, root: Path, keep: int = 3) -> None:
        self.root = root
        self._keep = keep
        self._reader: EdgeReader | None = None
        self._opening = asyncio.Lock()

    async def current(self) -> "EdgeReader | None":
        """Open the current generation, or give back the open one while it is still current.

        Costs one small file read when nothing changed.

        Raises:
            GenerationCorrupt: The pointer names a generation that cannot be read.
        """
        generation = self._pointer()
        if generation is None:
            return None
        async with self._opening:
            if self._reader is None or self._reader.manifest.generation != generation:
                self._reader = await asyncio.to_thread(open_generation, self._folder(generation))
            return self._reader

    @asynccontextmanager
    async def write(self, generation: str, parent: Manifest | None) -> AsyncIterator["EdgeWriter"]:
        """Start a generation beside the others, filled with the parent's passages.

        Raises:
            StoreLocked: Another process is writing.
            GenerationCorrupt: The parent cannot be read.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreLocked(f"another ingest is writing to {self.root}; wait for it to end") from error
        try:
            building = self.root / "building"
            shutil.rmtree(building, ignore_errors=True)
            writer = EdgeWriter(building / generation, self._folder(generation))
            if parent is not None:
                await asyncio.to_thread(writer.copy_from, self._folder(parent.generation))
            yield writer
        finally:
            shutil.rmtree(self.root / "building", ignore_errors=True)
            lock.release()

    async def generations(self) -> list[Manifest]:
        """List the complete generations, oldest first; one that cannot be read is left out."""
        manifests: list[Manifest] = []
        for path in sorted(self.root.glob("generations/*/manifest.json")):
            with suppress(GenerationCorrupt, OSError):
                manifests.append(load_manifest(path.read_bytes()))
        return manifests

    async def record(self, manifest: Manifest) -> None:
        """Replace the manifest of a complete generation, to add what the gate found.

        Raises:
            GenerationMissing: There is no such complete generation.
        """
        path = self._manifest_path(manifest.generation)
        beside = path.with_suffix(".new")
        write_durably(beside, dump_manifest(manifest))
        beside.replace(path)

    async def open(self, generation: str) -> EdgeReader:
        """Open a complete generation, current or not.

        Raises:
            GenerationMissing: There is no such complete generation.
            GenerationCorrupt: It cannot be read.
        """
        return await asyncio.to_thread(open_generation, self._manifest_path(generation).parent)

    async def publish(self, generation: str) -> None:
        """Make a complete generation current in one atomic step.

        Older generations beyond `keep` are removed; readers that have one open are not disturbed.

        Raises:
            GenerationMissing: There is no such complete generation.
        """
        folder = self._manifest_path(generation).parent
        pointer = self.root / "current.new"
        write_durably(pointer, generation.encode())
        pointer.replace(self.root / "current")
        sync_folder(self.root)
        for old in sorted(path for path in folder.parent.iterdir() if path.name < generation)[
            : -self._keep + 1 or None
        ]:
            shutil.rmtree(old, ignore_errors=True)

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
