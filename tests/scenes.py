"""The committed pictures: each scene is the wizard on the recorded run, drawn to SVG and to plain text.

`python tests/scenes.py --update` rewrites screenshots/; tests/tui/test_screenshots.py compares.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fakes import quiet
from recording import LAPTOP, recorded_events, recorded_run
from replay import Hold, Replay
from scene_hub import FILE, REPO, scene_hub
from scene_jobs import busy, contended, earlier_proof, replayed, weighed
from svg_text import svg_to_text, without_fonts
from textual.pilot import Pilot
from textual.widgets import Input

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
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.work.jobs import JobName

FOLDER = Path(__file__).parents[1] / "screenshots"
DEADLINE_S, LATEST_S = 60.0, 10.0
NOBODY = "http://127.0.0.1:9"
"""No Hub answers there: a plan of the pictures names its model, and asks nobody."""
NOW = "2026-11-22T09:30:00Z"


@dataclass(frozen=True)
class Scene:
    """One picture. `hold`: where the running job stands still; None shows the step at its end."""

    name: str
    step: StepId
    size: tuple[int, int] = (80, 24)
    hold: Hold | None = None
    colour: bool = True
    planned: bool = False
    finished: bool = False
    """Whether the step's own evidence is there."""
    hub: bool = False
    """Whether the model comes from the Hub: step 3 with its files open, step 4 with its card."""
    story: Literal["", "contended", "compared", "replay"] = ""
    """What else there is to a finished proof: other programs, an earlier proof, or that it is replayed."""
    keys: tuple[str, ...] = ()
    """Pressed before the picture is taken."""

    @property
    def file(self) -> str:
        return f"{self.name}-{self.size[0]}x{self.size[1]}"


IN_PROOF = Hold("first-run", 52)
IN_EVAL = Hold("case-gate-01", 2)
SCENES = (
    Scene("01-constraints", "constraints"),
    Scene("02-route", "route"),
    Scene("03-model", "model", finished=True),
    Scene("03-model-hub", "model", hub=True),
    Scene("03-model-hub", "model", hub=True, size=(60, 20)),
    Scene("04-card", "card"),
    Scene("04-card-hub", "card", hub=True),
    Scene("04-card-hub", "card", hub=True, size=(120, 40)),
    Scene("05-runtime", "runtime"),
    Scene("05-runtime-planned", "runtime", planned=True),
    Scene("05-runtime-more", "runtime", keys=("f2",)),
    Scene("06-proof-running", "proof", hold=IN_PROOF),
    Scene("06-proof-running", "proof", hold=IN_PROOF, size=(60, 20)),
    Scene("06-proof-running", "proof", hold=IN_PROOF, size=(120, 40)),
    Scene("06-proof-running-no-color", "proof", hold=IN_PROOF, colour=False),
    Scene("06-proof-planned", "proof", planned=True),
    Scene("06-proof-done", "proof", finished=True),
    Scene("06-proof-contended", "proof", finished=True, story="contended"),
    Scene("06-proof-compared", "proof", finished=True, story="compared", keys=("f4",)),
    Scene("06-proof-zoomed", "proof", finished=True, keys=("f3",) * 3),
    Scene("07-eval-running", "eval", hold=IN_EVAL),
    Scene("07-eval-done", "eval", finished=True),
    Scene("08-decision", "decision"),
    Scene("09-packet", "packet"),
    Scene("09-packet-saved", "packet", finished=True),
    Scene("10-replay", "proof", story="replay"),
    Scene("10-replay", "proof", story="replay", size=(60, 20)),
)


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


def _current(run: Run) -> Run:
    """The evidence as made from the run's present inputs: nothing in a picture is stale by a change of the program."""
    update: dict[str, Any] = {}
    if run.proof:
        update["proof"] = run.proof.model_copy(update={"inputs": inputs_digest(run, "proof")})
    if run.evaluation:
        update["evaluation"] = run.evaluation.model_copy(update={"inputs": inputs_digest(run, "eval")})
    return run.model_copy(update=update)


def _session(scene: Scene, home: Path, endpoint: str) -> tuple[Session, RunStore]:
    run, store = run_at(scene), RunStore(home)
    played = dict(zip(("proof", "eval"), jobs(recorded_events()), strict=True))
    kept: list[Event] = [e for kind, job in played.items() for e in job if _has(run, kind)]
    if scene.story == "contended":
        kept = busy(kept)
        run = contended(run, kept)
    elif scene.story == "compared":
        kept = [*earlier_proof(kept), *kept]
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


