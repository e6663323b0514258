"""`weighbridge export`: the Hub is asked for sizes, files are not overwritten, mistakes are one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from export.conftest import CONFIG, REPO, Export
from fakehub.fake_hub import FakeHub

from weighbridge.services.hub.hub import Hub
from weighbridge.services.hub.serving import shape_of
from weighbridge.session.packets.exporting import FORMATS

CAP = "cap_usd = 3"


def test_sizes_and_shape_come_from_the_hub(hub: FakeHub, home: Path) -> None:
    known = Hub(home, hub.endpoint, 5.0)
    facts = known.serving(known.repository(REPO))
    assert facts.weights_bytes == 1000, "the second copy of the weights is not counted"
    assert facts.shape is not None and (facts.shape.n_heads, facts.shape.head_dim) == (28, 128)
    assert facts.shape.n_ctx_max == 32768 and not facts.gap


def test_a_config_that_tells_nothing_leaves_it_unknown() -> None:
    for wrong in ({"num_hidden_layers": -1}, {"num_attention_heads": "28"}, {"hidden_size": 0}):
        assert shape_of(CONFIG | wrong) is None
    assert shape_of([]) is None and shape_of({}) is None
    nested = shape_of({"text_config": CONFIG, "num_hidden_layers": 3})
    assert nested is not None and nested.n_layers == 28


def test_a_repository_becomes_a_task(hub: FakeHub, export: Export) -> None:
    code, out, _ = export("skypilot", REPO, CAP)
    task = yaml.safe_load(out)
    assert code == 0 and task["envs"]["REVISION"] == hub.repos[REPO].sha
    assert task["resources"]["accelerators"]["L4"] == 1 and task["resources"]["max_hourly_cost"] == 3.0


@pytest.mark.parametrize("form", ["vllm", "sglang", "transformers", "dstack"])
def test_the_other_forms_pin_the_same_commit(hub: FakeHub, export: Export, form: str) -> None:
    code, out, _ = export(form, REPO, CAP)
    assert code == 0 and hub.repos[REPO].sha in out


@pytest.mark.parametrize("form", ["llama-server", "ollama"])
def test_servers_of_gguf_files(hub: FakeHub, export: Export, form: str) -> None:
    code, out, _ = export(form, "acme/gguf:small-Q4_0.gguf")
    assert code == 0 and "hf download acme/gguf small-Q4_0.gguf --revision" in out
    assert export(form, REPO)[0] == 3


def test_a_file_that_is_there_is_not_overwritten(hub: FakeHub, export: Export, tmp_path: Path) -> None:
    target = tmp_path / "task.yaml"
    code, out, err = export("dstack", REPO, CAP, options=("-o", str(target)))
    assert code == 0 and out == "" and "is written" in err
    before = target.read_bytes()
    code, _, err = export("skypilot", REPO, CAP, options=("-o", str(target)))
    assert code == 2 and "exists already" in err and target.read_bytes() == before
    code, _, err = export("skypilot", REPO, CAP, options=("-o", str(tmp_path / "no" / "task.yaml")))
    assert code == 4


def test_a_mistake_makes_no_file(hub: FakeHub, export: Export, tmp_path: Path) -> None:
    target = tmp_path / "task.yaml"
    code, _, err = export("skypilot", REPO, options=("-o", str(target)))
    assert code == 3 and "No cap is set" in err and "cap_usd" in err and not target.exists()


def test_without_the_hub_the_size_is_asked_for(export: Export) -> None:
    name = f"acme/seven@{'a' * 40}"
    code, _, err = export("skypilot", name, CAP)
    assert code == 2 and "gpu_memory_gb" in err
    code, out, _ = export("skypilot", name, CAP, "gpu_memory_gb = 20")
    assert code == 0 and "typed (gpu_memory_gb)" in out
    code, out, _ = export("vllm", name)
    assert code == 0 and "is not known" in out, "a command needs no size, and says that there is none"
    code, _, err = export("vllm", "acme/seven")
    assert code == 2 and "not pinned" in err


def test_a_broken_config_is_no_shape(hub: FakeHub, export: Export) -> None:
    hub.add(REPO, {"README.md": "# S\n", "config.json": "{" * 3000, "model.safetensors": bytes(9)})
    code, _, err = export("skypilot", REPO, CAP)
    assert code == 2 and "config.json" in err and "gpu_memory_gb" in err


def test_a_server_that_runs_is_not_started(export: Export) -> None:
    code, _, err = export("vllm", "http://127.0.0.1:8/v1#name")
    assert code == 3 and "runs already" in err


def test_nothing_of_it_is_kept_as_a_run(hub: FakeHub, export: Export, home: Path) -> None:
    export("vllm", REPO)
    assert not list(home.glob("runs/*")) and json.dumps(FORMATS)
