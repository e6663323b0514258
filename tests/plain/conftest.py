"""The real program, the packet of the example plan, and a Hub on loopback with small models."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from fakehub.fake_hub import FakeHub
from gguf import GGMLQuantizationType, GGUFWriter
from program import DATA, Cli, Typed, command, environment

from weighbridge.cli import main
from weighbridge.domain.run import Run
from weighbridge.plain.wizard import walk
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Cli:
    """Runs `weighbridge ARGS`; never with a traceback, whatever the exit code."""

    def run(*args: str, stdin: str = "", env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*args),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(home, env),
            cwd=tmp_path,
            timeout=600,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """The same program inside the test's own process: for tables of small mistakes. It is patient with the engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("weighbridge.services.engine.dry_load.dry_load.__defaults__", (300.0,))

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        try:
            code = main(args)
        except SystemExit as end:
            code = int(end.code or 0)
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        return subprocess.CompletedProcess(args, code, said.out, said.err)

    return run


@pytest.fixture
def typed(
    store: RunStore, deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Typed:
    """Walks a new run on a scripted runtime with these lines typed: exit code, what was said, the run as saved."""
    monkeypatch.chdir(tmp_path)

    def run(lines: str, deps: Deps = deps) -> tuple[int, str, Run]:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        session = Session.create(store, deps)
        code = walk(session)
        said = capfd.readouterr()
        assert all(char == "\n" or char.isprintable() for char in said.out + said.err)
        return code, said.out + said.err, store.load(session.run.id)

    return run


@pytest.fixture(scope="session")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packet of the example plan, with the real engine; made once. Beside it: stdout, stderr."""
    place = tmp_path_factory.mktemp("example")
    done = subprocess.run(
        command("run", str(DATA / "plan.toml"), "-o", str(place / "packet"), "--json"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(place / "home"),
        timeout=600,
    )
    (place / "stdout").write_text(done.stdout, encoding="utf-8")
    (place / "stderr").write_text(done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return place / "packet"


CARD = """---
license: apache-2.0
language: [en, ja]
base_model: acme/tiny
---
# Tiny

## Intended use

Short answers in tests.

## Limitations

It knows eight words.
"""


BLOCK: dict[str, tuple[int, ...]] = {
    "attn_norm": (64,),
    "attn_q": (64, 64),
    "attn_k": (32, 64),
    "attn_v": (32, 64),
    "attn_output": (64, 64),
    "ffn_norm": (64,),
    "ffn_gate": (106, 64),
    "ffn_up": (106, 64),
    "ffn_down": (64, 106),
}
"""Shapes of one block's tensors."""


def tiny_gguf(path: Path, blocks: int, licence: str = "apache-2.0") -> Path:
    """A model that the engine takes, 128 KiB a block. Its weights are zeros."""
    writer = GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    if licence:
        writer.add_license(licence)
    writer.add_block_count(blocks)
    writer.add_context_length(8192)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_feed_forward_length(106)
    writer.add_layer_norm_rms_eps(1e-5)
    words = ["<s>", "</s>", "a", "b", "c", "d", "e", "f"]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([1] * len(words))
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (8, 64), "output_norm.weight": (64,)}
    shapes |= {f"blk.{n}.{name}.weight": shape for n in range(blocks) for name, shape in BLOCK.items()}
    for name, shape in shapes.items():
        writer.add_tensor(name, np.zeros(shape, np.float32), raw_dtype=GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two models by their file names, and `plain`: one whose file states no licence."""
    place = tmp_path_factory.mktemp("tiny")
    sizes = {"tiny-Q4_K_M.gguf": 8, "tiny-Q8_0.gguf": 16}
    found = {name: tiny_gguf(place / name, blocks) for name, blocks in sizes.items()}
    return found | {"plain": tiny_gguf(place / "plain.gguf", 8, licence="")}


@pytest.fixture
def hub(tiny: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A Hub with one repository, acme/tiny-GGUF, which the program under test talks to, and never calls slow."""
    monkeypatch.setattr("weighbridge.services.hub.telling.SLOW_S", 300.0)
    files = {"README.md": CARD} | {name: path for name, path in tiny.items() if name.endswith(".gguf")}
    with FakeHub() as fake:
        fake.add("acme/tiny-GGUF", files, downloads=1234, likes=5)
        monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
        yield fake
