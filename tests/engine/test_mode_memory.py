"""The mode that works is remembered for this machine and this build, and for no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from weighbridge.services.engine import mode_memory
from weighbridge.services.engine.mode_memory import FILE, forget, known_mode, remember


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    assert known_mode(tmp_path / "absent") is None


def test_the_last_mode_is_known_until_it_is_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    remember(folder, "safe")
    assert known_mode(folder) == "safe"
    remember(folder, "default")
    assert known_mode(folder) == "default"
    forget(folder)
    assert known_mode(folder) is None
    forget(folder)


@pytest.mark.parametrize("part", ["_cpu", "_build"])
def test_another_cpu_or_build_starts_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    remember(tmp_path, "safe")
    with monkeypatch.context() as other:
        other.setattr(mode_memory, part, lambda: ["another"])
        assert known_mode(tmp_path) is None
        remember(tmp_path, "default")
    assert known_mode(tmp_path) == "safe", "both are kept"


def test_the_build_is_known_by_its_libraries() -> None:
    marks = mode_memory._build()
    assert any("llama" in mark for mark in marks) and any("ggml-cpu" in mark for mark in marks)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "\ud83d"])
def test_a_damaged_file_means_nothing_is_known(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert known_mode(tmp_path) is None
    remember(tmp_path, "safe")
    assert known_mode(tmp_path) == "safe"


def test_an_unknown_mode_in_the_file(tmp_path: Path) -> None:
    remember(tmp_path, "safe")
    path = tmp_path / FILE
    path.write_text(path.read_text().replace("safe", "fast"))
    assert known_mode(tmp_path) is None


def test_a_place_that_is_no_folder_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    remember(tmp_path / "file", "safe")
    assert known_mode(tmp_path / "file") is None


def test_the_engine_is_not_imported_for_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from weighbridge.services.engine.mode_memory import known_mode;"
        "known_mode(Path(sys.argv[1])); assert 'llama_cpp' not in sys.modules"
    )
    source = str(Path(mode_memory.__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env={"PYTHONPATH": source}, check=False)
    assert done.returncode == 0
