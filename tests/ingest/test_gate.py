import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.gate import GateLimits, check_generation
from ingest.golden import GoldenQuestion
from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.embedding import Vectors
from knowledge.embedding_fake import HashingEmbedder
from knowledge.generation import CheckRecord, Manifest
from knowledge.passage import Passage
from tests.knowledge.factories import embed, make_manifest, make_passage

LIMITS = GateLimits(golden_recall=0.8, max_loss=0.2)
RECALL_ZH, RECALL_EN = "golden questions found, zh", "golden questions found, en"
REMOVED, LOST = "documents removed", "passages lost"
STORED = "documents stored otherwise than the manifest says"
COSINE = "least cosine of a stored vector made again"
FEVER = make_passage("Fever is a temperature of 38 °C.", document_id="fever-en", language="en", title="Fever")
COUGH = make_passage("咳嗽超过八周要检查。", document_id="cough-zh", title="咳嗽")


def golden(question: str, document_id: str) -> GoldenQuestion:
    """Ask for one document; a question in Latin letters is an English one."""
    return GoldenQuestion(question, frozenset({document_id}), "en" if question.isascii() else "zh")


async def build(
    root: Path,
    stored: Sequence[Passage] = (FEVER, COUGH),
    described: Sequence[Passage] | None = None,
    dense: Vectors | None = None,
) -> EdgeReader:
    """Complete a generation that stores some passages and describes others in its manifest."""
    embedded = embed(stored)
    async with EdgeStore(root).write("g2", None) as writer:
        await writer.upsert(embedded if dense is None else replace(embedded, dense=dense))
        return await writer.complete(make_manifest("g2", stored if described is None else described))


@pytest.fixture(scope="module")
def sound(shared_path: Path) -> EdgeReader:
    """Build a sound generation once; it is only read."""
    return asyncio.run(build(shared_path))


async def checks_of(
    candidate: EdgeReader,
    *questions: GoldenQuestion,
    current: Manifest | None = None,
    embedder: HashingEmbedder | None = None,
) -> dict[str, CheckRecord]:
    """Check a generation; give the records by name."""
    found = await check_generation(candidate, current, questions, embedder or HashingEmbedder(), LIMITS)
    return {check.name: check for check in found}


def failed(checks: dict[str, CheckRecord]) -> dict[str, float]:
    """Give the figures of the checks that were not passed."""
    return {name: check.measured for name, check in checks.items() if not check.passed}


async def test_a_sound_generation_passes(sound: EdgeReader):
    questions = (golden("咳嗽多久要检查？", "cough-zh"), golden("What is fever?", "fever-en"))
    assert {} == failed(await checks_of(sound, *questions, current=sound.manifest))


async def test_a_first_generation_is_not_compared_with_another(sound: EdgeReader):
    assert {STORED, COSINE} == set(await checks_of(sound))


@pytest.mark.parametrize(
    ("question", "check", "other"),
    [("咳嗽？", RECALL_ZH, "What is fever?"), ("What is cough?", RECALL_EN, "咳嗽？")],
)
async def test_the_recall_of_one_language_fails_alone(
    sound: EdgeReader, question: str, check: str, other: str
):
    found = golden(other, "fever-en" if other.isascii() else "cough-zh")
    checks = await checks_of(sound, golden(question, "unknown"), found)
    assert {check: 0.0} == failed(checks)


@pytest.mark.parametrize(("n_missed", "passed"), [(0, True), (1, True), (2, False)])
async def test_the_recall_has_a_floor(sound: EdgeReader, n_missed: int, passed: bool):
    questions = [golden("What is fever?", "unknown" if n < n_missed else "fever-en") for n in range(5)]
    check = (await checks_of(sound, *questions))[RECALL_EN]
    assert (passed, 1 - n_missed / 5, 0.8) == (check.passed, check.measured, check.required)


async def test_one_of_several_right_documents_is_enough(sound: EdgeReader):
    question = GoldenQuestion("What is fever?", frozenset({"unknown", "fever-en"}), "en")
    assert {} == failed(await checks_of(sound, question))


async def test_missed_questions_are_named(sound: EdgeReader):
    check = (await checks_of(sound, golden("What is cough?", "unknown")))[RECALL_EN]
    assert "1 of 1 missed; What is cough?" == check.detail


def held(*counts: int) -> Manifest:
    """Describe a current generation of fever, cough and others, of so many passages each."""
    ids = ["fever-en", "cough-zh", "gout", "gerd", "flu"]
    return make_manifest(
        "g1",
        [
            make_passage(document_id=i, ordinal=n)
            for i, count in zip(ids, counts, strict=False)
            for n in range(count)
        ],
    )


@pytest.mark.parametrize(
    ("counts", "measured"),
    [((1, 1), {}), ((1, 1, 0), {}), ((1, 0), {}), ((1, 1, 1), {REMOVED: 0.3333, LOST: 0.3333})],
    ids=["the same", "none", "one more", "one less"],
)
async def test_removed_documents_have_a_ceiling(
    sound: EdgeReader, counts: tuple[int, ...], measured: dict[str, float]
):
    assert measured == failed(await checks_of(sound, current=held(*counts)))


