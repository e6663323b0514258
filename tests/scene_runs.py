"""The run of each picture, and the session that has it open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes import quiet
from recording import LAPTOP, recorded_events, recorded_run
from replay import Replay
from scene_hub import FILE, REPO
from scene_jobs import busy, contended, earlier_proof, weighed
from scene_list import Scene
from scene_served import loaded, of_server, on_route, rented, served

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.intents import Answer, ChangePlan, Confirm
from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.summary import jobs, last
from weighbridge.domain.run import PacketRecord, Run
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.services.engine.mode_memory import remember
from weighbridge.services.hub.hub import Hub
from weighbridge.services.runs.store import RunStore
from weighbridge.services.tables import load_licences
from weighbridge.session import Session, real_deps
from weighbridge.session.answers import with_licence
from weighbridge.session.model import weighing

NOW = "2026-11-22T09:30:00Z"


def run_at(scene: Scene) -> Run:
    """The recorded run as it stood when the step was opened, or with the step's own evidence."""
    run, at = recorded_run(), ORDER.index(scene.step)
    limit = at + scene.finished
    gone = {"proof": "proof", "eval": "evaluation", "decision": "verdict"}
    run = run.model_copy(update={field: None for step, field in gone.items() if ORDER.index(step) >= limit})
    run = with_licence(_current(run), load_licences())
    run = run.model_copy(update={"confirmed": {step: inputs_digest(run, step) for step in ORDER[:at]}})
    if scene.step == "packet" and scene.finished:
        made_of = inputs_digest(run, "packet")
        packet = PacketRecord(
            path=f"weighbridge-packet-{run.id}", seal="5d3c" * 16, at=NOW, inputs=made_of, complete=True, planned=False
        )
        run = run.model_copy(update={"packet": packet})
    return run


def elsewhere(run: Run, scene: Scene) -> Run:
    """The run on another route, or with a server, up to the step."""
    if scene.story in ("renting", "rented"):
        run = rented(run, answers=scene.story == "rented")
    elif scene.story == "notebook":
        run = on_route(run, available_route="free_colab")
    else:
        run = served(run)
        run = loaded(run) if scene.story == "load" else run
    before = ORDER[: ORDER.index(scene.step)]
    return run.model_copy(update={"confirmed": {step: inputs_digest(run, step) for step in before}})


def _current(run: Run) -> Run:
    """The evidence as made from the run's present inputs: nothing in a picture is stale by a change of the program."""
    update: dict[str, Any] = {}
    if run.proof:
        update["proof"] = run.proof.model_copy(update={"inputs": inputs_digest(run, "proof")})
    if run.evaluation:
        update["evaluation"] = run.evaluation.model_copy(update={"inputs": inputs_digest(run, "eval")})
    return run.model_copy(update=update)


def session_of(scene: Scene, home: Path, endpoint: str) -> tuple[Session, RunStore]:
    run, store = run_at(scene), RunStore(home)
    played: dict[str, Sequence[Event]] = dict(zip(("proof", "eval"), jobs(recorded_events()), strict=True))
    kept: list[Event] = [e for kind, job in played.items() for e in job if _has(run, kind)]
    if scene.story == "contended":
        kept = busy(kept)
        run = contended(run, kept)
    elif scene.story == "compared":
        kept = [*earlier_proof(kept), *kept]
    elif scene.story:
        run = elsewhere(run, scene)
        if run.target is not None:
            away = scene.story == "waiting"
            played = {kind: of_server(job, run.target, sent_away=away) for kind, job in played.items()}
    folder = store.open(run.id)
    folder.save(run)
    (folder.folder / "events.jsonl").write_bytes(b"".join(e.model_dump_json().encode() + b"\n" for e in kept))
    folder.close()
    replay = Replay(played.get(scene.step, ()), scene.hold)
    deps = replace(
        real_deps(home),
        machine=lambda _: LAPTOP,
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        runtime=replay.factory,
        conditions=quiet,
        dry_load=weighed if scene.hold else None,
        hub=Hub(home, endpoint, now=lambda: NOW),
    )
    attempt = last(recorded_events(), Attempt)
    assert attempt is not None
    remember(home, attempt.mode)
    weighing.forget()  # Another test of this process may have had an answer of the real engine.
    return Session.resume(store, deps, run.id), store


async def fetch(session: Session, step: StepId) -> None:
    """The run with a model of the Hub, up to a step."""
    await session.choose_model(f"{REPO}:{FILE}")
    for earlier in ORDER[: ORDER.index(step)]:
        session.apply(Confirm(step=earlier))


async def plan(session: Session, step: StepId) -> None:
    """The run, planned for a rented GPU, up to a step."""
    for field, value in (("available_route", "rented_gpu"), ("budget_level", "small")):
        session.apply(Answer(field=field, value=value))
    await session.choose_model("Qwen/Qwen2.5-7B-Instruct@a09a35458c702b33eeacc393d103063234e8bc28")
    session.apply(ChangePlan(field="cost_per_hour", value="1.20 USD, the provider's price page"))
    for earlier in ORDER[: ORDER.index(step)]:
        session.apply(Confirm(step=earlier))


def _has(run: Run, kind: str) -> bool:
    return (run.proof if kind == "proof" else run.evaluation) is not None
