"""Which files of a repository are models: lists as publishers of GGUF files make them, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighbridge.domain.model.files import FileRow, WeightsFile, group, recommend
from weighbridge.domain.model.hub import HubFile
from weighbridge.domain.model.quant_names import ORDER, label_of
from weighbridge.domain.problems import HubProblem
from weighbridge.domain.text import clean
from weighbridge.services.hub.files.places import place

MIB = 2**20


def files(*paths: str, size: int | None = MIB) -> tuple[HubFile, ...]:
    return tuple(HubFile(path=path, size_bytes=size) for path in paths)


def names(*paths: str) -> list[str]:
    return [model.name for model in group(files(*paths))]


def only(*paths: str) -> WeightsFile:
    (model,) = group(files(*paths))
    return model


def test_one_publisher_per_quantization_in_the_order_of_size() -> None:
    listed = [
        HubFile(path=".gitattributes", size_bytes=3_000),
        HubFile(path="README.md", size_bytes=9_000),
        HubFile(path="LICENSE", size_bytes=11_000),
        HubFile(path="SmolLM2-360M-Instruct-Q8_0.gguf", size_bytes=386 * MIB),
        HubFile(path="SmolLM2-360M-Instruct-f16.gguf", size_bytes=726 * MIB),
        HubFile(path="SmolLM2-360M-Instruct-IQ3_M.gguf", size_bytes=234 * MIB),
        HubFile(path="SmolLM2-360M-Instruct-Q4_K_M.gguf", size_bytes=271 * MIB),
        HubFile(path="SmolLM2-360M-Instruct.imatrix", size_bytes=2 * MIB),
        HubFile(path="odd.gguf"),
    ]
    models = group(tuple(listed))
    assert [(m.label, m.size_bytes and m.size_bytes // MIB) for m in models] == [
        ("IQ3_M", 234),
        ("Q4_K_M", 271),
        ("Q8_0", 386),
        ("F16", 726),
        ("", None),
    ]
    assert all(m.complete and not m.problem for m in models)
    assert group(tuple(reversed(listed))) == models


@pytest.mark.parametrize(
    "path",
    [
        "mmproj-model-f16.gguf",
        "mmproj-gemma-4-E4B-it-Q8_0.gguf",
        "Qwen2.5-VL-3B-Instruct.mmproj-Q8_0.gguf",
        "mmproj.gguf",
        "mmproj/model-f16.gguf",
        "imatrix_unsloth.gguf",
        "SmolLM2.imatrix.gguf",
        "Llama-3.2-1B-lora-f16.gguf",
        "adapter.gguf",
        "adapters/legal-f16.gguf",
        "Llama-3-draft-Q4_0.gguf",
        "ggml-vocab-llama-bpe.gguf",
        "DeepSeek-V3-MTP-Q8_0.gguf",
        "clip-vit-large-f16.gguf",
        "wan_2.1_vae.gguf",
        "VAE/model.gguf",
    ],
)
def test_companions_are_no_models(path: str) -> None:
    assert names(path) == []
    assert names("model-Q8_0.gguf", path) == ["model-Q8_0.gguf"]


def test_only_gguf_files_are_models_whatever_the_case_of_their_end() -> None:
    paths = ("a-Q8_0.GGUF", "b.gguf.part", "c.bin", "gguf", ".gguf.md", "d.safetensors", "e_vocabulary.gguf")
    assert names(*paths) == ["a-Q8_0.GGUF", "e_vocabulary.gguf"]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("qwen2.5-0.5b-instruct-fp16.gguf", "F16"),
        ("Llama-3.2-1B-Instruct-BF16.gguf", "BF16"),
        ("model-f32.gguf", "F32"),
        ("Qwen3-4B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("gpt-oss-20b-ud-q6_k_xl.gguf", "UD-Q6_K_XL"),
        ("gpt-oss-120b-Q4_K_L.gguf", "Q4_K_L"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("openai_gpt-oss-20b-MXFP4_MOE.gguf", "MXFP4_MOE"),
        ("mistral-7b-instruct-v0.3.IQ1_M.gguf", "IQ1_M"),
        ("Qwen2.5-Coder-F16-Q8_0.gguf", "Q8_0"),
        ("Q8_0/Qwen3-8B-Q6_K.gguf", "Q6_K"),
        ("Q5_K_M/model.gguf", "Q5_K_M"),
        ("model-Q4_K_M_imat.gguf", "Q4_K_M"),
        ("TriLM-TQ2_0.gguf", "TQ2_0"),
        ("DeepSeek-R1-Distill-Qwen-1.5B.gguf", ""),
        ("modelQ4_K_M.gguf", ""),
        ("model-Q4.gguf", ""),
        ("Phi-3-mini-4k-instruct-Q40.gguf", ""),
    ],
)
def test_the_label_is_the_last_quantization_in_the_path(path: str, label: str) -> None:
    assert only(path).label == label


@pytest.mark.parametrize("name", ORDER)
def test_every_quantization_is_read_in_whole(name: str) -> None:
    assert label_of(f"acme-7B-{name}.gguf") == label_of(f"acme-7b.{name.lower()}.gguf") == name


@pytest.mark.parametrize("layout", ["Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8"])
def test_layouts_that_are_not_read_any_more_say_so(layout: str) -> None:
    model = only(f"Llama-3.2-1B-Instruct-{layout}.gguf")
    assert model.label == layout and "not read" in model.problem and "Q4_0" in model.problem


def test_shards_are_one_model_in_their_order() -> None:
    stem = "Q8_0/Qwen2.5-32B-Q8_0"
    model = only(*(f"{stem}-0000{n}-of-00003.gguf" for n in (3, 1, 2)))
    assert [part.path[-19:-14] for part in model.parts] == ["00001", "00002", "00003"]
    assert (model.name, model.size_bytes, model.label) == (f"{stem}-00001-of-00003.gguf", 3 * MIB, "Q8_0")
    assert model.complete and model.expected_parts == 3


def test_a_missing_shard_leaves_the_model_incomplete_and_its_size_what_is_there() -> None:
    model = only("m-00001-of-00003.gguf", "m-00003-of-00003.gguf")
    assert not model.complete and model.size_bytes == 2 * MIB
    unsized = group((*files("m-00001-of-00002.gguf"), *files("m-00002-of-00002.gguf", size=None)))
    assert unsized[0].complete and unsized[0].size_bytes is None


def test_a_shard_that_is_there_twice_does_not_stand_for_a_missing_one() -> None:
    model = only("m-00001-of-00002.gguf", "m-00001-of-00002.GGUF")
    assert not model.complete
    assert only("m.gguf", "m.gguf").complete, "the same path twice is one file"


def test_shards_of_different_sets_stay_apart() -> None:
    two, three = "m-00001-of-00002.gguf", "m-00001-of-00003.gguf"
    assert names(two, three, "m.gguf") == sorted([two, three, "m.gguf"])
    assert names("x/m-00001-of-00002.gguf", "y/m-00002-of-00002.gguf") == [
        "x/m-00001-of-00002.gguf",
        "y/m-00002-of-00002.gguf",
    ]


def test_equal_names_in_different_folders_stay_apart() -> None:
    assert names("Q4_0/model.gguf", "Q8_0/model.gguf") == ["Q4_0/model.gguf", "Q8_0/model.gguf"]


@pytest.mark.parametrize("path", ["m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m-00000-of-00000.gguf"])
def test_a_shard_that_counts_wrongly_is_left_out(path: str) -> None:
    assert names(path) == []


@pytest.mark.parametrize(
    "path",
    [
        "../up.gguf",
        "a/../../up.gguf",
        "..\\up.gguf",
        "a\\b.gguf",
        "/etc/model.gguf",
        "//host/model.gguf",
        "a//b.gguf",
        "./a.gguf",
        "C:/model.gguf",
        "c:model.gguf",
        "a\x1b[2Jb.gguf",
        "a\nb.gguf",
        "a\x00b.gguf",
        "a\u202ebfgug.gguf",
        "a\u200bb.gguf",
        "a\ud800b.gguf",
        " a.gguf",
        "a  b.gguf",
        "x" * 251 + ".gguf",
        "ü" * 126 + ".gguf",
        "a/" * 600 + "b.gguf",
        "..",
        "",
    ],
)
def test_hostile_paths_are_left_out(path: str) -> None:
    assert group((HubFile.model_construct(path=path, size_bytes=1, sha256=""), *files("good.gguf"))) == group(
        files("good.gguf")
    )


def test_names_in_any_script_and_with_a_space_are_kept() -> None:
    assert names("模型-Q4_K_M.gguf", "my model.gguf", "x" * 250 + ".gguf", "a..b.gguf") == sorted(
        ["模型-Q4_K_M.gguf", "my model.gguf", "x" * 250 + ".gguf", "a..b.gguf"]
    )


def test_a_list_of_many_thousand_files_is_grouped_once_each() -> None:
    many = files(*(f"part/m{n % 50}-{n // 50 + 1:05}-of-00200.gguf" for n in range(10_000)))
    models = group(many)
    assert len(models) == 50 and all(m.complete and m.size_bytes == 200 * MIB for m in models)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.text(max_size=12), st.none() | st.integers(0, 2**60)), max_size=4))
def test_any_list_gives_models_that_stay_inside(listed: list[tuple[str, int | None]]) -> None:
    found = tuple(HubFile.model_construct(path=f"{path}.gguf", size_bytes=size, sha256="") for path, size in listed)
    for model in group(found):
        assert all(part in found for part in model.parts)
        assert not model.name.startswith("/") and ".." not in model.name.split("/") and clean(model.name) == model.name


@pytest.mark.parametrize("path", [".hid-Q4_0.gguf", "a/.b/m.gguf", "q?x=1#m.gguf", "a*b.gguf", "a /b.gguf"])
def test_a_name_that_a_download_refuses_is_shown_and_not_to_be_chosen(path: str) -> None:
    model = only(path)
    assert not model.choosable and "not safe on a disk" in model.problem
    with pytest.raises(HubProblem):
        place(Path("/models"), "acme/m", "a" * 40, path)
    rows = tuple(FileRow(file=file) for file in group(files(path, "good-Q8_0.gguf")))
    assert recommend(rows)[0] == "good-Q8_0.gguf"


def test_parts_say_why_they_cannot_be_chosen() -> None:
    whole = only("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")
    assert not whole.choosable and "merge them" in whole.problem
    lacking = only("m-00001-of-00003.gguf", "m-00003-of-00003.gguf")
    assert not lacking.choosable and lacking.problem == "only 2 of its 3 parts are in the repository"
    assert only("m-Q4_0.gguf").choosable and only("m-Q4_0_4_4.gguf").choosable
