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
from pathlib import Path

from recording import recorded_events
from replay import Hold
from scene_hub import REPO, scene_hub
from scene_jobs import replayed
from scene_list import SCENES, Scene
from scene_runs import fetch, plan, session_of
from scene_served import nobody_asked
from svg_text import svg_to_text, without_fonts
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain.proof.summary import jobs
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.work.jobs import JobName

FOLDER = Path(__file__).parents[1] / "screenshots"
DEADLINE_S, LATEST_S = 120.0, 30.0
NOBODY = "http://127.0.0.1:9"
"""No Hub answers there: a plan of the pictures names its model, and asks nobody."""


async def _open_repository(pilot: Pilot[int], app: WeighbridgeApp) -> None:
    """As a person does: its name, and Enter."""
    await pilot.press("ctrl+f")
    app.screen.query_one("#spec", Input).value = REPO
    await pilot.press("enter")
    await _settled(pilot, app, None)


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
        held = hold is None or hold.reached(live)
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
        stack.enter_context(nobody_asked())
        session, store = session_of(scene, Path(folder), endpoint)
        if scene.planned:
            await plan(session, scene.step)
        if scene.hub and scene.step != "model":
            await fetch(session, scene.step)
        app = WeighbridgeApp(lambda: (session, store, ""))
        app.animation_level = "none"
        async with app.run_test(size=scene.size) as pilot:
            await _settled(pilot, app, None)
            app.tell(None)  # what is said of a rental as its run is opened again
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
