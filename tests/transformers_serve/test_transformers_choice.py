"""Choosing `transformers:FOLDER`: what its files declare, one digest of all of them, and what is no such folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from transformers_serve.stand_ins import install, model_folder
from weighbridge.domain.problems import BadInput
from weighbridge.services.endpoint.transformers.choice import describe, folder_of, name_of, target_of
from weighbridge.services.endpoint.transformers.serve import environment, executable, versions


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", str(install("mute", tmp_path / "env" / "bin")))


async def test_a_folder_is_described_by_its_files(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "seen").write_text("not the model's")
    model, facts = await describe(folder)
    assert (model.kind, model.name, model.served_name) == ("transformers", "tiny", "tiny")
    assert (model.architecture, model.quantization, model.n_params) == ("llama", "bfloat16", 10)
    assert facts.context_length.value == 8192
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("config.json", "model.safetensors")
    ]
    assert model.sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


async def test_a_quantized_folder_names_its_method(tmp_path: Path) -> None:
    model, _ = await describe(model_folder(tmp_path / "q", quantization_config={"quant_method": "awq", "bits": 4}))
    assert model.quantization == "awq"


@pytest.mark.parametrize("header", [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0[]", b'\x0f\0\0\0\0\0\0\0{"a": {"shape":'])
async def test_a_damaged_header_leaves_the_count_unknown(tmp_path: Path, header: bytes) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(header)
    model, _ = await describe(folder)
    assert model.n_params is None


async def test_a_folder_of_another_kind_is_told_apart(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "model.gguf")
    with pytest.raises(BadInput, match="GGUF"):
        await describe(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(BadInput, match="no JSON object"):
        await describe(folder)
    (folder / "config.json").unlink()
    with pytest.raises(BadInput, match=r"no config\.json"):
        await describe(folder)


def test_a_file_is_no_folder_and_nothing_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        folder_of(str(tmp_path / "x.gguf"))
    assert folder_of("org/repo") is None
    with pytest.raises(BadInput):
        target_of("transformers: ")


@pytest.mark.parametrize(
    ("folder", "name"), [("my model@v2:x", "my-model-v2-x"), ("-rf", "rf"), ("模型", "model"), ("a.b_c-1", "a.b_c-1")]
)
def test_a_name_for_requests_has_no_letter_with_a_meaning(folder: str, name: str) -> None:
    assert name_of(Path("/x") / folder) == name


async def test_without_transformers_there_is_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput) as told:
        await describe(model_folder(tmp_path / "m"))
    assert "pip install" in told.value.hint
    assert versions() == {}
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", str(tmp_path / "python"))
    with pytest.raises(BadInput, match="WEIGHBRIDGE_TRANSFORMERS_PYTHON"):
        executable()


def test_versions_are_read_beside_the_command(tmp_path: Path) -> None:
    packages = tmp_path / "env" / "lib" / "python3.13" / "site-packages"
    for name in ("transformers-5.23.0", "torch-2.13.0+cpu", "rich-14.0"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    assert versions() == {"transformers": "5.23.0", "torch": "2.13.0+cpu"}


def test_no_secret_is_in_the_servers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WEIGHBRIDGE_API_KEY", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    for download in (False, True):
        told = environment(tmp_path, 2, download=download)
        assert "secret" not in told.values()
        assert told["HF_HUB_DISABLE_IMPLICIT_TOKEN"] == "1", "a saved login is a secret too"
        assert told["OMP_NUM_THREADS"] == "2"
    assert environment(tmp_path, None, download=False)["HF_HUB_OFFLINE"] == "1"
