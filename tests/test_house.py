"""The house keeps its shape: floors, sizes, and no word about where it was built."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "weighbridge"
MODULES = sorted(
    ".".join(p.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for p in SOURCE.rglob("*.py")
    if p.name != "__main__.py"
)
HEAVY = ("textual", "rich", "llama_cpp", "numpy", "huggingface_hub")
ALLOWED: dict[str, tuple[str, ...]] = {
    "weighbridge.tui": ("textual", "rich"),
    "weighbridge.services.engine.child": ("llama_cpp", "numpy"),
    "weighbridge.services.hub.bounded": ("huggingface_hub",),
}


def allowed(module: str) -> set[str]:
    return {name for prefix, names in ALLOWED.items() if module.startswith(prefix) for name in names}


def test_no_module_reaches_above_its_floor() -> None:
    """Each floor's modules, imported together in a fresh interpreter, leave the heavy libraries alone."""
    for floor in ("domain", "services", "session", "plain", "cli"):
        names = [m for m in MODULES if m.startswith(f"weighbridge.{floor}") and not allowed(m)]
        code = (
            f"import importlib, sys\nfor m in {names!r}:\n    importlib.import_module(m)\n"
            f"    leaked = [h for h in {HEAVY!r} if h in sys.modules]\n"
            "    assert not leaked, f'{m} imports {leaked}'"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr.splitlines()[-1]


def test_the_domain_needs_nothing_but_pydantic() -> None:
    names = [m for m in MODULES if m.startswith("weighbridge.domain")]
    code = (
        f"import importlib, sys\nfor m in {names!r}:\n    importlib.import_module(m)\n"
        "outside = [n for n in ('psutil', 'platformdirs', 'filelock', 'asyncio', 'subprocess') if n in sys.modules]\n"
        "assert not outside, outside"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.splitlines()[-1]


@pytest.mark.parametrize("folder", ["src", "tests", "bench"])
def test_no_room_is_too_large(folder: str) -> None:
    too_long: list[str] = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            too_long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > 40:
                    too_long.append(f"{path.name}:{node.lineno} {node.name}: {size} lines")
    assert not too_long


def test_every_module_says_what_it_is_for() -> None:
    silent = [p.name for p in SOURCE.rglob("*.py") if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert not silent
