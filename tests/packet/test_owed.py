"""What a packet owes is named: by --strict, and in notes for private documents and LoRA."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packet.forge import document, problems

from weighbridge.cli import main
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.fill.decision import SOFTWARE
from weighbridge.services.packet_io.records.files import FORM
from weighbridge.services.packet_io.verify import verify_packet

pytestmark = pytest.mark.usefixtures("marks_here")
Save = Callable[[PacketSource], Path]


def owed(packet: Path) -> list[str]:
    report = verify_packet(packet, strict=True)
    found = [check.detail for check in report.checks if check.name == "owed"]
    assert report.ok == (not found)
    return found


def private(source: PacketSource) -> PacketSource:
    card = source.run.constraints.model_copy(update={"privacy": "private_docs"})
    return replace(source, run=source.run.model_copy(update={"constraints": card}))


def test_a_plan_holds_and_owes_what_its_list_says(
    planned_source: PacketSource, save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    packet = save(planned_source)
    lacks = [item for item in json.loads((packet / "data/decision.json").read_text())["completeness"]]
    reasons = [f"{i['title']}: {i['fact']['reason']}" for i in lacks if i["fact"]["status"] == "missing"]
    assert reasons and owed(packet) == reasons
    assert main(["verify", str(packet)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"packet holds: {len(reasons)} things owed, not signed"
    assert main(["verify", str(packet), "--strict"]) == 5
    said = capsys.readouterr()
    assert f"DOES NOT HOLD: owed: {reasons[0]}" in said.out
    assert f"holds, and owes {len(reasons)} things to its route" in said.err


def test_a_broken_packet_is_broken_before_it_owes_anything(packet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (packet / "data/first-run.md").write_text("x\n")
    assert main(["verify", str(packet), "--strict"]) == 5
    assert "does not verify" in capsys.readouterr().err


def test_private_documents_are_said_to_be_inside_and_owe_three_notes(source: PacketSource, save: Save) -> None:
    packet = save(private(source))
    note = (packet / "data/private/private-documents.md").read_text("utf-8")
    assert "This packet holds them as they are" in note and "laptop-01" not in note.split("## Still owed")[1]
    for title in ("Access rule", "Source trace", "No-leak note"):
        assert title in note and any(line.startswith(title) for line in owed(packet))


def test_a_packet_without_private_documents_or_lora_has_no_such_note(golden: Path) -> None:
    assert not (golden / "data/private").exists() and not (golden / "data/lora").exists()
    text = (golden / "data/README.md").read_text("utf-8")
    assert "`private/`: the constraints name no private documents" in text


def test_lora_has_the_eval_before_it_and_owes_the_one_after(source: PacketSource, save: Save) -> None:
    run = source.run
    assert run.verdict and run.evaluation and run.evaluation.gate
    packet = save(
        replace(source, run=run.model_copy(update={"verdict": run.verdict.model_copy(update={"choice": "LoRA"})}))
    )
    gate = run.evaluation.gate
    note = (packet / "data/lora/before-after.md").read_text("utf-8")
    assert f"{gate.passed} of {gate.total} cases passed" in note
    assert any(line.startswith("Adapter: ") for line in owed(packet))


def test_a_packet_of_a_newer_version_is_named_as_such(packet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document(packet, "decision.json", lambda d: d | {"schema_version": FORM + 1, "software": "weighbridge 9.0"})
    (said,) = [line for line in problems(packet) if line.startswith("form: ")]
    assert f"form {FORM + 1}, a newer one, written by weighbridge 9.0, and this is {SOFTWARE}" in said
    assert main(["verify", str(packet)]) == 5
    told = capsys.readouterr().err
    assert f"cannot be checked by this version (form {FORM + 1}; this one knows {FORM})" in told
    assert "Use the version that wrote it" in told and "Ask for the packet again" not in told


def test_schemas_and_profiles_can_be_had_from_the_program(golden: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    names = capsys.readouterr().out.split()
    assert "decision" in names and "bagit-profile-rented_gpu-served" in names
    for name in names:
        assert main(["schema", name]) == 0
        said = capsys.readouterr().out
        file = f"{name.removesuffix('-local_cpu-run')}{'' if '-profile-' in name else '.schema'}.json"
        same = golden / "data/schemas" / file
        if same.exists():
            assert said == same.read_text("utf-8")
        assert json.loads(said)
    assert main(["schema", "nothing"]) == 2
