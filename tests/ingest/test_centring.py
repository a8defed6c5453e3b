from collections.abc import Iterable
from pathlib import Path

import numpy as np

from knowledge.edge_reader import EdgeReader
from knowledge.edge_store import EdgeStore
from knowledge.embedding import Vectors
from tests.ingest.factories import run_ingest, write_texts

CHINESE = "# 高血压\n\n## 诊断\n\n" + "\n\n".join(f"第 {i} 段:血压 {120 + i}/80 mmHg。" for i in range(20))
ENGLISH = "# Diabetes\n\n## Basics\n\n" + "\n\n".join(
    f"Paragraph {i}: glucose {i} mmol/L." for i in range(20)
)


async def opened(root: Path) -> EdgeReader:
    reader = await EdgeStore(root / "knowledge").current()
    assert reader is not None
    return reader


async def vectors_of(reader: EdgeReader, document_ids: Iterable[str]) -> Vectors:
    found = []
    for document_id in document_ids:
        ids = [passage.passage_id async for passage in reader.document_passages(document_id)]
        found += list((await reader.dense_vectors(ids)).values())
    return np.stack(found)


async def test_a_new_generation_carries_the_means_of_its_languages(tmp_path: Path):
    await run_ingest(tmp_path, write_texts(tmp_path / "texts", zh=CHINESE, en=ENGLISH))
    assert {"zh", "en"} == (await opened(tmp_path)).manifest.centring.languages


async def test_its_vectors_are_normalised(tmp_path: Path):
    await run_ingest(tmp_path, write_texts(tmp_path / "texts", zh=CHINESE))
    vectors = await vectors_of(await opened(tmp_path), ["zh"])
    assert np.allclose(1, np.linalg.norm(vectors, axis=1), atol=1e-4)


async def test_the_means_stay_while_a_generation_changes_little(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", zh=CHINESE, en=ENGLISH)
    await run_ingest(tmp_path, texts)
    before = (await opened(tmp_path)).manifest.centring
    write_texts(texts, en=ENGLISH + "\n\nOne more paragraph.\n")
    await run_ingest(tmp_path, texts)
    assert before == (await opened(tmp_path)).manifest.centring


async def test_a_new_language_is_centred_too(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", zh=CHINESE)
    await run_ingest(tmp_path, texts)
    write_texts(texts, en=ENGLISH)
    await run_ingest(tmp_path, texts)
    assert {"zh", "en"} == (await opened(tmp_path)).manifest.centring.languages


async def test_the_gate_knows_centred_vectors_for_the_embedders_own(tmp_path: Path):
    texts = write_texts(tmp_path / "texts", zh=CHINESE, en=ENGLISH)
    report = await run_ingest(tmp_path, texts)
    assert [] == [check for check in report.checks if not check.passed]
