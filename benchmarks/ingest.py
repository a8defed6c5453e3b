"""Ingest, measured against its claims.

    python -m benchmarks.ingest embedder SOURCE…     the whole pipeline against the bare embedder
    python -m benchmarks.ingest peer SOURCE…         against LlamaIndex with the same embedder
    python -m benchmarks.ingest overhead SOURCE…     the same with an embedder that costs nothing
    python -m benchmarks.ingest rerun SOURCE…        a second run on unchanged input
    python -m benchmarks.ingest edit SOURCE…         one paragraph changed in each Markdown document
    python -m benchmarks.ingest memory ENTITIES      peak memory at two sizes
    python -m benchmarks.ingest switch ENTITIES      search while another process ingests
    python -m benchmarks.ingest pdf FILE…            our PDF loader against pypdfium2 alone

Each prints the claim, our figure, the peer's, and what is held against the target; with --json one
JSON object. ENTITIES is a file of JSON Lines with attribute lists, packed with xz or not. The sides
take turns within one run. Nothing else should run on the machine. The two comparisons with
LlamaIndex need the extra `benchmarks`.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.ingest_claim import show
from benchmarks.ingest_edits import measure_edits
from benchmarks.ingest_memory import measure_growth
from benchmarks.ingest_side import EmbedderName
from benchmarks.ingest_speed import Setup, measure_embedder, measure_pdf, measure_peer, measure_rerun
from benchmarks.ingest_switch import Load, measure_switch

app = typer.Typer(add_completion=False, help=__doc__)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Documents = Annotated[int, typer.Option(min=1, help="How many documents are taken.")]
Rounds = Annotated[int, typer.Option(min=1, help="How often each side is measured.")]
UsedEmbedder = Annotated[EmbedderName, typer.Option("--embedder", help="The embedder of both sides.")]
PeerStores = Annotated[
    list[str],
    typer.Option(
        "--peer-store", help="LlamaIndex's Qdrant: `memory` or `disk` in local mode, or a server's URL."
    ),
]
LOCAL_MODES = ["memory", "disk"]


@app.command()
def embedder(
    sources: list[Path],
    documents: Documents = 200,
    rounds: Rounds = 3,
    used: UsedEmbedder = "real",
    as_json: Json = False,
) -> None:
    """Measure the whole pipeline against the embedder alone on the same passages."""
    show(*measure_embedder(Setup(sources, documents, rounds, used)), as_json=as_json)


@app.command()
def peer(
    sources: list[Path],
    documents: Documents = 200,
    rounds: Rounds = 3,
    peer_stores: PeerStores = LOCAL_MODES,
    used: UsedEmbedder = "real",
    as_json: Json = False,
) -> None:
    """Measure the whole pipeline against LlamaIndex's with the same embedder, in documents/s."""
    show(*measure_peer(Setup(sources, documents, rounds, used), peer_stores, "documents"), as_json=as_json)


@app.command()
def overhead(
    sources: list[Path],
    documents: Documents = 1000,
    rounds: Rounds = 3,
    peer_stores: PeerStores = LOCAL_MODES,
    used: UsedEmbedder = "zero",
    as_json: Json = False,
) -> None:
    """Measure the same with an embedder that costs nothing, in passages/s."""
    show(*measure_peer(Setup(sources, documents, rounds, used), peer_stores, "passages"), as_json=as_json)


@app.command()
def rerun(
    sources: list[Path],
    documents: Documents = 200,
    rounds: Rounds = 3,
    used: UsedEmbedder = "real",
    as_json: Json = False,
) -> None:
    """Measure a second run on unchanged input against the first."""
    show(*measure_rerun(Setup(sources, documents, rounds, used)), as_json=as_json)


@app.command()
def edit(
    sources: list[Path], documents: Documents = 20, used: UsedEmbedder = "zero", as_json: Json = False
) -> None:
    """Count the passages embedded when one paragraph of a Markdown document has changed."""
    show(*measure_edits(sources, documents, used), as_json=as_json)


@app.command()
def memory(
    entities: Path,
    small: Annotated[int, typer.Option(min=1, help="Passages of the small run.")] = 10_000,
    large: Annotated[int, typer.Option(min=1, help="Passages of the large run.")] = 100_000,
    per_document: Annotated[int, typer.Option(min=1, help="Entities in one document.")] = 1,
    trace: Annotated[bool, typer.Option(help="Run again to trace Python's own memory; slow.")] = False,
    as_json: Json = False,
) -> None:
    """Measure how the peak memory of an ingest grows with the number of passages."""
    show(*measure_growth(entities, (small, large), per_document, trace=trace), as_json=as_json)


@app.command()
def switch(
    entities: Path,
    documents: Documents = 2000,
    rounds: Annotated[int, typer.Option(min=1, help="How many generations are published.")] = 3,
    idle_s: Annotated[float, typer.Option(help="Seconds of search with nothing else going on.")] = 30.0,
    used: UsedEmbedder = "real",
    as_json: Json = False,
) -> None:
    """Measure search while another process ingests and publishes, against search alone."""
    show(*measure_switch(Load(entities, documents, rounds, idle_s, used)), as_json=as_json)


@app.command()
def pdf(files: list[Path], rounds: Rounds = 5, as_json: Json = False) -> None:
    """Measure our PDF loader against pypdfium2's text extraction alone, in pages/s."""
    show(*measure_pdf(files, rounds), as_json=as_json)


if __name__ == "__main__":
    app()
