"""Packets and runs of other versions, and long ones: refused with a sentence, made anew, checked in linear work."""

from __future__ import annotations

import cProfile
import json
import pstats
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, problems

from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.events import Completed, Event, RequestStarted, Token
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packet_io import payload
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.fill.decision import SOFTWARE
from weighbridge.services.packet_io.records.files import FORM
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")
Save = Callable[[PacketSource], Path]
ADDED = {"threads", "sensors", "conditions"}
"""Fields of runtime.json that form 1 does not have."""


def first_form(packet: Path) -> None:
    """Makes it one of form 1, as its version wrote it: the records have fewer fields, and no recipe."""

    def decision(file: dict[str, Any]) -> None:
        file |= {"schema_version": 1, "software": "weighbridge 0.0.9"}
        file["evaluation"].pop("noise")

    def runtime(file: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in file.items() if name not in ADDED} | {"schema_version": 1}

    for name in ("recipe.json", "schemas/recipe.schema.json"):
        (packet / "data" / name).unlink()
    document(packet, "decision.json", decision)
    document(packet, "runtime.json", runtime)


def test_another_form_is_one_sentence_that_says_who_wrote_it(packet: Path) -> None:
    first_form(packet)
    report = verify_packet(packet)
    (form,) = [check for check in report.checks if not check.ok]
    assert not report.ok and form.name == "form" and not form.checked and report.seal
    assert f"form 1, written by weighbridge 0.0.9, and this is {SOFTWARE}, which checks form {FORM}" in form.detail


def test_a_byte_changed_in_a_packet_of_another_form_is_still_found(packet: Path) -> None:
    first_form(packet)
    (packet / "data/first-run.md").write_text("All is well.\n")
    assert any(line.startswith("manifest: data/first-run.md") for line in problems(packet))


@pytest.mark.parametrize("form", [None, "1", True, 1.5, 0, -1])
def test_a_form_that_is_none_is_a_fault_of_the_file(packet: Path, form: object) -> None:
    document(packet, "decision.json", lambda file: file | {"schema_version": form})
    assert any(line.startswith("schemas: data/decision.json: schema_version") for line in problems(packet))


def test_a_run_that_an_earlier_version_kept_gives_a_packet_that_holds(source: PacketSource, save: Save) -> None:
    """Its record lacks figures that its events give."""
    run = source.run
    assert run.proof and run.evaluation
    named = {name for name, field in JobFigures.model_fields.items() if field.is_required()}
    figures = JobFigures.model_validate(run.proof.figures.model_dump(include=named))
    required = {name for name, field in CaseResult.model_fields.items() if field.is_required()}
    results = tuple(CaseResult.model_validate(r.model_dump(include=required)) for r in run.evaluation.results)
    proof = run.proof.model_copy(update={"figures": figures})
    record = run.evaluation.model_copy(update={"results": results, "noise": None})
    earlier = run.model_copy(update={"proof": proof, "evaluation": record})
    packet = save(replace(source, run=earlier))
    assert problems(packet) == []
    kept = json.loads((packet / "data/runtime.json").read_text())["proof"]["figures"]
    assert figures.requests is None and kept["requests"] == 1


def longer(source: PacketSource, tokens: int) -> PacketSource:
    """The proof answers with so many tokens."""
    events: list[Event] = []
    asked = ""
    for event in source.events:
        if isinstance(event, RequestStarted):
            asked = event.request
        if isinstance(event, Token) and asked == "first-run":
            continue
        if isinstance(event, Completed) and event.request == "first-run":
            words = [Token(t=event.t, request="first-run", index=at, text=" word") for at in range(tokens)]
            events += words
            event = event.model_copy(update={"output": " word" * tokens, "output_tokens": tokens})
        events.append(event)
    assert source.run.proof
    proof = source.run.proof.model_copy(update={"output": " word" * tokens})
    return replace(source, events=events, run=source.run.model_copy(update={"proof": proof}))


def test_more_events_than_anybody_could_check_are_not_written(
    source: PacketSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "MAX_LINES", 1500)
    write_packet(tmp_path / "fits", longer(source, 100))
    with pytest.raises(Refused, match="a packet holds at most 1,500"):
        write_packet(tmp_path / "packet", longer(source, 1500))
    assert not (tmp_path / "packet").exists()


def calls(packet: Path) -> int:
    """Function calls of one verification, which must hold."""
    profile = cProfile.Profile()
    report = profile.runcall(verify_packet, packet)
    assert report.ok, [check.detail for check in report.checks if not check.ok]
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def test_the_work_of_verify_grows_with_the_events_and_no_faster(source: PacketSource, save: Save) -> None:
    few, some, many = (calls(save(longer(source, tokens))) for tokens in (1000, 2000, 4000))
    assert many - some < 2.2 * (some - few)
