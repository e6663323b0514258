"""Two packets of the recorded run: as it was, and with one case failing and the machine busy."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from recording import recorded_events, recorded_run

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.proof.events import Attempt, Completed, Event, Graded, Sample, Token
from weighbridge.domain.proof.summary import jobs, summarize
from weighbridge.domain.verdict.decision import judge
from weighbridge.domain.verdict.graders import grade
from weighbridge.services.cases import marking
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.from_events import fold_eval
from weighbridge.services.packet_io.write import write_packet

AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def marks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are searched in this process: those of the recorded cases are harmless."""
    monkeypatch.setattr(marking, "_apart", lambda work: [grade(case.grader, output) for case, output in work])


def recorded_source() -> PacketSource:
    return PacketSource(recorded_run(), recorded_events(), {}, AT, "11111111-2222-4333-8444-555555555555")


def told_otherwise(source: PacketSource, answers: Mapping[str, str], others_percent: float | None) -> PacketSource:
    """The run with other answers to some cases, and with other programs at work; figures and gate are made anew."""
    record, proof = source.run.evaluation, source.run.proof
    assert record and proof
    by_id = {case.id: case for case in record.pack.active}
    events: list[Event] = []
    for event in source.events:
        name = getattr(event, "request", "").removeprefix("case-")
        if isinstance(event, Sample) and others_percent is not None:
            event = event.model_copy(update={"others_percent": others_percent})
        elif name in answers and isinstance(event, Token):
            event = event.model_copy(update={"text": answers[name] if event.index == 0 else ""})
        elif name in answers and isinstance(event, Completed):
            event = event.model_copy(update={"output": answers[name]})
        elif name in answers and isinstance(event, Graded):
            mark = grade(by_id[name].grader, answers[name])
            event = event.model_copy(update={"passed": mark.passed, "reason": mark.reason})
        events.append(event)
    parts = {job[0].job_id: job for job in jobs(events) if isinstance(job[0], Attempt)}
    results, noise = fold_eval([parts[name] for name in record.job_ids], record.pack.active)
    rows = tuple(results[result.case] for result in record.results)
    again = record.model_copy(update={"results": rows, "noise": noise, "gate": judge(rows, record.policy, noise)})
    figures = summarize(parts[proof.job_id])
    run = source.run.model_copy(
        update={"evaluation": again, "verdict": None, "proof": proof.model_copy(update={"figures": figures})}
    )
    assert again.inputs == inputs_digest(run, "eval")
    return replace(source, run=run, events=events)


@pytest.fixture(scope="session")
def packets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Old and new; not to be changed."""
    folder = tmp_path_factory.mktemp("packets")
    source = recorded_source()
    assert source.run.evaluation
    passed = next(result.case for result in source.run.evaluation.results if result.passed)
    write_packet(folder / "old", source)
    write_packet(folder / "new", told_otherwise(source, {passed: "I will not say."}, 90.0))
    return folder / "old", folder / "new"


@pytest.fixture
def two(packets: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own with copies of both, `old` and `new`; the test stands in it."""
    for packet in packets:
        shutil.copytree(packet, tmp_path / "packets" / packet.name)
    monkeypatch.chdir(tmp_path / "packets")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "packets"
