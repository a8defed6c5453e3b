"""A cross-encoder of one layer, small enough to be written by a test and known in what it does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

# The more of this word the pair holds, the more relevant it is.
RELEVANT = "dose"
# Makes every score not a number.
POISON = "poison"
MAX_TOKENS = 64
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
_WORDS = [RELEVANT, POISON, "fever", "the", "of", "血", "压"]
_WIDTH = 64


def make_cross_encoder(folder: Path, n_labels: int = 1) -> Path:
    """Write the model's folder, as the hub has it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(_config(n_labels)))
    (folder / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER_CONFIG))
    _tokenizer().save(str(folder / "tokenizer.json"))
    save_file(_weights(n_labels), folder / "model.safetensors", {"format": "pt"})
    return folder


def _config(n_labels: int) -> dict[str, Any]:
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "vocab_size": len(_SPECIAL + _WORDS),
        "hidden_size": _WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": _WIDTH,
        "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "id2label": {str(i): f"LABEL_{i}" for i in range(n_labels)},
        "label2id": {f"LABEL_{i}": i for i in range(n_labels)},
    }


_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": MAX_TOKENS,
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
}


def _tokenizer() -> Tokenizer:
    vocabulary = {word: i for i, word in enumerate(_SPECIAL + _WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def _weights(n_labels: int) -> dict[str, np.ndarray]:
    """Attend to all tokens alike, and let the first number of the mean decide."""
    square, line = np.zeros((_WIDTH, _WIDTH), np.float32), np.zeros(_WIDTH, np.float32)
    words = np.random.default_rng(0).normal(0, 0.1, (len(_SPECIAL + _WORDS), _WIDTH)).astype(np.float32)
    words[:, 0] = 0.0
    words[len(_SPECIAL) + _WORDS.index(RELEVANT), 0] = 4.0
    words[len(_SPECIAL) + _WORDS.index(POISON)] = np.nan
    layer = "bert.encoder.layer.0"
    weights = {
        "bert.embeddings.word_embeddings.weight": words,
        "bert.embeddings.position_embeddings.weight": np.zeros((MAX_TOKENS, _WIDTH), np.float32),
        "bert.embeddings.token_type_embeddings.weight": np.zeros((2, _WIDTH), np.float32),
        "bert.pooler.dense.weight": np.eye(_WIDTH, dtype=np.float32),
        "bert.pooler.dense.bias": line.copy(),
        "classifier.weight": np.tile(3 * np.eye(1, _WIDTH, dtype=np.float32), (n_labels, 1)),
        "classifier.bias": np.zeros(n_labels, np.float32),
    }
    for name in ("query", "key", "value"):
        weights[f"{layer}.attention.self.{name}.weight"] = square.copy()
        weights[f"{layer}.attention.self.{name}.bias"] = line.copy()
    for name in ("attention.output", "intermediate", "output"):
        weights[f"{layer}.{name}.dense.weight"] = square.copy()
        weights[f"{layer}.{name}.dense.bias"] = line.copy()
    for name in ("bert.embeddings", f"{layer}.attention.output", f"{layer}.output"):
        weights[f"{name}.LayerNorm.weight"] = np.ones(_WIDTH, np.float32)
        weights[f"{name}.LayerNorm.bias"] = line.copy()
    for name in ("attention.self.value", "attention.output.dense"):
        weights[f"{layer}.{name}.weight"] = np.eye(_WIDTH, dtype=np.float32)
    return weights