async def test_as_many_removed_documents_as_are_allowed_pass(tmp_path: Path):
    stored = [make_passage(document_id=f"d{n}") for n in range(4)]
    current = make_manifest("g1", [*stored, make_passage(document_id="d5")])
    assert {} == failed(await checks_of(await build(tmp_path, stored), current=current))


async def test_removed_documents_fail_alone_when_as_many_passages_came_instead(tmp_path: Path):
    stored = [FEVER, *(make_passage(document_id="new", ordinal=n) for n in range(5))]
    assert {REMOVED: 0.5} == failed(await checks_of(await build(tmp_path, stored), current=held(1, 1)))


async def test_lost_passages_fail_alone_when_no_document_is_gone(sound: EdgeReader):
    assert {LOST: 0.75} == failed(await checks_of(sound, current=held(7, 1)))


async def test_an_orphan_in_the_place_of_a_passage_is_found(tmp_path: Path):
    orphan = make_passage(document_id="orphan")
    check = (await checks_of(await build(tmp_path, [FEVER, orphan], [FEVER, COUGH])))[STORED]
    assert (False, 2, "cough-zh, orphan") == (check.passed, check.measured, check.detail)


async def test_a_passage_too_many_in_one_document_is_found(tmp_path: Path):
    doubled = [FEVER, make_passage(document_id="fever-en", ordinal=1)]
    described = [FEVER, COUGH]
    assert {STORED: 2} == failed(await checks_of(await build(tmp_path, doubled, described)))


@pytest.mark.parametrize(
    "dense",
    [
        np.roll(HashingEmbedder().embed_passages([FEVER.embedded_text, COUGH.embedded_text]), 1, axis=1),
        np.zeros((2, 64), dtype=np.float32),
        HashingEmbedder(dimension=32).embed_passages([FEVER.embedded_text, COUGH.embedded_text]),
    ],
    ids=["turned", "zero", "of another length"],
)
async def test_the_vectors_of_another_embedder_are_found(tmp_path: Path, dense: Vectors):
    assert {COSINE} == set(failed(await checks_of(await build(tmp_path, dense=dense))))


class BlankEmbedder(HashingEmbedder):
    """Gives vectors that are no numbers, as a model with broken weights does."""

    def embed_passages(self, texts: list[str]) -> Vectors:
        return np.full((len(texts), self.dimension), np.nan, dtype=np.float32)


async def test_vectors_that_are_no_numbers_are_found(sound: EdgeReader):
    assert {COSINE: 0.0} == failed(await checks_of(sound, embedder=BlankEmbedder()))


async def test_vectors_are_looked_at_all_over_the_generation(tmp_path: Path):
    passages = [make_passage(f"Text {n}.", document_id=f"d{n:02}") for n in range(40)]
    dense = embed(passages).dense
    dense[20:] = np.roll(dense[20:], 1, axis=1)
    assert {COSINE} == set(failed(await checks_of(await build(tmp_path, passages, dense=dense))))


def linked(manifest: Manifest, document_id: str, original: str) -> Manifest:
    """Make a document of a manifest a link."""
    record = replace(manifest.documents[document_id], n_passages=0, duplicate_of=original)
    return replace(manifest, documents={**manifest.documents, document_id: record})


async def loss(root: Path, current: Manifest, document_ids: Sequence[str], links: dict[str, str]) -> float:
    """Give the share of passages lost to a generation of these documents, one passage each, and links."""
    candidate = await build(root, [make_passage(document_id=i) for i in document_ids])
    for document_id, original in links.items():
        documents = {**candidate.manifest.documents, document_id: next(iter(current.documents.values()))}
        candidate.manifest = linked(replace(candidate.manifest, documents=documents), document_id, original)
    return (await checks_of(candidate, current=current))[LOST].measured


async def test_a_copy_that_becomes_a_link_loses_no_passages(tmp_path: Path):
    assert 0 == await loss(tmp_path, held(1, 1), ["fever-en"], {"cough-zh": "fever-en"})


async def test_an_original_and_a_copy_that_change_places_lose_no_passages(tmp_path: Path):
    current = linked(held(1, 1), "cough-zh", "fever-en")
    assert 0 == await loss(tmp_path, current, ["cough-zh"], {"fever-en": "cough-zh"})


async def test_a_copy_that_takes_the_place_of_its_original_loses_no_passages(tmp_path: Path):
    assert 0 == await loss(tmp_path, linked(held(1, 1), "cough-zh", "fever-en"), ["cough-zh"], {})


async def test_a_link_does_not_hide_that_other_passages_are_lost(tmp_path: Path):
    assert pytest.approx(1 / 3, abs=1e-4) == await loss(
        tmp_path, held(1, 1, 1), ["fever-en"], {"cough-zh": "fever-en"}
    )


async def test_a_link_is_neither_missing_nor_an_orphan(tmp_path: Path):
    candidate = await build(tmp_path, [FEVER])
    candidate.manifest = linked(make_manifest("g2", [FEVER, COUGH]), "cough-zh", "fever-en")
    assert {} == failed(await checks_of(candidate))


async def test_a_link_with_passages_of_its_own_fails(tmp_path: Path):
    candidate = await build(tmp_path)
    candidate.manifest = linked(candidate.manifest, "cough-zh", "fever-en")
    assert {STORED: 1} == failed(await checks_of(candidate))