async def _fetch(session: Session, step: StepId) -> None:
    """The run with a model of the Hub, up to a step."""
    await session.choose_model(f"{REPO}:{FILE}")
    for earlier in ORDER[: ORDER.index(step)]:
        session.apply(Confirm(step=earlier))


async def _open_repository(pilot: Pilot[int], app: WeighbridgeApp) -> None:
    """As a person does: its name, and Enter."""
    await pilot.press("ctrl+f")
    app.screen.query_one("#spec", Input).value = REPO
    await pilot.press("enter")
    await _settled(pilot, app, None)


async def _plan(session: Session, step: StepId) -> None:
    """The run, planned for a rented GPU, up to a step."""
    for field, value in (("available_route", "rented_gpu"), ("budget_level", "small")):
        session.apply(Answer(field=field, value=value))
    await session.choose_model("Qwen/Qwen2.5-7B-Instruct@a09a35458c702b33eeacc393d103063234e8bc28")
    session.apply(ChangePlan(field="cost_per_hour", value="1.20 USD, the provider's price page"))
    for earlier in ORDER[: ORDER.index(step)]:
        session.apply(Confirm(step=earlier))


def _has(run: Run, kind: str) -> bool:
    return (run.proof if kind == "proof" else run.evaluation) is not None


@contextmanager
def _environment(colour: bool) -> Iterator[None]:
    """NO_COLOR is read when the app is made."""
    before = os.environ.pop("NO_COLOR", None)
    if not colour:
        os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("NO_COLOR", None)
        if before is not None:
            os.environ["NO_COLOR"] = before


async def _settled(pilot: Pilot[int], app: WeighbridgeApp, hold: Hold | None) -> None:
    """Waits until the screen is complete, and the job stands at its token."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        await pilot.pause()
        if not app.is_open:
            continue
        live = app.session.live
        held = hold is None or (live.tokens == hold.tokens and live.case in ("", hold.request.removeprefix("case-")))
        model = app.jobs.model
        idle = model.reading is None and model.asking is None and not model.weighing
        if held and idle and app.step_screen is not None and app.step_screen.is_mounted:
            break
        assert asyncio.get_running_loop().time() < end, f"not within {DEADLINE_S:.0f} s: {hold}"
    for entry in app.screen.query(Input):
        entry.cursor_blink = False
    app._changed()
    for _ in range(3):
        await pilot.pause()


async def picture(pilot: Pilot[int], expected: str) -> str:
    """The screen once it is `expected`; otherwise what it was in the end. A loaded machine may draw late."""
    end = asyncio.get_running_loop().time() + (LATEST_S if expected else 0.0)
    while True:
        svg = without_fonts(pilot.app.export_screenshot(simplify=True))
        if svg == expected or asyncio.get_running_loop().time() >= end:
            return svg
        await pilot.pause(0.1)


async def capture(scene: Scene, expected: str = "") -> str:
    """The SVG of a scene, without the addresses of fonts that Rich puts in. It is given time to become `expected`."""
    if scene.story == "replay":
        async with replayed(jobs(recorded_events())[0], scene.size) as pilot:
            return await picture(pilot, expected)
    with tempfile.TemporaryDirectory() as folder, _environment(scene.colour), ExitStack() as stack:
        endpoint = stack.enter_context(scene_hub(Path(folder))).endpoint if scene.hub else NOBODY
        session, store = _session(scene, Path(folder), endpoint)
        if scene.planned:
            await _plan(session, scene.step)
        if scene.hub and scene.step != "model":
            await _fetch(session, scene.step)
        app = WeighbridgeApp(lambda: (session, store, ""))
        app.animation_level = "none"
        async with app.run_test(size=scene.size) as pilot:
            await _settled(pilot, app, None)
            if scene.hub and scene.step == "model":
                await _open_repository(pilot, app)
            if scene.hold:
                name: JobName = "proof" if scene.step == "proof" else "eval"
                app.start_job(name)
                await _settled(pilot, app, scene.hold)
            if scene.keys:
                await pilot.press(*scene.keys)
                await _settled(pilot, app, None)
            return await picture(pilot, expected)


def update(scenes: Sequence[Scene]) -> None:
    """Writes the SVG and the text of each scene."""
    FOLDER.mkdir(exist_ok=True)
    for scene in scenes:
        svg = asyncio.run(capture(scene))
        (FOLDER / f"{scene.file}.svg").write_text(svg, encoding="utf-8", newline="\n")
        (FOLDER / f"{scene.file}.txt").write_text(svg_to_text(svg), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if sys.argv[1:2] != ["--update"]:
        sys.exit("usage: python tests/scenes.py --update [part of a name]")
    update([scene for scene in SCENES if not sys.argv[2:] or sys.argv[2] in scene.file])
