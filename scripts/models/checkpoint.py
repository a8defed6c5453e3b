"""A folder for transformers: JSON, and bfloat16 safetensors from quantised tensors, in bounded memory."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID251 - a script, not the service; numpy has no bfloat16
from gguf import GGMLQuantizationType, dequantize
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import save_file

SHARD_BYTES = 1 << 29
"""Bounds the memory: a shard is held until it is full."""

CONFIG_VERSION = {"transformers_version": "5.0.0"}
"""Part of each config.json. Without it transformers 5 takes any large local vocabulary for a faulty Mistral
one and warns of wrong tokens (`_patch_mistral_regex`). Remove it when that looks at the model type."""

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as a model file stores it.

    Attributes:
        name: name in the finished model.
        rows: uint8 of shape [n_rows, n_row_bytes], or float32 of any shape when `kind` is F32.
        kind: block format of a row.
        shape: shape once decoded.
    """

    name: str
    rows: NDArray[np.generic]
    kind: GGMLQuantizationType
    shape: tuple[int, ...]


def decode(tensor: StoredTensor) -> torch.Tensor:
    """Decode a stored tensor to a contiguous bfloat16 tensor of its shape."""
    if tensor.kind == GGMLQuantizationType.F32:
        return torch.from_numpy(np.array(tensor.rows, np.float32)).to(torch.bfloat16).reshape(tensor.shape)
    # At once, the float32 form of a vocabulary's embeddings alone would take a gigabyte.
    slices = (tensor.rows[i : i + _ROWS_AT_ONCE] for i in range(0, len(tensor.rows), _ROWS_AT_ONCE))
    decoded = [torch.from_numpy(dequantize(rows, tensor.kind)).to(torch.bfloat16) for rows in slices]
    return torch.cat(decoded).reshape(tensor.shape)


def save_weights(tensors: Iterable[StoredTensor], folder: Path) -> None:
    """Write tensors as `model.safetensors`, or as shards with an index when they exceed `SHARD_BYTES`.

    Raises:
        OSError: a file cannot be written.
    """
    shards: list[list[str]] = []
    held: dict[str, torch.Tensor] = {}
    n_held_bytes = n_bytes = 0
    for tensor in tensors:
        decoded = decode(tensor)
        if held and n_held_bytes + decoded.nbytes > SHARD_BYTES:
            shards.append(_save_shard(held, folder / f"shard-{len(shards)}"))
            held, n_held_bytes = {}, 0
        held[tensor.name] = decoded
        n_held_bytes += decoded.nbytes
        n_bytes += decoded.nbytes
    shards.append(_save_shard(held, folder / f"shard-{len(shards)}"))
    _name_shards(shards, n_bytes, folder)


def save_json(content: dict[str, Any] | list[Any], path: Path) -> None:
    """Write readable JSON, with the folders above it.

    Raises:
        OSError: `path` cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _save_shard(tensors: dict[str, torch.Tensor], path: Path) -> list[str]:
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except SafetensorError as error:  # It hides the OSError, whose number only the text still tells.
        code = errno.ENOSPC if "os error 28" in str(error) else errno.EIO
        raise OSError(code, str(error), str(path)) from error
    path.chmod(0o644)  # It is written as 0600, but a cache may be built by one user and read by another.
    return list(tensors)


def _name_shards(shards: list[list[str]], n_bytes: int, folder: Path) -> None:
    if len(shards) == 1:
        (folder / "shard-0").rename(folder / "model.safetensors")
        return
    weight_map: dict[str, str] = {}
    for i, names in enumerate(shards):
        filename = f"model-{i + 1:05}-of-{len(shards):05}.safetensors"
        (folder / f"shard-{i}").rename(folder / filename)
        weight_map |= dict.fromkeys(names, filename)
    index = {"metadata": {"total_size": n_bytes}, "weight_map": weight_map}
    save_json(index, folder / "model.safetensors.index.json")
