"""Task files hold by the schemas that SkyPilot and dstack publish; a typing mistake would not."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from export.conftest import COMMIT, Planned
from pydantic import ValidationError

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.serving import dstack, skypilot
from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.sizing import on_hardware
from weighbridge.services.export_file import yaml_text
from weighbridge.services.tables import load_servers

SCHEMAS = Path(__file__).parent / "schemas"
SIZES = (15.2, 141.0, 1400.0)
ENGINES = ("vllm", "sglang")


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


def read(planned: Deployment, tool: Any) -> Any:
    """The task as the other tool will read it."""
    return yaml.safe_load(yaml_text(tool.notes(planned), tool.task(planned)))


def check_skypilot(task: Any) -> None:
    """The task schema does not look into resources."""
    schema("skypilot-0.14.1-task.json").validate(task)
    schema("skypilot-0.14.1-resources.json").validate(task["resources"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_skypilot(planned: Planned, engine: str, size: float) -> None:
    task = read(planned(engine, size, gated=True), skypilot)
    check_skypilot(task)
    nodes = 2 if size > 1000 else 1
    assert task.get("num_nodes", 1) == nodes
    resources = task["resources"]
    assert resources["autostop"] == {"idle_minutes": 120, "down": True, "wait_for": "none"}
    assert resources["max_hourly_cost"] * nodes * 2 <= 4.0
    assert "ports" not in resources, "nothing is open to the world"
    assert set(task["secrets"].values()) == {None} and "HF_TOKEN" in task["secrets"]
    assert task["envs"] == {"MODEL": "acme/Big-7B", "REVISION": COMMIT}
    assert ("ray/start_cluster" in task["run"]) == (nodes == 2 and engine == "vllm")
    assert ("--dist-init-addr" in task["run"]) == (nodes == 2 and engine == "sglang")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_dstack(planned: Planned, engine: str, size: float) -> None:
    task = read(planned(engine, size), dstack)
    schema("dstack-0.22.5-task.json").validate(task)
    nodes = 2 if size > 1000 else 1
    assert task.get("nodes", 1) == nodes and task["max_duration"] == "120m"
    assert task["max_price"] * nodes * 2 <= 4.0
    assert ("DSTACK_NODE_RANK" in task["commands"][0]) == (nodes == 2)
    names = [entry for entry in task["env"] if "=" not in entry]
    assert names == [planned(engine).server.key_variable], "the key is named, and comes from the environment"


def test_a_typing_mistake_is_found(planned: Planned) -> None:
    task = read(planned(), skypilot)
    task["resources"]["accelerator"] = task["resources"].pop("accelerators")
    with pytest.raises(jsonschema.ValidationError, match="accelerator"):
        check_skypilot(task)
    other = read(planned(), dstack)
    other["max_durations"] = other.pop("max_duration")
    with pytest.raises(jsonschema.ValidationError, match="max_durations"):
        schema("dstack-0.22.5-task.json").validate(other)


@pytest.mark.parametrize("tool", [skypilot, dstack])
def test_the_comments_say_how_it_starts_is_asked_and_stops(planned: Planned, tool: Any) -> None:
    text = "\n".join(tool.notes(planned()))
    for part in ("openssl rand", "/health", "WEIGHBRIDGE_API_KEY=", "weighbridge prove", "Stop"):
        assert part in text
    assert "4 US dollars" in text and "never run on a GPU" in text


@pytest.mark.parametrize("tool", [skypilot, dstack])
def test_without_a_cap_there_is_no_task(planned: Planned, tool: Any) -> None:
    with pytest.raises(Refused) as caught:
        tool.task(planned(cap_usd=None))
    assert "cap_usd" in caught.value.hint


def test_a_cap_of_nothing_an_hour_is_none(planned: Planned) -> None:
    with pytest.raises(BadInput):
        skypilot.task(planned(cap_usd=0.1, hours=100.0))


def test_an_image_of_ones_own_takes_the_place_of_the_installation(planned: Planned) -> None:
    task = read(planned(image="vllm/vllm-openai:v0.32.0"), skypilot)
    check_skypilot(task)
    assert task["resources"]["image_id"] == "docker:vllm/vllm-openai:v0.32.0" and "setup" not in task
    assert read(planned(image="vllm/vllm-openai:v0.32.0"), dstack)["image"] == "vllm/vllm-openai:v0.32.0"


def test_no_name_breaks_out_of_its_place(planned: Planned) -> None:
    made = planned()
    hostile = made.model.model_copy(update={"repo": "acme/a\nresources: {}\n# $(reboot)"})
    task = read(made.model_copy(update={"model": hostile}), skypilot)
    check_skypilot(task)
    assert task["envs"]["MODEL"] == hostile.repo and "reboot" not in task["run"] + task["name"].replace("-reboot", "")


@pytest.mark.parametrize("image", ["vllm/vllm-openai", "vllm:latest; rm -rf /", "a b:c", "vllm/v@sha256:12", "$(id):1"])
def test_an_image_without_a_tag_or_with_shell_signs_is_none(image: str) -> None:
    with pytest.raises(ValidationError, match="an image is registry/name:tag"):
        ServePlan(image=image)


@pytest.mark.parametrize("image", ["host.test:5000/a/b:v1", "vllm/vllm-openai:v0.33.0", f"a/b:v1@sha256:{'0' * 64}"])
def test_a_pinned_image_is_taken(image: str) -> None:
    assert ServePlan(image=image, hardware="a10g-small").image == image
    with pytest.raises(ValidationError, match="hardware is one name"):
        ServePlan(hardware="l4 x1;")


def test_the_hardware_of_the_plan_is_asked_for(planned: Planned) -> None:
    table, one = load_servers().gpu, planned()
    assert one.size is not None
    for hardware, gpu in (("l4x1", "L4"), ("l40sx4", "L40S"), ("a10g-small", "A10G"), ("H100", "H100")):
        chosen = one.model_copy(update={"size": on_hardware(one.size, hardware, table)})
        assert list(read(chosen, skypilot)["resources"]["accelerators"]) == [gpu]
        task = read(chosen, dstack)
        assert task["resources"]["gpu"]["name"] == [gpu]
        schema("dstack-0.22.5-task.json").validate(task)
    for hardware, why in (("warp9", "which GPU"), ("a100-large", "which GPU")):
        other = one.model_copy(update={"size": on_hardware(one.size, hardware, table)})
        assert read(other, skypilot)["resources"]["accelerators"] == read(one, skypilot)["resources"]["accelerators"]
        assert f"hardware = {hardware} was not used: {why}" in "\n".join(skypilot.notes(other))


def test_a_cap_too_low_to_rent_anything_is_warned_about(planned: Planned) -> None:
    for tool in (skypilot, dstack):
        low = "\n".join(tool.notes(planned(cap_usd=0.05, hours=1.0)))
        assert "WARNING: 0.05 US dollars over 1 h leave 0.05 an hour" in low
        assert "WARNING" not in "\n".join(tool.notes(planned()))
