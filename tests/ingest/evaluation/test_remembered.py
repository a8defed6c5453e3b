import numpy as np

from ingest.evaluation.remembered import RememberedQuestions
from knowledge.embedding_fake import HashingEmbedder
from tests.ingest.evaluation.factories import CountingEmbedder


def test_a_question_is_embedded_once():
    embedder = CountingEmbedder()
    remembered = RememberedQuestions(embedder)
    remembered.embed_queries(["a", "b", "a"])
    remembered.embed_queries(["b", "c"])
    assert 3 == embedder.n_questions


def test_the_vectors_are_those_of_the_embedder():
    remembered = RememberedQuestions(HashingEmbedder())
    remembered.embed_queries(["b"])
    np.testing.assert_array_equal(
        HashingEmbedder().embed_queries(["a", "b"]), remembered.embed_queries(["a", "b"])
    )
