"""A packet is a bag that common tools accept, and holds what the run has."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest

from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet


def read(packet: Path, name: str) -> Any:
    return json.loads((packet / "data" / name).read_text("utf-8"))


def problems(packet: Path) -> list[str]:
    return [check.detail for check in verify_packet(packet).checks if not check.ok]


def accepted_by_others(packet: Path) -> None:
    assert bagit.Bag(str(packet)).validate()
    if shutil.which("sha256sum"):
        for name in (bag.MANIFEST, bag.TAG_MANIFEST):
            subprocess.run(["sha256sum", "--strict", "-c", name], cwd=packet, check=True, capture_output=True)


def test_a_packet_is_accepted_by_us_by_bagit_and_by_sha256sum(golden: Path) -> None:
    assert problems(golden) == []
    accepted_by_others(golden)


def test_the_seal_is_the_digest_of_the_tag_manifest(tmp_path: Path, source: PacketSource) -> None:
    seal = write_packet(tmp_path / "p", source)
    assert seal == hashlib.sha256((tmp_path / "p" / bag.TAG_MANIFEST).read_bytes()).hexdigest()
    assert verify_packet(tmp_path / "p").seal == seal


def test_equal_sources_give_equal_packets(tmp_path: Path, source: PacketSource) -> None:
    assert write_packet(tmp_path / "a", source) == write_packet(tmp_path / "b", source)


def test_a_planned_packet_says_so_and_holds_the_commands(
    planned_source: PacketSource, save: Callable[[PacketSource], Path]
) -> None:
    packet = save(planned_source)
    assert problems(packet) == []
    accepted_by_others(packet)
    route = planned_source.run.decision.route
    plan = (packet / "data/route" / f"{route}.md").read_text("utf-8")
    assert "Nothing here has run." in plan
    assert ("vllm serve" in plan) == (route == "rented_gpu")
    assert planned_source.run.model and planned_source.run.model.revision in plan
    assert "Status: planned\n" in (packet / bag.INFO).read_text()
    assert not (packet / "data/events.jsonl").exists()
    assert "`events.jsonl`: the packet is a plan" in (packet / "data/README.md").read_text("utf-8")


def test_an_earlier_local_proof_is_no_evidence_for_a_planned_route(
    source: PacketSource, planned_source: PacketSource, save: Callable[[PacketSource], Path]
) -> None:
    mixed = planned_source.run.model_copy(update={"proof": source.run.proof, "evaluation": source.run.evaluation})
    packet = save(replace(source, run=mixed))
    assert problems(packet) == []
    assert not (packet / "data/events.jsonl").exists()
    assert not (packet / "data/logs").exists()


def test_both_attempts_with_their_logs_are_evidence(golden: Path) -> None:
    attempts = read(golden, "runtime.json")["attempts"]
    assert [(a["job"], a["mode"], a["outcome"]) for a in attempts] == [
        ("proof", "default", "crash SIGSEGV"),
        ("proof", "safe", "completed"),
        ("eval", "safe", "completed"),
    ]
    assert "it broke" in (golden / attempts[0]["log"]).read_text("utf-8")
    assert "SIGSEGV" in (golden / "data/shutdown.md").read_text("utf-8")


def test_the_policys_digest_can_be_had_with_a_shell(golden: Path) -> None:
    lines = (golden / "data/eval/cases.jsonl").read_text("utf-8").splitlines()
    digest = hashlib.sha256(f"[{','.join(lines)}]".encode()).hexdigest()
    policy = read(golden, "policy.json")
    assert policy["policy"]["cases_digest"] == digest
    command = policy["cases_digest_of"].partition(": ")[2]
    done = subprocess.run(["bash", "-c", command], cwd=golden / "data", capture_output=True, text=True, check=True)
    assert done.stdout.startswith(digest)


def test_the_forecast_stands_beside_what_was_measured(golden: Path) -> None:
    rows = {row["quantity"]: row for row in read(golden, "runtime.json")["forecast_against_measured"]}
    assert rows["KV cache"]["forecast_bytes"] == rows["KV cache"]["measured_bytes"] == 45 * 2**20
    assert rows["total at most"]["measured_bytes"] == 200 * 2**20


def test_what_is_null_says_why(golden: Path) -> None:
    for name in ("system.json", "runtime.json", "model/model.json"):
        document = read(golden, name)
        assert {k for k, v in document.items() if v is None} == set(document["missing"])
        assert all(document["missing"].values())


def test_figures_for_people_have_units_and_few_digits(golden: Path) -> None:
    shown = (golden / "data/first-run.md").read_text("utf-8")
    assert "| peak_rss_bytes | 209,715,200 bytes |" in shown
    load = read(golden, "runtime.json")["proof"]["figures"]["load_s"]
    assert f"| load_s | {load:.4g} s |" in shown and "| stop_reason | '" not in shown
    assert "nearest rank, from 59 values on" in shown
    assert "| mode | `safe` |" in shown and "| flash attention | " in shown


def test_what_is_not_owed_and_not_known_is_named_as_missing(golden: Path) -> None:
    lacks = (golden / "data/README.md").read_text("utf-8").split("## What is missing\n")[1].split("##")[0]
    for title in ("Out-of-scope use", "Limits and safety", "Model card"):
        assert f"- not owed, and not known: {title}: " in lacks


def test_nobody_is_said_to_have_accepted_what_only_stood(golden: Path) -> None:
    (item,) = [row for row in read(golden, "decision.json")["completeness"] if row["id"] == "decision"]
    assert item["fact"]["source"] == "the recommendation stood: nobody chose otherwise"


def test_a_hostile_answer_stays_text(golden: Path) -> None:
    shown = (golden / "data/first-run.md").read_text("utf-8")
    block = shown.split("````text\n")[1].split("\n````")[0]
    assert "```\n<script>" in block
    assert "\x1b" not in shown and "\u202e" not in shown
    raw = (golden / "data/events.jsonl").read_bytes().decode("utf-8")
    assert "\x1b" not in raw and "\u202e" not in raw and "\\u202e" in raw


def test_a_request_name_cannot_become_a_formula(source: PacketSource, save: Callable[[PacketSource], Path]) -> None:
    evil = [
        e.model_copy(update={"request": "=HYPERLINK(1)"}) if getattr(e, "request", "") == "warm-up" else e
        for e in source.events
    ]
    packet = save(replace(source, events=evil))
    with (packet / "data/resources/requests.csv").open(newline="", encoding="utf-8") as file:
        names = [row["request"] for row in csv.DictReader(file)]
    assert "'=HYPERLINK(1)" in names
    assert problems(packet) == []


def test_without_a_proof_a_local_packet_is_a_plan_too(
    source: PacketSource, save: Callable[[PacketSource], Path]
) -> None:
    bare = source.run.model_copy(update={"proof": None, "evaluation": None, "verdict": None, "model": None})
    packet = save(replace(source, run=bare.model_copy(update={"declared": None, "pack": None, "policy": None})))
    assert problems(packet) == []
    text = (packet / "data/README.md").read_text("utf-8")
    assert "- Status: planned" in text
    assert "`model/model.json`: no model was chosen" in text
    assert "`eval/cases.jsonl`: no cases were chosen" in text


def test_stale_evidence_is_said_to_be_stale(source: PacketSource, save: Callable[[PacketSource], Path]) -> None:
    settings = source.run.settings.model_copy(update={"n_ctx": 4096})
    packet = save(replace(source, run=source.run.model_copy(update={"settings": settings})))
    assert problems(packet) == []
    assert read(packet, "runtime.json")["proof"]["current"] is False
    assert read(packet, "decision.json")["verdict_current"] is False
    assert "Decision: none\n" in (packet / bag.INFO).read_text()


@pytest.mark.parametrize("name", ["data/a%b", "data/line\nend", "data/cr\rhere", "data/%0A", "data/名前 と 空白"])
def test_odd_file_names_are_written_as_the_standard_says(tmp_path: Path, name: str) -> None:
    files = bag.bag({name: b"x"}, {"Bagging-Date": "2026-01-02"})
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    assert bag.decode_name(bag.encode_name(name)) == name
    named = {c.name: c.ok for c in verify_packet(tmp_path).checks}
    assert named["manifest"] and named["no other files"] and named["Payload-Oxum"]
