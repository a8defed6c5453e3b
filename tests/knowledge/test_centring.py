import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.centring import Centring
from tests.knowledge.factories import laws


def unit_vectors(n: int, seed: int, dimension: int = 16) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_vectors_of_a_language_lose_what_they_share():
    plain = unit_vectors(50, seed=1) + 3.0
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    centred = Centring.of({"en": plain.mean(axis=0)}, {}).passage_vectors(plain, "en")
    assert np.linalg.norm(centred.mean(axis=0)) < 0.2 < 0.9 < np.linalg.norm(plain.mean(axis=0))


def test_a_language_without_a_mean_is_left_as_it_is():
    plain = unit_vectors(3, seed=2)
    assert np.array_equal(plain, Centring().passage_vectors(plain, "zh"))


def test_questions_are_centred_by_the_mean_of_questions():
    question, mean = unit_vectors(2, seed=3)
    centring = Centring.of({"en": -mean / 2}, {"en": mean / 2})
    moved = question - mean / 2
    assert np.allclose(moved / np.linalg.norm(moved), centring.query_vector(question, "en"), atol=1e-6)


def test_a_vector_that_is_the_mean_itself_becomes_nothing():
    mean = unit_vectors(1, seed=4)[0]
    assert not Centring.of({}, {"en": mean}).query_vector(mean, "en").any()


@laws
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.95))
def test_plain_vectors_come_back(seed: int, length: float):
    plain, mean = unit_vectors(8, seed), unit_vectors(1, seed + 1)[0] * np.float32(length)
    centring = Centring.of({"zh": mean}, {})
    back = centring.plain_vectors(centring.passage_vectors(plain, "zh"), "zh")
    assert np.allclose(plain, back, atol=1e-5)


@laws
@given(st.integers(0, 2**32 - 1))
def test_centred_vectors_have_length_one(seed: int):
    centring = Centring.of({"zh": unit_vectors(1, seed)[0] / 2}, {})
    lengths = np.linalg.norm(centring.passage_vectors(unit_vectors(8, seed + 1), "zh"), axis=1)
    assert np.allclose(1, lengths, atol=1e-5)
