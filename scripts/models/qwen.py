"""Qwen2.5: from a GGUF file to a folder that transformers and vLLM load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gguf import GGUFReader, ReaderTensor
from transformers import AutoTokenizer

from scripts.models.checkpoint import CONFIG_VERSION, StoredTensor, save_json, save_weights
from scripts.models.errors import ModelError
from scripts.models.report import Report

_MODEL_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_UNUSED = 5  # gguf.TokenType.UNUSED


def convert_qwen(source: Path, target: Path, report: Report) -> None:
    """Write the GGUF file `source` as bfloat16 weights, configuration and tokenizer into the folder `target`.

    Raises:
        ModelError: `source` holds another architecture or an unknown tensor.
        OSError: `target` cannot be written.
    """
    report("reading", 0, 1)
    reader = GGUFReader(source)
    config = model_config(reader)
    save_json(config, target / "config.json")
    endings = sorted({config["eos_token_id"], config["bos_token_id"]}, reverse=True)
    generation = {
        "bos_token_id": config["bos_token_id"],
        "eos_token_id": endings,  # <|im_end|> ends a chat turn, <|endoftext|> a text
        "pad_token_id": config["bos_token_id"],
    }
    save_json(generation, target / "generation_config.json")
    save_weights(_report_each(reader, report), target)
    report("converting the tokenizer", 0, 1)
    save_tokenizer(reader, source, target)


def model_config(reader: GGUFReader) -> dict[str, Any]:
    """Return the content of `config.json` for `Qwen2ForCausalLM` from the metadata.

    Raises:
        ModelError: the architecture is another.
    """
    architecture = _field(reader, "general.architecture")
    if architecture != "qwen2":
        raise ModelError(f"GGUF of architecture {architecture!r}, expected 'qwen2'")
    return CONFIG_VERSION | {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "hidden_size": _field(reader, "qwen2.embedding_length"),
        "intermediate_size": _field(reader, "qwen2.feed_forward_length"),
        "num_hidden_layers": _field(reader, "qwen2.block_count"),
        "num_attention_heads": _field(reader, "qwen2.attention.head_count"),
        "num_key_value_heads": _field(reader, "qwen2.attention.head_count_kv"),
        "max_position_embeddings": _field(reader, "qwen2.context_length"),
        "rms_norm_eps": round(_field(reader, "qwen2.attention.layer_norm_rms_epsilon"), 12),
        "rope_theta": _field(reader, "qwen2.rope.freq_base"),
        "use_sliding_window": False,
        "tie_word_embeddings": all(tensor.name != "output.weight" for tensor in reader.tensors),
        "vocab_size": len(reader.fields["tokenizer.ggml.tokens"].data),
        "bos_token_id": _field(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _field(reader, "tokenizer.ggml.eos_token_id"),
    }


def stored_tensor(tensor: ReaderTensor) -> StoredTensor:
    """Rename a tensor for `Qwen2ForCausalLM` and turn its shape round: GGUF lists dimensions innermost first.

    Raises:
        ModelError: the tensor is not known.
    """
    shape = tuple(int(n) for n in reversed(tensor.shape))
    return StoredTensor(qwen_name(tensor.name), tensor.data, tensor.tensor_type, shape)


def qwen_name(name: str) -> str:
    """Return the name in `Qwen2ForCausalLM`: `model.layers.3.mlp.up_proj.bias` for `blk.3.ffn_up.bias`.

    Raises:
        ModelError: the name is not known.
    """
    stem, _, kind = name.rpartition(".")
    if stem in _MODEL_NAMES:
        return f"{_MODEL_NAMES[stem]}.{kind}"
    block, _, rest = stem.partition(".")
    layer, _, part = rest.partition(".")
    if block != "blk" or part not in _LAYER_NAMES:
        raise ModelError(f"unknown tensor {name!r} in the GGUF file")
    return f"model.layers.{layer}.{_LAYER_NAMES[part]}.{kind}"


def save_tokenizer(reader: GGUFReader, source: Path, target: Path) -> None:
    """Write the tokenizer with its chat template, without the vocabulary's unused filler tokens."""
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    tokenizer.model_max_length = _field(reader, "qwen2.context_length")
    tokenizer.save_pretrained(target)
    path = target / "tokenizer.json"
    content = json.loads(path.read_text("utf-8"))
    kinds = _field(reader, "tokenizer.ggml.token_type")
    vocabulary = content["model"]["vocab"]
    # Kept, the fillers ("[PAD151665]") could be generated wherever a grammar allows their characters.
    content["model"]["vocab"] = {text: i for text, i in vocabulary.items() if kinds[i] != _UNUSED}
    content["normalizer"] = {"type": "NFC"}  # Qwen's own; GGUF does not record it.
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def _report_each(reader: GGUFReader, report: Report) -> Iterator[StoredTensor]:
    for n_done, tensor in enumerate(reader.tensors):
        report("converting", n_done, len(reader.tensors))
        yield stored_tensor(tensor)


def _field(reader: GGUFReader, key: str) -> Any:
    return reader.fields[key].contents()
