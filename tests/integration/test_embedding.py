"""The real embedding model, in this process and in one of its own."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedding import SentenceTransformerEmbedder
from knowledge.embedding_process import EmbeddingProcess
from knowledge.settings import KnowledgeSettings
from tests.live import DEMO_ENVIRONMENT

pytestmark = pytest.mark.integration

MODEL = DEMO_ENVIRONMENT["MEDCITE_EMBEDDING_MODEL"]
QUESTIONS = ["在家量血压多少算高？", "What is the maximum daily dose of ibuprofen?"]


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(MODEL, KnowledgeSettings().models_path)


def test_the_embedding_process_gives_the_vectors_of_the_embedder(embedder):
    process = EmbeddingProcess(MODEL, KnowledgeSettings().models_path)
    try:
        apart = process.embed_queries(QUESTIONS)
    finally:
        process.close()
    np.testing.assert_allclose(embedder.embed_queries(QUESTIONS), apart, atol=0.01)


def test_the_embedding_process_has_the_fingerprint_of_the_embedder(embedder):
    process = EmbeddingProcess(MODEL, KnowledgeSettings().models_path)
    process.close()
    assert embedder.fingerprint == process.fingerprint


def test_vectors_have_length_one(embedder):
    np.testing.assert_allclose([1, 1], np.linalg.norm(embedder.embed_passages(QUESTIONS), axis=1), atol=1e-5)


def test_a_question_is_closer_to_its_answer_than_to_another(embedder):
    answers = ["家庭自测血压平均≥135/85 mmHg为升高。", "烫伤后用流动凉水冲洗20分钟。"]
    scores = embedder.embed_queries(QUESTIONS[:1]) @ embedder.embed_passages(answers).T
    assert 0 == int(scores.argmax())


def test_no_text_gives_no_vector(embedder):
    assert (0, embedder.dimension) == embedder.embed_passages([]).shape


def test_the_embedding_process_ends_with_its_parent():
    code = (
        "import os, sys; from pathlib import Path; from knowledge.embedding_process import EmbeddingProcess;"
        "process = EmbeddingProcess(sys.argv[1], Path(sys.argv[2])); process.embed_queries(['x']);"
        "print(*process._pool._processes, flush=True); os.kill(os.getpid(), 9)"
    )
    models_path = str(KnowledgeSettings().models_path)
    run = subprocess.run(
        [sys.executable, "-c", code, MODEL, models_path], capture_output=True, text=True, timeout=120
    )
    child = int(run.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()
