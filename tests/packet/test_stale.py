"""A packet that is saved in between says so everywhere: stale evidence, a program that was killed, a plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet.forge import problems

from weighbridge.domain.proof.events import Attempt, Completed, Event, Spawned
from weighbridge.domain.run import Run
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import CROSS, verify_packet

pytestmark = pytest.mark.usefixtures("marks_here")
Save = Callable[[PacketSource], Path]
EARLIER = "from an earlier proof with other settings"


def text(packet: Path, name: str) -> str:
    return (packet / "data" / name).read_text("utf-8")


def smaller_context(run: Run) -> Run:
    """The context is halved after proof, eval and decision; the forecast follows, as the session has it."""
    assert run.forecast
    settings = run.settings.model_copy(update={"n_ctx": 1024})
    forecast = run.forecast.model_copy(update={"n_ctx": 1024})
    return run.model_copy(update={"settings": settings, "forecast": forecast})


def test_a_packet_with_stale_steps_does_not_contradict_itself(source: PacketSource, save: Save) -> None:
    packet = save(replace(source, run=smaller_context(source.run)))
    assert problems(packet) == []
    readme = text(packet, "README.md")
    assert "- Decision: none; an earlier one (" in readme
    known, _, missing = readme.partition("## What is missing")
    assert "- Decision: none" in known and "(typed" not in known.partition("## What is known")[2]
    for title in ("First run", "Eval", "Resource note", "Shutdown", "Decision"):
        assert f"- {title}: " in missing and f"- {title}: " not in known.partition("## What is known")[2]
    assert f"- Proof: {EARLIER}" in readme
    assert EARLIER in text(packet, "first-run.md")
    proof, evaluation = source.run.proof, source.run.evaluation
    assert proof and evaluation
    shutdown = text(packet, "shutdown.md")
    assert f"`{proof.job_id}` ({EARLIER}" in shutdown
    assert f"`{evaluation.job_ids[0]}` (from an earlier eval" in shutdown


def test_a_forecast_of_other_settings_is_not_compared(source: PacketSource, save: Save) -> None:
    runtime: dict[str, Any] = json.loads(text(save(replace(source, run=smaller_context(source.run))), "runtime.json"))
    assert runtime["settings"]["n_ctx"] == 2048 and runtime["chosen_settings"]["n_ctx"] == 1024
    assert runtime["forecast"]["n_ctx"] == 1024 and runtime["proof"]["note"].startswith(EARLIER)
    assert runtime["forecast_against_measured"] is None
    assert "context of 1024 tokens, the proof ran with 2048" in runtime["missing"]["forecast_against_measured"]


def killed(source: PacketSource) -> tuple[PacketSource, str]:
    """The run with one more eval job that ends in the middle of its first request, as when everything is killed."""
    began = next(i for i, e in enumerate(source.events) if isinstance(e, Attempt) and e.job == "eval")
    ends = next(i for i, e in enumerate(source.events) if isinstance(e, Completed) and i > began)
    cut: list[Event] = []
    for event in source.events[began:ends]:
        if isinstance(event, Attempt):
            event = event.model_copy(update={"job_id": "eval-killed"})
        if isinstance(event, Spawned):
            event = event.model_copy(update={"pid": 31337})
        cut.append(event)
    return replace(source, events=[*source.events, *cut]), "eval-killed"


def test_a_process_that_was_never_seen_to_end_is_listed(source: PacketSource, save: Save) -> None:
    changed, job = killed(source)
    packet = save(changed)
    assert problems(packet) == []
    row = next(line for line in text(packet, "shutdown.md").splitlines() if "31337" in line)
    assert job in row and "not observed: the program was ended first" in row
    runtime = json.loads(text(packet, "runtime.json"))
    assert runtime["attempts"][-1]["job_id"] == job and runtime["attempts"][-1]["outcome"] == "interrupted"
    spawned = sum(isinstance(event, Spawned) for event in changed.events)
    assert text(packet, "shutdown.md").count(" | 4242 | ") + 1 == spawned


def test_a_plan_says_that_nothing_was_weighed(planned_source: PacketSource, save: Save) -> None:
    first = text(save(planned_source), "README.md").split("\n\n")[1]
    assert first.startswith("A plan for an open-weight model") and "nothing was weighed" in first
    assert "weighed by" not in first


def test_events_that_cannot_be_read_are_complained_of_once(packet: Path) -> None:
    with (packet / "data/events.jsonl").open("a") as file:
        file.write("x")
    wrong = [check for check in verify_packet(packet).checks if not check.ok]
    checked = {check.name: check.detail for check in wrong if check.checked}
    assert set(checked) == {"manifest", "schemas", "Payload-Oxum"}
    assert "data/events.jsonl" in checked["schemas"] and bag.INFO in checked["Payload-Oxum"]
    rest = [check for check in wrong if not check.checked]
    assert {check.name for check in rest} == {
        one.name for one in CROSS if "data/events.jsonl" in one.needs and not one.only
    }
    assert {"answers", "figures", "tables", "redactions"} < {check.name for check in rest}
    assert all(check.detail == "not checked: data/events.jsonl cannot be read" for check in rest)
