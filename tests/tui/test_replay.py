"""The replay in its own window: keys move it, and nothing runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from recording import recorded_events, token_time
from steering import DEADLINE_S
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.widgets._footer import FooterKey

from weighbridge.domain.proof.playback import Speed
from weighbridge.domain.proof.summary import jobs
from weighbridge.session.jobs.recorded import Recording
from weighbridge.tui.replay import ReplayApp
from weighbridge.tui.screens.parts.live import LivePart
from weighbridge.tui.widgets.answer_pane import AnswerPane


@asynccontextmanager
async def replaying(speed: Speed, job: int = 0, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """A replay whose clock is moved by the test: `app.now`."""
    now = [0.0]
    app = ReplayApp(Recording("packet", jobs(recorded_events())[job], of_packet=True), speed, clock=lambda: now[0])
    app.now = now  # type: ignore[attr-defined]
    async with app.run_test(size=size) as pilot:
        yield pilot


async def until(pilot: Pilot[int], holds: Callable[[ReplayApp], bool]) -> ReplayApp:
    app = pilot.app
    assert isinstance(app, ReplayApp)
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not holds(app):
        assert asyncio.get_running_loop().time() < end, app.title_line()
        await asyncio.sleep(0.01)
    await pilot.pause()
    return app


async def test_it_plays_as_time_passes_and_stands_at_its_end() -> None:
    async with replaying("1") as pilot:
        app = await until(pilot, lambda app: app.meter.view().job == "proof")
        assert app.meter.view().tokens == 0 and "1x" in app.title_line()
        app.now[0] = token_time(jobs(recorded_events())[0], 30)  # type: ignore[attr-defined]
        await until(pilot, lambda app: app.meter.view().tokens > 10)
        assert not app.playback.ended
        app.now[0] = 99.0  # type: ignore[attr-defined]
        await until(pilot, lambda app: app.playback.ended)
        assert "at its end" in app.title_line() and app.meter.view().phase == "done"
        assert "A team should run" in app.screen.query_one(AnswerPane).text


async def test_keys_pause_step_and_jump() -> None:
    async with replaying("1") as pilot:
        app = await until(pilot, lambda app: app.meter.view().job == "proof")
        await pilot.press("space")
        app.now[0] = 60.0  # type: ignore[attr-defined]
        await pilot.press("s", "right", "right")
        assert app.meter.view().phase in ("load", "between") and "step by step" in app.title_line()
        await pilot.press("end")
        assert app.playback.ended
        await pilot.press("home")
        assert app.meter.view().tokens == 0 and not app.playback.ended, "drawn from the beginning"
        await pilot.press("f3")
        assert app.screen.query_one(LivePart).zoom is None, "nothing to look at yet"
        await pilot.press("end", "f3")
        assert app.screen.query_one(LivePart).zoom == "load"


async def test_what_lies_over_it_does_not_stop_it() -> None:
    async with replaying("1") as pilot:
        app = await until(pilot, lambda app: app.meter.view().job == "proof")
        await pilot.press("ctrl+p")
        assert app.screen is app.screen_stack[0], "no palette"
        over: ModalScreen[None] = ModalScreen()
        await app.push_screen(over)
        app.now[0] = 99.0  # type: ignore[attr-defined]
        await until(pilot, lambda app: app.playback.ended)
        answer = app.screen_stack[0].query_one(AnswerPane)
        assert app.screen is over and "A team should run" in answer.text


async def test_every_key_is_seen_on_a_small_screen_and_a_packet_is_called_not_verified() -> None:
    async with replaying("1", size=(60, 20)) as pilot:
        app = await until(pilot, lambda app: app.meter.view().job == "proof")
        keys = list(app.screen.query(FooterKey))
        assert len(keys) == 7 and all(key.region.x >= 0 and key.region.right <= 60 for key in keys)
        assert all(key.region.width >= len(f"{key.key_display} {key.description}") for key in keys)
        assert "not verified" in app.title_line()[:60]
        assert "weighbridge verify" in str(app.screen.query_one("#replay-note", Static).render())


async def test_an_eval_says_what_was_marked_and_q_leaves() -> None:
    async with replaying("step", job=1, size=(60, 20)) as pilot:
        app = await until(pilot, lambda app: app.meter.view().job == "eval")
        await pilot.press("end")
        view = app.meter.view()
        assert len(view.marks) == 12
        await pilot.press("q")
        await until(pilot, lambda app: not app.is_running or app.return_code is not None)
