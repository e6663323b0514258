"""A packet of a GPU that is to be rented: it holds what the plan says of that machine, and the commands that fit it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.packet import completeness
from weighbridge.domain.planned import route_commands
from weighbridge.domain.run import PlanDetails
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.tables import load_servers, load_tables
from weighbridge.session.packets.exporting import export

COMMIT = "c" * 40
MODEL = ModelChoice(kind="named", name="org/repo", repo="org/repo", revision=COMMIT)
SERVE = ServePlan(
    engine="sglang", hardware="l4x1", image="lmsysorg/sglang:v0.5.23", max_model_len=1536, cap_usd=2, hours=1
)


@pytest.fixture
def to_rent(planned_source: PacketSource) -> PacketSource:
    if planned_source.run.decision.route != "rented_gpu":
        pytest.skip("the notebook rents nothing")
    changed = {"serve": SERVE, "plan": PlanDetails(), "verdict": None}
    return replace(planned_source, run=planned_source.run.model_copy(update=changed))


def test_the_planned_packet_has_what_is_to_be_rented(to_rent: PacketSource, tmp_path: Path) -> None:
    write_packet(tmp_path / "packet", to_rent)
    report = verify_packet(tmp_path / "packet")
    assert [check for check in report.checks if not check.ok] == []
    told = json.loads(next(tmp_path.rglob("runtime.json")).read_text(encoding="utf-8"))["serve"]
    assert told == SERVE.model_dump(mode="json")
    page = next(tmp_path.rglob("rented_gpu.md")).read_text(encoding="utf-8")
    assert "--max-model-len 1536" in page and "2048" not in page, "the bundled file cannot be served by the engine"
    assert "l4x1" in page and "2 US dollars" in page
    assert "sglang on l4x1" in next(tmp_path.rglob("README.md")).read_text(encoding="utf-8")


def test_the_commands_are_those_of_the_export(to_rent: PacketSource) -> None:
    run = to_rent.run.model_copy(update={"model": MODEL})
    commands = "\n".join(text for _, text in route_commands(run, load_tables().route("rented_gpu"), load_servers()))
    assert f"sglang.launch_server --model-path org/repo --revision {COMMIT}" in commands
    assert "--context-length 1536" in commands and "vllm serve" not in commands
    started = next(line for line in commands.splitlines() if "sglang.launch_server" in line)
    assert started in export(run, "sglang")


def test_runtime_and_shutdown_of_the_plan_are_known(to_rent: PacketSource) -> None:
    known = {item.id: item.fact for item in completeness(to_rent.run)}
    assert known["runtime"].status == "typed" and "sglang on l4x1" in known["runtime"].text
    assert known["shutdown"].status == "derived" and "cancels the job" in known["shutdown"].text
    bare = to_rent.run.model_copy(update={"serve": ServePlan()})
    known = {item.id: item.fact for item in completeness(bare)}
    assert {known[name].status for name in ("runtime", "shutdown")} == {"missing"}
