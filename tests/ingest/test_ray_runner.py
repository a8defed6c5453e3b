"""The Ray runner on a cluster of this machine's processors, beside the local one."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingest.build import timed
from ingest.cli import app
from ingest.pipeline import ingest
from ingest.report import IngestReport
from ingest.runner import LocalRunner
from ingest.sources import Entry, Source
from ingest.steps import SignedDocument, Uncut, Unread
from knowledge.embedding import Embedder, SentenceTransformerEmbedder
from knowledge.embedding_fake import HashingEmbedder
from knowledge.errors import EmbeddingFailed
from knowledge.settings import KnowledgeSettings
from scripts.bootstrap import ROOT
from scripts.demo import DEMO_ENVIRONMENT
from tests.ingest.factories import PRESSURE, SUGAR, make_run, open_store, point_commands_to, write_texts
from tests.ingest.killers import Kills, KillsOnce
from tests.knowledge.factories import EMBEDDER, make_document

ray = pytest.importorskip("ray", reason="the extra ray is not installed")
# Ray warns of what it does itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

from ingest.errors import RayFailed  # noqa: E402 - as above
from ingest.ray_cluster import Cluster, ray_cluster  # noqa: E402 - they want Ray
from ingest.ray_runner import RayRunner  # noqa: E402 - as above


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of this machine's processors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        handler = signal.getsignal(signal.SIGTERM)
        with ray_cluster() as cluster:
            # Ray takes the signal for itself.
            assert handler == signal.getsignal(signal.SIGTERM)
            yield cluster
    assert not ray.is_initialized()


@pytest.fixture
def runner(cluster: Cluster) -> Iterator[RayRunner]:
    with closing(RayRunner(HashingEmbedder, EMBEDDER.fingerprint)) as runner:
        yield runner


async def stream(rows: Sequence[Any]) -> AsyncIterator[tuple[int, Any]]:
    for key, row in enumerate(rows):
        yield key, row


def clock():
    return timed(IngestReport(), "chunk")


def unread(name: str) -> Unread:
    return Unread(Source("/texts", "/texts"), Entry("/texts", name, PRESSURE.encode()))


def write_corpus(folder: Path) -> Path:
    """Write sixty entries of several kinds, one unreadable and one that repeats another."""
    write_texts(
        folder, broken="", pressure=PRESSURE, sugar=SUGAR, zcopy=PRESSURE.replace("id: p", "id: copy-of-p")
    )
    warning = "Keep all drugs out of the reach of children."
    for n in range(50):
        sections = "".join(f"# Part {i}\n\nTake {n} mg of drug {i}.\n\n" for i in range(30))
        # The warning stands in both windows and is embedded for the first.
        text = f"---\nid: drug{n:02}\ntitle: Drug\n---\n{sections}# Warning\n\n{warning}\n"
        (folder / f"drug{n:02}.md").write_text(text)
    for n in range(4):
        (folder / f"note{n}.txt").write_bytes(
            f"高血压笔记{n}：血压 {130 + n}/80 mmHg 需复查。".encode("gb18030")
        )
    (folder / "page.html").write_text(
        "<html><title>Cough</title><body><p>A cough of 8 weeks.</p></body></html>"
    )
    (folder / "records.jsonl").write_text(
        '{"id": "r1", "text": "Zinc 10 mg."}\n{"id": "r2", "text": "Iron 8 mg."}\n'
    )
    return folder


def edit(folder: Path) -> None:
    """Change a paragraph, remove the original of the copy, add a text."""
    drug = folder / "drug17.md"
    drug.write_text(drug.read_text().replace("17 mg of drug 4.", "18 mg of drug 4."))
    (folder / "pressure.md").unlink()
    (folder / "new.md").write_text("Something new about gout.")


async def run(root: Path, folder: Path, runner: RayRunner | None, embedder: Embedder) -> IngestReport:
    prepared = make_run(root, folder, embedder=embedder)
    try:
        return await ingest(prepared, runner)
    finally:
        prepared.cache.close()


async def contents(root: Path) -> tuple[list[Any], Any]:
    """Give all that a generation holds: records, passages and vectors by document, and the quarantine."""
    reader = await open_store(root)
    held = []
    for document_id, record in reader.manifest.documents.items():
        passages = [passage async for passage in reader.document_passages(document_id)]
        vectors = await reader.dense_vectors([passage.passage_id for passage in passages])
        held.append((document_id, record, passages, {i: vector.tobytes() for i, vector in vectors.items()}))
    return held, reader.manifest.quarantine


def counts(report: IngestReport) -> tuple[Any, ...]:
    """Give what a report says, times and generation left out."""
    return (
        report.outcome,
        report.documents,
        report.passages_embedded,
        report.passages_reused,
        report.linked,
        report.quarantined,
        [astuple(check) for check in report.checks],
    )


def test_a_cluster_without_gpus_embeds_on_its_processors(cluster: Cluster):
    assert cluster.n_processors == Cluster(cluster.n_processors, 0).n_embedding


def test_a_cluster_with_gpus_embeds_on_them():
    assert 2 == Cluster(16, 2).n_embedding


async def test_the_index_is_that_of_the_local_runner_byte_for_byte(tmp_path: Path, runner: RayRunner):
    folder = write_corpus(tmp_path / "texts")
    for turn in ("first", "edited"):
        local = await run(tmp_path / "local", folder, None, HashingEmbedder())
        on_ray = await run(tmp_path / "ray", folder, runner, HashingEmbedder())
        assert counts(local) == counts(on_ray), turn
        assert await contents(tmp_path / "local") == await contents(tmp_path / "ray"), turn
        if turn == "first":
            edit(folder)
    # What the comparison is about was there: two windows, a quarantined entry, a copy that took a place.
    assert (1, True) == (len(local.quarantined), 0 < local.passages_embedded < 10)


async def test_an_entry_that_kills_its_worker_twice_is_quarantined_and_all_others_are_read(
    tmp_path: Path, runner: RayRunner
):
    names: list[str] = [f"{n}.md" for n in range(9)]
    names[2], names[4] = KillsOnce("2.md", tmp_path / "grave"), Kills("4.md")
    read = [result async for _, result in runner.read(stream([unread(name) for name in names]), clock())]
    assert ([4], 9, True) == (
        [n for n, result in enumerate(read) if not isinstance(result, SignedDocument)],
        len(read),
        "kills the worker that reads it" in str(read[4]),
    )


async def test_a_document_that_kills_the_worker_that_cuts_it_is_an_error(runner: RayRunner):
    uncut = Uncut(make_document(Kills("Text.")), [], 64)
    with pytest.raises(RayFailed, match="document 'hypertension-zh' kills the workers that cut it"):
        _ = [result async for result in runner.cut(stream([uncut]), clock())]


async def test_a_window_that_kills_its_worker_is_embedded_by_another(tmp_path: Path, runner: RayRunner):
    windows = [["first"], [KillsOnce("second", tmp_path / "grave")], ["third"]]
    made = [(key, vectors.tobytes()) async for key, vectors in runner.embed(stream(windows), clock())]
    assert [
        (key, EMBEDDER.embed_passages(list(map(str, texts))).tobytes()) for key, texts in enumerate(windows)
    ] == made


async def test_a_window_that_kills_its_workers_twice_is_an_error(runner: RayRunner):
    with pytest.raises(EmbeddingFailed, match="the workers that embed died or stood still twice"):
        _ = [result async for result in runner.embed(stream([["a text"], [Kills("b")]]), clock())]


@pytest.mark.integration
async def test_the_vectors_of_the_real_embedder_are_those_of_the_local_runner_bit_for_bit(
    cluster: Cluster,
):
    make = partial(
        SentenceTransformerEmbedder,
        DEMO_ENVIRONMENT["MEDCITE_EMBEDDING_MODEL"],
        KnowledgeSettings().models_path,
    )
    embedder = make()
    # Of unlike lengths: in another company a third of them get other bits.
    words = "fever cough dose tablet water kidney liver heart pain daily morning".split()
    window = [" ".join(words[(n * n + i) % len(words)] for i in range(1 + 5 * n)) for n in range(40)]
    ((_, local),) = [each async for each in LocalRunner(embedder).embed(stream([window]), clock())]
    with closing(RayRunner(make, embedder.fingerprint)) as runner:
        ((_, on_ray),) = [each async for each in runner.embed(stream([window]), clock())]
    assert local.tobytes() == on_ray.tobytes()


def test_the_commands_do_not_load_ray_until_they_are_told_to():
    code = "import ingest.cli, ingest.cli_runs, sys; print('ray' in sys.modules, 'pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "False False\n" == done.stdout


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    point_commands_to(tmp_path, monkeypatch)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "ingest.ray_runner")
    result = CliRunner().invoke(app, ["run", str(tmp_path), "--runner", "ray"])
    assert (2, True) == (result.exit_code, "pip install 'medcite[ray]'" in result.stderr)
