"""What the ingest benchmarks read: a sample of sources, entities as documents."""

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmarks.ingest_side import ZeroCostEmbedder, fill, stored_documents
from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.sources import Entry, list_entries
from knowledge.embedding import Embedder
from knowledge.passage import Passage


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder of source files, and the documents that the pipeline makes of them."""

    folder: Path
    documents: dict[str, list[Passage]]

    @property
    def passages(self) -> list[str]:
        """The embedded text of every passage."""
        return [passage.embedded_text for passages in self.documents.values() for passage in passages]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Title and cleaned text of every document."""
        return [(p[0].imprint.title, "".join(each.text for each in p)) for p in self.documents.values() if p]


def sample_corpus(sources: list[Path], n_documents: int, folder: Path, embedder: Embedder) -> Corpus:
    """Take documents at even distances from the sources and write them as files of their own.

    A dry run with the embedder's token counter, untimed, tells what passages they make.

    Raises:
        SystemExit: The sources hold no document.
    """
    entries = [entry for source in sources for entry in list_entries(source) if _is_readable(entry)]
    if not entries:
        raise SystemExit(f"{', '.join(map(str, sources))} hold no document that can be read")
    step = max(1, len(entries) // n_documents)
    files = folder / "files"
    files.mkdir()
    for number, entry in enumerate(entries[::step][:n_documents]):
        (files / f"{number:06}{_suffix(entry)}").write_bytes(entry.raw or b"")
    with TemporaryDirectory() as dry:
        fill(Path(dry), files, ZeroCostEmbedder(8, embedder.count_tokens))
        return Corpus(files, stored_documents(Path(dry)))


def _is_readable(entry: Entry) -> bool:
    try:
        load_document(entry)
    except UnreadableDocument:
        return False
    return True


def _suffix(entry: Entry) -> str:
    if entry.is_record:
        return ".xml" if (entry.raw or b"").lstrip().startswith(b"<") else ".jsonl"
    return PurePosixPath(entry.name or entry.source).suffix


def write_entities(
    entities: Path, n_documents: int, per_document: int, folder: Path, edition: int = 1
) -> None:
    """Write attribute lists as Markdown files, a section an entity, repeated under other ids.

    Args:
        entities: JSON Lines of objects with a `name` and lists of strings, packed with xz or not.
        n_documents: How many files.
        per_document: Entities in each.
        folder: Where they go, in folders of a thousand.
        edition: Stands in every title, and so in what is embedded of every passage.
    """
    records = _entities(entities)
    for number in range(n_documents):
        chosen = list(islice(records, per_document))
        title = f"{chosen[0][0]} (edition {edition})"
        sections = "\n\n".join(f"# {name}\n\n{text}" for name, text in chosen)
        path = folder / f"{number // 1000:04}" / f"{number:07}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = f"---\nid: entity-{number:07}\ntitle: {json.dumps(title, ensure_ascii=False)}\nlanguage: zh\n---\n\n"
        path.write_text(f"{head}{sections}\n", "utf-8")


def _entities(path: Path) -> Iterator[tuple[str, str]]:
    """Give name and text of the entities, again and again; a repeat has its number in the text."""
    raw = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    records = [json.loads(line) for line in raw.splitlines()]
    for turn in count(1):
        for record in records:
            lines = [f"- {name}：{'、'.join(values)}" for name, values in record.items() if name != "name"]
            yield record["name"], "\n".join([f"{record['name']}，第{turn}次。", *lines])
