"""SkyPilot and dstack themselves read what is exported: they are large, so `make export` brings them.

Neither reaches a network here: a task is parsed, and nothing is launched.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml
from export.conftest import Planned

from weighbridge.domain.serving import dstack, skypilot
from weighbridge.services.export_file import yaml_text

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
PLANS: list[tuple[str, float]] = [("vllm", 15.2), ("vllm", 1400.0), ("sglang", 141.0), ("sglang", 1400.0)]


def needs(package: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(absent, reason=f"{package} is not installed: `make export`")


@needs("sky")
@pytest.mark.parametrize(("engine", "size"), PLANS)
def test_skypilot_reads_the_task(planned: Planned, engine: str, size: float, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sky: Any = importlib.import_module("sky")
    made = planned(engine, size)
    monkeypatch.setenv(made.server.key_variable, "a key")
    file = tmp_path / "task.yaml"
    file.write_text(yaml_text(skypilot.notes(made), skypilot.task(made)), "utf-8")
    task = sky.Task.from_yaml(str(file))
    assert task.num_nodes == (2 if size > 1000 else 1)
    for resources in task.resources:
        stop = resources.autostop_config
        assert stop.enabled and stop.down and stop.idle_minutes == 120 and stop.wait_for.value == "none"
        assert resources.max_hourly_cost is not None


@needs("dstack")
@pytest.mark.parametrize(("engine", "size"), PLANS)
def test_dstack_reads_the_task(planned: Planned, engine: str, size: float) -> None:
    configurations: Any = importlib.import_module("dstack._internal.core.models.configurations")
    made = planned(engine, size)
    task: Any = configurations.parse_run_configuration(yaml.safe_load(yaml_text(dstack.notes(made), dstack.task(made))))
    assert task.type == "task" and task.max_duration == 7200 and task.max_price > 0
    assert (task.nodes or 1) == (2 if size > 1000 else 1)
