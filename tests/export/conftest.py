"""Plans to export, a Hub with a small repository of safetensors, and the program in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakehub.fake_hub import FakeHub

from weighbridge.cli import main
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.sizing import ModelShape, ServingFacts, size_for
from weighbridge.services.tables import load_servers

COMMIT = "a09a35458c702b33eeacc393d103063234e8bc28"
CONFIG = {
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "hidden_size": 3584,
    "max_position_embeddings": 32768,
}
REPO = "acme/seven"
Export = Callable[..., tuple[int, str, str]]
Facts = Callable[..., ServingFacts]
Planned = Callable[..., Deployment]


@pytest.fixture
def facts() -> Facts:
    """A repository of so many GB; by default 7 thousand million weights of 16 bits, with 32 heads."""

    def made(weights_gb: float = 15.2, **shape: Any) -> ServingFacts:
        form = {"n_layers": 28, "n_heads": 32, "n_kv_heads": 4, "head_dim": 128, "n_ctx_max": 32768} | shape
        size = round(weights_gb * 1e9)
        return ServingFacts(weights_bytes=size, shape=ModelShape.model_validate(form), source="sizes of a test")

    return made


@pytest.fixture
def planned(facts: Facts) -> Planned:
    """A deployment as `session/exporting` makes it."""

    def made(engine: str = "vllm", weights_gb: float = 15.2, gated: bool = False, **serve: Any) -> Deployment:
        table = load_servers()
        plan = ServePlan.model_validate({"engine": engine, "cap_usd": 4.0, "hours": 2.0} | serve)
        known = facts(weights_gb)
        size = size_for(known, plan.max_model_len, plan.gpu_memory_gb, table.gpu, across=engine == "sglang")
        model = ModelChoice(kind="hub", name="acme/Big-7B", repo="acme/Big-7B", revision=COMMIT)
        server = table.of(engine)
        return Deployment(model=model, server=server, serve=plan, settings=RuntimeSettings(), gated=gated, size=size)

    return made


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub() as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
        fake.add(
            REPO,
            {
                "README.md": "---\nlicense: apache-2.0\n---\n# Seven\n",
                "config.json": json.dumps(CONFIG),
                "model-00001-of-00002.safetensors": bytes(600),
                "model-00002-of-00002.safetensors": bytes(400),
                "consolidated.safetensors": bytes(1000),
            },
        )
        fake.add("acme/gguf", {"README.md": "# G\n", "small-Q4_0.gguf": b"GGUF" + bytes(96)})
        yield fake


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Export:
    """`weighbridge export FORMAT` on a plan with this model and these lines of [serve]: exit code and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(form: str, use: str, *serve: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        lines = ["[constraints]", 'available_route = "rented_gpu"', "[model]", f"use = {json.dumps(use)}", "[serve]"]
        (tmp_path / "plan.toml").write_text("\n".join([*lines, *serve]) + "\n", "utf-8")
        code = main(("export", form, "plan.toml", *options))
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run
