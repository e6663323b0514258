"""The session writes the packet of its run, with the logs and whole jobs that belong to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.steps import ORDER
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Session
from weighbridge.session.jobs.job import log_name
from weighbridge.session.packets import packing


async def weighed(session: Session, proofs: int = 1) -> None:
    for step in ORDER[:-1]:
        if step == "model":
            await session.choose_model("bundled")
        if step == "proof":
            for number in range(proofs):
                session.apply(want.ChangePrompt(value=f"Prompt {number}"))
                _ = [event async for event in session.prove()]
        if step == "eval":
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))


async def test_a_packet_of_the_session_verifies_and_is_on_record(session: Session, tmp_path: Path) -> None:
    await weighed(session)
    proof, model = session.run.proof, session.run.model
    assert proof and model
    folder = Path(model.path).parent
    name = log_name(proof.job_id, 1)
    (session.folder / "logs" / name).write_text(f"loaded from {folder}/x and {session.folder}/y\n")
    (session.folder / "logs" / "stray.log").write_text("of no attempt\n")
    session.apply(want.Answer(field="task", value=f"read {session.folder}/notes"))
    record = await session.write_packet(tmp_path / "out" / "packet")
    report = verify_packet(tmp_path / "out" / "packet")
    assert [check.detail for check in report.checks if not check.ok] == []
    assert record.seal == report.seal and record.complete and not record.planned
    kept = sorted((tmp_path / "out" / "packet" / "data" / "logs").iterdir())
    assert [p.name for p in kept] == [name]
    text = kept[0].read_text()
    assert str(folder) not in text and str(session.folder) not in text
    assert "read [run folder]/notes" in (tmp_path / "out/packet/data/decision.json").read_text()


async def test_a_decision_on_other_results_counts_as_missing(session: Session, tmp_path: Path) -> None:
    await weighed(session)
    session.apply(want.ChangeThreshold(min_pass="1"))
    _ = [event async for event in session.evaluate()]
    record = await session.write_packet(tmp_path / "packet")
    decision = json.loads((tmp_path / "packet/data/decision.json").read_text())
    assert not record.complete and not decision["verdict_current"]
    assert "the decision is stale" in (tmp_path / "packet/data/README.md").read_text()
    assert verify_packet(tmp_path / "packet").ok


async def test_a_failed_proof_is_evidence_too(session: Session, script: Script, tmp_path: Path) -> None:
    script.refuse_load = "The engine refuses this model."
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    await session.write_packet(tmp_path / "packet")
    report = verify_packet(tmp_path / "packet")
    assert [check.detail for check in report.checks if not check.ok] == []
    assert "The engine refuses this model." in (tmp_path / "packet/data/shutdown.md").read_text()


async def test_a_stopped_eval_is_written_as_far_as_it_went(session: Session, script: Script, tmp_path: Path) -> None:
    await session.choose_model("bundled")
    async for event in session.evaluate():
        if event.event == "graded":
            await session.stop()
    await session.write_packet(tmp_path / "packet")
    report = verify_packet(tmp_path / "packet")
    assert [check.detail for check in report.checks if not check.ok] == []
    assert len((tmp_path / "packet/data/eval/results.jsonl").read_text().splitlines()) == 1


async def test_old_jobs_are_left_out_whole_when_there_are_too_many(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(10_000))
    object.__setattr__(session.deps, "now", lambda: f"2026-01-02T03:{(n := next(ticks)) // 60:02}:{n % 60:02}Z")
    monkeypatch.setattr(packing, "MAX_EVENTS", 280)
    await weighed(session, proofs=12)
    await session.write_packet(tmp_path / "packet")
    report = verify_packet(tmp_path / "packet")
    assert [check.detail for check in report.checks if not check.ok] == []
    events = [json.loads(line) for line in (tmp_path / "packet/data/events.jsonl").read_text().splitlines()]
    kept = [e["job_id"] for e in events if e["event"] == "attempt"]
    assert session.run.proof and session.run.evaluation
    assert session.run.proof.job_id in kept and session.run.evaluation.job_ids[0] in kept
    assert 2 < len(kept) < 13
    assert f"{13 - len(kept)} earlier jobs" in (tmp_path / "packet/data/README.md").read_text()
