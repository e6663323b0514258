"""Packets of runs that a server, a rented GPU or a notebook answered: what they hold, owe and pass on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from bagit_utils import Bag
from bagit_utils.validator import BagValidator
from packet.served_run import ACCOUNT, ADDRESS, BOOT, JOB, NAME, loaded, typed

from weighbridge.domain.packet import completeness
from weighbridge.domain.proof.events import Connected, RequestStarted
from weighbridge.domain.proof.timeline import Timeline
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet

Save = Callable[[PacketSource], Path]
pytestmark = pytest.mark.usefixtures("marks_here")


def read(packet: Path, name: str) -> Any:
    return json.loads((packet / "data" / name).read_text("utf-8"))


def owed(packet: Path) -> list[str]:
    """What `verify --strict` names as owed; everything else must hold."""
    checks = [check for check in verify_packet(packet, strict=True).checks if not check.ok]
    assert [check for check in checks if check.name != "owed"] == []
    return [check.detail for check in checks]


def item(packet: Path, name: str) -> dict[str, Any]:
    (found,) = [row["fact"] for row in read(packet, "decision.json")["completeness"] if row["id"] == name]
    return dict(found)


def test_a_packet_of_a_given_server_holds_and_owes_the_command_that_stops_it(given: PacketSource, save: Save) -> None:
    packet = save(given)
    assert read(packet, "decision.json")["status"] == "measured"
    assert [one for one in owed(packet) if "License" not in one] == [
        "Shutdown: the server was left running, for it is not ours to stop: type the command that stops it"
    ]
    server = read(packet, "server.json")
    assert server["target"]["base_url"] == ADDRESS and server["connected"]["max_model_len"] == 4096
    assert server["figures"]["gpu_memory_bytes"] == 5000 * 2**20
    assert item(packet, "runtime")["value"] == f"vllm 0.32.0 at {ADDRESS}, as {NAME}"
    assert item(packet, "runtime")["status"] == "declared", "a server's own account is not measured"
    assert "GPU memory 5000 MiB" in item(packet, "resources")["value"]
    assert bagit.Bag(str(packet)).validate()


def test_a_typed_stop_command_is_the_shutdown_of_a_server_that_is_not_ours(given: PacketSource, save: Save) -> None:
    packet = save(typed(given, stop_command="systemctl stop vllm"))
    assert item(packet, "shutdown")["value"] == "not ours to stop; to stop it: systemctl stop vllm"
    assert all(one.startswith("License") for one in owed(packet))
    assert "systemctl stop vllm" in (packet / "data/shutdown.md").read_text("utf-8")
    assert conforms(packet)


def conforms(packet: Path) -> bool:
    """To the profile that it names."""
    return bool(BagValidator.validate_once(Bag(packet), profile=read(packet, "schemas/bagit-profile.json")).valid)


def test_figures_of_a_server_are_ours_and_its_own_apart(given: PacketSource, save: Save) -> None:
    packet = save(given)
    figures = read(packet, "runtime.json")["proof"]["figures"]
    pieces = read(packet, "server.json")["figures"]["pieces"]
    assert figures["output_tokens"] == 2 * pieces
    assert figures["decode_tokens_per_s"] == round((2 * pieces - 1) / (0.25 * (pieces - 1)), 3)
    assert figures["engine_decode_tokens_per_s"] == round(2 * pieces / 0.5, 3)
    assert figures["peak_rss_bytes"] is None and figures["noise"]["mark"] == "unknown"
    said = (packet / "data/first-run.md").read_text("utf-8")
    assert "Never mixed with the figures above. Told by `/metrics of the server`." in said
    assert "between two pieces of text as they arrived" in said


def test_a_folder_of_the_server_and_a_key_are_in_no_file(given: PacketSource, tmp_path: Path) -> None:
    write_packet(tmp_path / "packet", given)
    held = "\n".join(path.read_text("utf-8") for path in (tmp_path / "packet").rglob("*") if path.is_file())
    assert "secret-place" not in held and "[folder]/small" in held


def test_no_digest_is_claimed_for_weights_that_nobody_saw(given: PacketSource, save: Save) -> None:
    packet = save(given)
    assert not (packet / "data/decision.intoto.json").exists()
    text = (packet / "data/README.md").read_text("utf-8")
    assert "- `decision.intoto.json`: a server answered: there is no file by whose digest a gate could speak" in text
    bom = read(packet, "model/mlbom.cdx.json")["components"][0]
    assert "hashes" not in bom and {"name": "weighbridge:weights", "value": "not seen: no digest"} in bom["properties"]
    assert read(packet, "model/model.json")["digests"] == []


def test_a_rented_gpu_is_proven_stopped_and_paid_and_names_no_account(rented: PacketSource, save: Save) -> None:
    packet = save(rented)
    assert all(one.startswith("License") for one in owed(packet))
    (row,) = read(packet, "rentals.json")["rows"]
    assert row["rental"]["cost"]["amount_usd"] == 0.4 and row["rental"]["cost"]["typed_amount_usd"] == 0.5
    assert row["within_cap"] is True and row["proven"] is True
    assert item(packet, "cost")["source"].startswith("the provider's list of hardware, 2026")
    assert "typed beside it: 1 USD an hour; 1,800 s came to 0.4000 USD" in item(packet, "cost")["value"]
    assert item(packet, "stop-proof")["status"] == item(packet, "endpoint")["status"] == "measured"
    assert (
        item(packet, "stop-command")["value"]
        == f"weighbridge jobs stop {JOB}; the provider's own: hf jobs cancel {JOB}"
    )
    assert read(packet, "decision.json")["cost"]["rented_usd"] == 0.4
    for path in packet.rglob("*"):
        assert not path.is_file() or ACCOUNT not in path.read_text("utf-8"), path


def test_what_a_server_does_not_count_stays_unknown(rented: PacketSource, save: Save) -> None:
    packet = save(rented)
    figures = read(packet, "runtime.json")["proof"]["figures"]
    assert figures["prompt_tokens"] is figures["output_tokens"] is figures["decode_tokens_per_s"] is None
    assert figures["ttft_s"] is None and figures["ttft_reused_s"] == 0.25
    assert figures["server"]["memory_missing"] and figures["server"]["doubts"]
    cost = read(packet, "decision.json")["cost"]
    assert any("tokens of" in one and "does not count them" in one for one in cost["unknown"])
    assert read(packet, "system.json")["n_gen"] is None
    page = (packet / "data/report.html").read_text("utf-8")
    assert "Doubt on its account: It counted more tokens than it was sent." in page and "Memory is not known" in page
    log = next((packet / "data/eval/inspect").iterdir())
    assert json.loads(log.read_text("utf-8"))["stats"]["model_usage"] == {}


def test_a_rental_that_was_not_seen_to_stop_owes_its_proof(rented: PacketSource, save: Save) -> None:
    running = rented.run.rentals[0].model_copy(update={"stop": None, "cost": None})
    packet = save(replace(rented, run=rented.run.model_copy(update={"rentals": (running,)})))
    told = owed(packet)
    assert any(one.startswith("Proof of stop: the job") for one in told)
    assert any(one.startswith("Shutdown: the job") for one in told)
    assert "what it has cost is not known" in item(packet, "cost")["value"]
    assert read(packet, "decision.json")["cost"]["rented_usd"] is None


def test_a_notebook_packet_is_measured_and_says_whether_it_was_reset(notebook: PacketSource, save: Save) -> None:
    packet = save(notebook)
    assert owed(packet) == [] and read(packet, "decision.json")["status"] == "measured"
    assert item(packet, "reset-note")["value"] == f"not reset: the boot id is {BOOT} at start and end"
    assert item(packet, "runtime-type")["value"] == "Colab, T4"
    assert "runtime.unassign() was called" in item(packet, "shutdown")["value"]
    assert not (packet / "data/route").exists()
    assert conforms(packet)


def test_a_load_test_is_in_the_packet_with_every_request(given: PacketSource, save: Save) -> None:
    packet = save(loaded(given))
    assert all(one.startswith(("License", "Shutdown")) for one in owed(packet))
    assert len((packet / "data/load.jsonl").read_text("utf-8").splitlines()) == 7
    assert "It said 503." in (packet / "data/report.html").read_text("utf-8")


def test_private_documents_owe_nothing_once_the_three_notes_are_typed(given: PacketSource) -> None:
    card = given.run.constraints.model_copy(update={"privacy": "private_docs"})
    run = given.run.model_copy(update={"constraints": card})
    notes = {"access_rule": "two of us", "source_trace": "case tags", "no_leak_note": "watched by Anna"}
    lacks = [one.id for one in completeness(run) if one.id.replace("-", "_") in notes and not one.held]
    assert len(lacks) == 3
    told = run.model_copy(update={"plan": run.plan.model_copy(update=notes)})
    assert all(one.held for one in completeness(told) if one.id.replace("-", "_") in notes)


def test_the_key_of_a_server_is_in_no_file_even_where_the_server_sends_it_back(
    given: PacketSource, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "no-shape-of-a-key-at-all"
    monkeypatch.setenv("WEIGHBRIDGE_API_KEY", key)
    said = [
        event.model_copy(update={"facts": {"echo": f"you sent {key}"}}) if isinstance(event, Connected) else event
        for event in given.events
    ]
    packet = save(replace(given, events=said))
    assert all(one.startswith(("License", "Shutdown")) for one in owed(packet))
    assert read(packet, "server.json")["connected"]["facts"] == {"echo": "you sent [credential]"}
    assert all(key not in path.read_text("utf-8") for path in packet.rglob("*") if path.is_file())


def test_the_page_of_a_rented_gpu_is_sound_html_and_says_what_it_cost(rented: PacketSource, save: Save) -> None:
    page = (save(rented) / "data/report.html").read_text("utf-8")
    for text in ("Rented GPUs", "0.4000 USD", "✓ within 1 USD", "The server during the proof", "CANCELED"):
        assert text in page, text


def test_what_another_server_told_before_is_not_told_of_this_one(given: PacketSource, save: Save) -> None:
    assert given.run.model is not None
    moved = given.run.model.model_copy(update={"address": "https://new.example.org/v1"})
    packet = save(replace(given, run=given.run.model_copy(update={"model": moved})))
    assert [one for one in verify_packet(packet).checks if not one.ok] == []
    server = read(packet, "server.json")
    assert server["target"]["base_url"] == moved.address and server["connected"] is None
    assert server["missing"]["connected"] == "the proof on record is not of this server"
    assert item(packet, "first-run")["reason"].startswith("the proof is stale")


def test_a_model_of_this_machine_after_a_server_has_no_server(
    given: PacketSource, source: PacketSource, save: Save
) -> None:
    run = given.run.model_copy(update={"model": source.run.model, "declared": source.run.declared})
    packet = save(replace(given, run=run))
    assert [one for one in verify_packet(packet).checks if not one.ok] == []
    assert not (packet / "data/server.json").exists() and "Never mixed" in (packet / "data/first-run.md").read_text()


def test_a_run_with_a_server_that_was_asked_nothing_is_a_plan(given: PacketSource, save: Save) -> None:
    bare = given.run.model_copy(update={"proof": None, "evaluation": None, "verdict": None, "spent": {}})
    packet = save(replace(given, run=bare, events=()))
    assert [one for one in verify_packet(packet).checks if not one.ok] == []
    assert read(packet, "decision.json")["status"] == "planned"
    assert read(packet, "server.json")["missing"]["connected"] == "the proof has not run"


def test_a_sample_of_a_server_begins_no_phase(given: PacketSource) -> None:
    timeline, asked = Timeline(), 0
    for event in given.events:
        timeline.add(event)
        asked += isinstance(event, RequestStarted) and not event.warmup
    assert [span.phase for span in timeline.spans].count("prefill") == asked > 0
