"""What a sound header says, read from a real file and from files of another implementation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.model.gguf_types import FILE_TYPES, GGML_TYPES, GgufHeader
from weighbridge.domain.model.hparams import hyper_parameters
from weighbridge.services import bundled

Craft = Callable[..., bytes]
Read = Callable[[bytes], GgufHeader]


def test_the_bundled_file_is_read_with_few_small_reads() -> None:
    path = bundled.find().path
    reads: list[int] = []
    with path.open("rb") as file:

        def read_at(offset: int, count: int) -> bytes:
            reads.append(count)
            file.seek(offset)
            return file.read(count)

        header = read_header(read_at, path.stat().st_size)
    assert (header.version, header.architecture, header.quantization) == (3, "llama", "Q4_1")
    assert (header.data_offset, header.weights_bytes, len(header.tensors)) == (1_785_664, 96_576_768, 272)
    assert header.n_params == 134_515_008
    assert header.lengths["tokenizer.ggml.tokens"] == 49_152
    assert len(reads) <= 6 and sum(reads) < 8 << 20
    model = hyper_parameters(header)
    assert (model.n_block, model.n_embd, model.n_vocab, model.n_ctx_train) == (30, 576, 49_152, 8_192)
    assert (set(model.heads), set(model.kv_heads), model.key_length) == ({9}, {3}, 64)


def test_lists_are_kept_in_part_but_counted_whole(craft: Craft, read: Read) -> None:
    words = [f"word {number}" for number in range(1_500)]
    header = read(craft({"tokenizer.ggml.merges": words, "x.numbers": list(range(5_000)), "x.last": "end"}))
    assert header.metadata["tokenizer.ggml.merges"] == tuple(words[:1_024])
    assert header.metadata["x.numbers"] == tuple(range(1_024))
    assert (header.lengths["tokenizer.ggml.merges"], header.lengths["x.numbers"]) == (1_500, 5_000)
    assert header.metadata["x.last"] == "end"


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_are_read(craft: Craft, read: Read, version: int) -> None:
    header = read(craft(version=version))
    assert header.version == version
    assert [(tensor.name, tensor.bytes) for tensor in header.tensors] == [
        ("token_embd.weight", 2_048),
        ("blk.0.attn_q.weight", 4_608),
        ("output_norm.weight", 256),
    ]


def _write(path: Path, alignment: int) -> None:
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_custom_alignment(alignment)
    writer.add_name("Ein Modell 模型")
    writer.add_block_count(3)
    writer.add_context_length(2_048)
    writer.add_embedding_length(64)
    writer.add_head_count(8)
    writer.add_head_count_kv([8, 4, 2])
    writer.add_token_list([f"t{number}" for number in range(2_000)])
    writer.add_token_scores([0.5] * 2_000)
    writer.add_token_types([1] * 2_000)
    writer.add_array("x.floats", [1.5, 2.5])
    writer.add_bool("x.yes", True)
    writer.add_int64("x.far", -(2**40))
    writer.add_tensor("token_embd.weight", np.zeros((2_000, 64), dtype=np.float16))
    writer.add_tensor("blk.0.odd.weight", np.ones((5, 3), dtype=np.float32))
    raw = gguf.quants.quantize(np.ones((64, 64), dtype=np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.attn_q.weight", raw, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("alignment", [32, 4_096])
def test_agrees_with_another_implementation(tmp_path: Path, read: Read, alignment: int) -> None:
    path = tmp_path / "written.gguf"
    _write(path, alignment)
    ours, theirs = read(path.read_bytes()), gguf.GGUFReader(path)
    assert (ours.data_offset, ours.alignment) == (theirs.data_offset, alignment)
    expected = [
        (t.name, tuple(int(size) for size in t.shape), int(t.tensor_type), int(t.n_bytes)) for t in theirs.tensors
    ]
    assert [(t.name, t.shape, t.ggml_type, t.bytes) for t in ours.tensors] == expected
    assert [ours.data_offset + t.offset for t in ours.tensors] == [int(t.data_offset) for t in theirs.tensors]
    values: dict[str, Any] = ours.metadata
    assert values["general.name"] == "Ein Modell 模型"
    assert (values["x.floats"], values["x.yes"], values["x.far"]) == ((1.5, 2.5), True, -(2**40))
    assert hyper_parameters(ours).kv_heads == (8, 4, 2)
    assert hyper_parameters(ours).n_vocab == 2_000


def test_type_tables_agree_with_another_implementation() -> None:
    for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
        if kind != gguf.GGMLQuantizationType.Q8_1:  # never stored in files; ggml itself says 36 bytes, gguf 40
            assert GGML_TYPES[int(kind)] == (kind.name, block, size)
    for file_type in gguf.LlamaFileType:
        if file_type.name != "GUESSED":
            short = file_type.name.removeprefix("MOSTLY_").removeprefix("ALL_").removesuffix("_MOE")
            assert FILE_TYPES[int(file_type)] == short


@pytest.mark.parametrize(("file_type", "expected"), [(15, "Q4_K_M"), (None, "Q4_0"), (33, "Q4_0"), ("15", "Q4_0")])
def test_without_a_usable_file_type_the_tensors_decide(
    craft: Craft, read: Read, file_type: int | None, expected: str
) -> None:
    assert read(craft({"general.file_type": file_type})).quantization == expected


def test_texts_are_cleaned_on_the_way_out(craft: Craft, read: Read) -> None:
    header = read(craft({"general.name": "a\x1b[2Jb\nc", "general.tags": ["x\u202ey", "  "]}))
    assert header.text("general.name") == "a␛[2Jb c"
    assert header.texts("general.tags") == ("x\ufffdy",)
    assert header.text("llama.block_count") is None


def test_a_model_without_a_token_list_takes_the_size_from_its_embedding(craft: Craft, read: Read) -> None:
    names = ("tokens", "scores", "token_type")
    header = read(craft({f"tokenizer.ggml.{name}": None for name in names}))
    assert hyper_parameters(header).n_vocab == 8
