"""Speed of ingest: against the bare embedder, LlamaIndex, itself on unchanged input, and pdfium."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pypdfium2
import typer

from benchmarks.ingest_claim import Claim, Details, interleave, seconds_of, spread
from benchmarks.ingest_corpus import Corpus, sample_corpus
from benchmarks.ingest_side import EmbedderName, fill, make_embedder
from ingest.errors import UnreadableDocument
from ingest.loaders import load_document
from ingest.loaders.pdf.pool import shared_pool
from ingest.sources import Entry
from knowledge.embedding import Embedder

Unit = Literal["documents", "passages"]
Measured = tuple[list[Claim], Details]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a comparison reads, how often, and with which embedder."""

    sources: list[Path]
    n_documents: int
    rounds: int
    embedder: EmbedderName


def measure_embedder(setup: Setup) -> Measured:
    """Time the whole pipeline and the embedder alone on the same passages, sorted by length."""
    with _prepared(setup) as (corpus, embedder):
        by_length = sorted(corpus.passages, key=len)
        seconds = interleave(
            setup.rounds,
            {
                "ours": lambda: _fill_anew(corpus, embedder),
                "bare": lambda: embedder.embed_passages(by_length),
            },
        )
    ours, bare = (len(corpus.documents) / _median(seconds[side]) for side in ("ours", "bare"))
    claim = Claim(
        text="Whole pipeline ÷ bare embedder on length-sorted batches of the same passages",
        unit="documents/s",
        ours=ours,
        peer=bare,
        peer_name="bare embedder",
        measured=ours / bare,
        bound="≥",
        target=0.92,
    )
    return [claim], _about(corpus, embedder, seconds)


def measure_peer(setup: Setup, peer_stores: list[str], unit: Unit) -> Measured:
    """Time the whole pipeline and LlamaIndex's on the same documents with the same embedder.

    `peer_stores` are `memory`, `disk` or the URL of a Qdrant server; each makes a claim of its own.
    """
    from benchmarks.peers import LOCAL, VERSIONS, LlamaIndexSide

    with _prepared(setup) as (corpus, embedder), TemporaryDirectory() as folder:
        theirs = LlamaIndexSide(corpus, embedder, Path(folder))
        runs = {store: partial(theirs.run, store) for store in peer_stores}
        seconds = interleave(setup.rounds, {"ours": lambda: _fill_anew(corpus, embedder), **runs})
    by_document = unit == "documents"
    n_ours, n_theirs = (
        (len(corpus.documents), len(corpus.texts))
        if by_document
        else (len(corpus.passages), theirs.n_passages)
    )
    ours = n_ours / _median(seconds["ours"])
    peers = {store: n_theirs / _median(seconds[store]) for store in peer_stores}
    claims = [
        Claim(
            text=f"Whole pipeline ÷ LlamaIndex IngestionPipeline, embedder {embedder.fingerprint}",
            unit=f"{unit}/s",
            ours=ours,
            peer=peer,
            peer_name=f"LlamaIndex, Qdrant {'local mode, ' * (store in LOCAL)}{store}",
            measured=ours / peer,
            bound="≥",
            target=1.5 if by_document else 5.0,
        )
        for store, peer in peers.items()
    ]
    return claims, _about(corpus, embedder, seconds) | {
        "LlamaIndex passages": theirs.n_passages,
        "LlamaIndex tokens a passage": theirs.mean_tokens,
        "LlamaIndex chunk size": theirs.chunk_tokens,
        "LlamaIndex reads": "our cleaned texts, as plain text",
        "LlamaIndex release": VERSIONS,
    }


def measure_rerun(setup: Setup) -> Measured:
    """Time a first run and a second one on unchanged input, in process with the model loaded."""
    first: list[float] = []
    second: list[float] = []
    with _prepared(setup) as (corpus, embedder):
        for _ in range(setup.rounds):
            with TemporaryDirectory() as root:
                for seconds in (first, second):
                    seconds.append(seconds_of(lambda: fill(Path(root), corpus.folder, embedder)))
    claim = Claim(
        text="Second run on unchanged input ÷ first run",
        unit="s",
        ours=_median(second),
        peer=_median(first),
        peer_name="first run",
        measured=_median(second) / _median(first),
        bound="≤",
        target=0.005,
    )
    return [claim], _about(corpus, embedder, {"first run": first, "second run": second})


def measure_pdf(files: list[Path], rounds: int) -> Measured:
    """Time our PDF loader and the text extraction of pypdfium2 alone.

    The bare side opens each file in this process and takes the text of each page, one after the
    other: no places, fonts, tables or reading order, and no process that could be ended. Ours is the
    whole loader, in as many workers as there are cores (four at most), which live on between files as
    they do in an ingest. What the places of the characters alone cost is measured beside it.
    """
    entries = [Entry(str(path.parent), path.name, path.read_bytes()) for path in files]
    n_pages = sum(_extract_text(entry) for entry in entries)
    seconds = interleave(
        rounds,
        {
            "ours": lambda: [_load_pdf(entry) for entry in entries],
            "pypdfium2": lambda: [_extract_text(entry) for entry in entries],
            "pypdfium2 with boxes": lambda: [_extract_boxes(entry) for entry in entries],
        },
    )
    ours, peer = (n_pages / _median(seconds[side]) for side in ("ours", "pypdfium2"))
    claim = Claim(
        text="PDF loader ÷ pypdfium2 text extraction alone",
        unit="pages/s",
        ours=ours,
        peer=peer,
        peer_name="pypdfium2",
        measured=ours / peer,
        bound="≥",
        target=0.8,
    )
    return [claim], {
        "files": len(files),
        "pages": n_pages,
        "workers": len(shared_pool().workers),
        **_times(seconds),
    }


@contextmanager
def _prepared(setup: Setup) -> Iterator[tuple[Corpus, Embedder]]:
    embedder = make_embedder(setup.embedder)
    with TemporaryDirectory() as folder:
        yield sample_corpus(setup.sources, setup.n_documents, Path(folder), embedder), embedder


def _fill_anew(corpus: Corpus, embedder: Embedder) -> None:
    with TemporaryDirectory() as root:
        fill(Path(root), corpus.folder, embedder)


def _load_pdf(entry: Entry) -> None:
    try:
        load_document(entry)
    except UnreadableDocument as error:
        raise typer.BadParameter(f"{entry.path}: {error}") from error


def _extract_text(entry: Entry) -> int:
    """Take the text of every page with pypdfium2 alone; how many pages."""
    with pypdfium2.PdfDocument(entry.raw) as document:
        n_chars = [len(page.get_textpage().get_text_range()) for page in document]
    return len(n_chars)


def _extract_boxes(entry: Entry) -> None:
    """Take the text of every page and the box of every character, as a reader of layout has to."""
    with pypdfium2.PdfDocument(entry.raw) as document:
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            for n in range(text_page.count_chars()):
                text_page.get_charbox(n)


def _about(corpus: Corpus, embedder: Embedder, seconds: dict[str, list[float]]) -> Details:
    n_tokens = embedder.count_tokens(corpus.passages)
    return {
        "documents": len(corpus.documents),
        "passages": len(n_tokens),
        "tokens a passage": float(np.mean(n_tokens)),
        "embedder": embedder.fingerprint,
        **_times(seconds),
    }


def _times(seconds: dict[str, list[float]]) -> Details:
    return {f"{side}, s": spread(values) for side, values in seconds.items()}


def _median(seconds: list[float]) -> float:
    return float(np.median(seconds))
