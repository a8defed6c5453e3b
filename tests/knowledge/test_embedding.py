import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.embedding import fingerprint_model, resolve_model
from knowledge.errors import EmbeddingFailed


def make_model(folder: Path, weights: bytes = b"weights", tokenizer: bytes = b"{}") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "tokenizer.json").write_bytes(tokenizer)
    return folder


def test_a_folder_with_a_model_is_taken_as_it_is(tmp_path: Path):
    folder = make_model(tmp_path / "own")
    assert folder == resolve_model(str(folder), tmp_path / "models")


def test_a_hub_name_is_first_looked_for_under_the_models_path(tmp_path: Path):
    folder = make_model(tmp_path / "models" / "bge-m3")
    assert folder == resolve_model("BAAI/bge-m3", tmp_path / "models")


def test_the_folder_of_a_hub_name_is_in_lower_case(tmp_path: Path):
    folder = make_model(tmp_path / "qwen3-embedding-0.6b")
    assert folder == resolve_model("Qwen/Qwen3-Embedding-0.6B", tmp_path)


def test_a_model_that_is_nowhere_names_itself_and_the_remedy(tmp_path: Path):
    # Three parts are no hub name, so that the hub is not asked.
    with pytest.raises(EmbeddingFailed, match=r"'no/such/model'.*make models"):
        resolve_model("no/such/model", tmp_path)


def test_a_folder_without_a_configuration_is_no_model(tmp_path: Path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(EmbeddingFailed, match="neither a model folder"):
        resolve_model(str(tmp_path / "a" / "b"), tmp_path)


def test_the_fingerprint_begins_with_the_name_of_the_model(tmp_path: Path):
    folder = make_model(tmp_path / "m")
    assert fingerprint_model("BAAI/bge-m3", folder).startswith("bge-m3@")


def test_a_moved_model_keeps_its_fingerprint(tmp_path: Path):
    here, there = make_model(tmp_path / "here" / "m"), make_model(tmp_path / "there" / "m")
    assert fingerprint_model(str(here), here) == fingerprint_model(str(there), there)


def test_a_trailing_slash_does_not_change_the_fingerprint(tmp_path: Path):
    folder = make_model(tmp_path / "m")
    assert fingerprint_model(str(folder), folder) == fingerprint_model(f"{folder}/", folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": b"Weights"},
        {"weights": b"weights and more"},
        {"tokenizer": b'{"version": 2}'},
    ],
    ids=["other weights", "more weights", "other tokenizer"],
)
def test_another_training_has_another_fingerprint(tmp_path: Path, changed: dict[str, bytes]):
    one, other = make_model(tmp_path / "one"), make_model(tmp_path / "other", **changed)
    assert fingerprint_model("m", one) != fingerprint_model("m", other)


def test_the_tail_of_large_weights_counts(tmp_path: Path):
    body = bytes(3 * 2**20)
    one, other = make_model(tmp_path / "one", body + b"1"), make_model(tmp_path / "other", body + b"2")
    assert fingerprint_model("m", one) != fingerprint_model("m", other)


def test_empty_weights_have_a_fingerprint(tmp_path: Path):
    folder = make_model(tmp_path / "m", weights=b"")
    assert fingerprint_model("m", folder).startswith("m@")


def test_a_file_that_the_model_does_not_read_does_not_count(tmp_path: Path):
    folder = make_model(tmp_path / "m")
    before = fingerprint_model("m", folder)
    (folder / "README.md").write_text("about the model")
    assert before == fingerprint_model("m", folder)


_PREPARE = """
import sys
from pathlib import Path
from knowledge.embedding import SentenceTransformerEmbedder
SentenceTransformerEmbedder(sys.argv[1], Path())
print("torch" in sys.modules)
"""


def test_an_embedder_does_not_load_torch_before_its_first_use(tmp_path: Path):
    folder = make_model(tmp_path / "m")
    # In a process of its own, because other tests of a session may have loaded it.
    command = [sys.executable, "-c", _PREPARE, str(folder)]
    assert "False\n" == subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
