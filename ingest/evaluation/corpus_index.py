"""The index of a corpus: made by the pipeline that makes the service's, and kept for the next time."""

import hashlib
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from ingest.evaluation.errors import EvaluationFailed
from ingest.evaluation.parts import Parts
from ingest.gate import GateLimits
from ingest.loaders.writing.words import fold
from ingest.pipeline import ingest
from ingest.run import Run
from ingest.sources import Source
from ingest.sources.entry import clean_name
from ingest.vector_cache import VectorCache
from knowledge.edge_store import EdgeStore
from knowledge.errors import GenerationCorrupt
from knowledge.generation import Recipe
from knowledge.store import GenerationReader

# Not its path: the same corpus elsewhere has the same index.
_SOURCE = "corpus"
# A corpus is taken as it is; what it lacks shows in the figures.
_LENIENT = GateLimits(golden_recall=0, max_loss=1)
_PACKED = (".xz", ".gz")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents to search: a folder, or a file of records with the `columns` that hold what."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that it is there.

        Raises:
            EvaluationFailed: It is not.
        """
        if not self.path.exists():
            raise EvaluationFailed(f"{self.path} does not exist; a folder to evaluate holds its corpus")

    def label_of(self, document_id: str) -> str:
        """Give the id that labels use for a document: a record is indexed as `file#id`."""
        return document_id.removeprefix(self._prefix)

    def indexed_as(self, label_id: str) -> str:
        """Give the id that the index has for a document."""
        return f"{self._prefix}{clean_name(fold(label_id))}" if self._prefix else label_id

    def fingerprint(self, recipe: Recipe) -> str:
        """Hash its bytes and a recipe, 16 hexadecimal digits."""
        digest = hashlib.sha256(orjson.dumps([asdict(recipe), dict(self.columns)]))
        files = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
        for path in (path for path in files if path.is_file()):
            digest.update(path.relative_to(self.path.parent).as_posix().encode() + b"\n")
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()[:16]

    @property
    def _prefix(self) -> str:
        if self.path.is_dir():
            return ""
        return f"{self.path.stem if self.path.suffix in _PACKED else self.path.name}#"


@asynccontextmanager
async def open_index(corpus: Corpus, parts: Parts) -> AsyncIterator[GenerationReader]:
    """Open the index of a corpus until the block ends; it is made at the first time.

    A build that was killed goes on where it stopped.

    Raises:
        EvaluationFailed: No document could be read, or the corpus not to its end.
        KnowledgeError: The embedder failed, or another process is making this index.
    """
    recipe = _make_run(corpus, parts, parts.cache).recipe
    folder = parts.cache / corpus.fingerprint(recipe)
    run = _make_run(corpus, parts, folder)
    try:
        yield await _current(run) or await _build(run, folder)
    finally:
        run.cache.close()
        await run.store.close()


def _make_run(corpus: Corpus, parts: Parts, folder: Path) -> Run:
    return Run(
        sources=(Source(str(corpus.path.absolute()), _SOURCE, columns=corpus.columns),),
        store=EdgeStore(folder),
        embedder=parts.embedder,
        # A cache of its own: a run empties the one it has, and the nightly one may wait for the rest.
        cache=VectorCache(folder / "vectors", parts.embedder.fingerprint),
        passage_tokens=parts.passage_tokens,
        golden=(),
        limits=_LENIENT,
        progress=parts.progress,
    )


async def _current(run: Run) -> GenerationReader | None:
    try:
        return await run.store.current()
    except GenerationCorrupt:  # to build anew is its remedy
        return None


async def _build(run: Run, folder: Path) -> GenerationReader:
    report = await ingest(run)
    fault = report.reason or report.quarantined.get(_SOURCE, "")
    reader = await _current(run)
    if fault or reader is None:
        # Part of a corpus must not be taken for all of it the next time.
        shutil.rmtree(folder / "generations", ignore_errors=True)
        (folder / "current").unlink(missing_ok=True)
        raise EvaluationFailed(f"{run.sources[0].location} could not be indexed: {fault or 'no generation'}")
    return reader
