"""The download: seen, stopped, resumed, waited for; and a forecast that follows the settings by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from fakehub.fake_faults import Fault
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from gguf_craft import craft_file
from hub_steps import FIRST, TINY, open_at
from steering import Launch, on_step, screen_text, status, title, wait_until, wizard_of
from textual.pilot import Pilot

from weighbridge.domain.intents import Confirm
from weighbridge.domain.model.allocation import Allocations
from weighbridge.domain.steps import ORDER
from weighbridge.services.engine.dry_load import DryModel
from weighbridge.session import Session
from weighbridge.session.model import weighing
from weighbridge.tui.widgets.field import Field


@asynccontextmanager
async def at_runtime(launch: Launch, session: Session) -> AsyncIterator[Pilot[int]]:
    await open_at(session, "runtime")
    async with launch() as pilot:
        await on_step(pilot, "runtime")
        yield pilot


async def start_and_hold(pilot: Pilot[int], hub: FakeHub) -> Fault:
    """A download that stands still in its middle."""
    half = hub.fault(r"resolve/.*gguf", stall_after=len(craft_file()) // 2)
    await pilot.press("ctrl+d")
    await wait_until(pilot, "it stalls", half.reached.is_set)
    loading = wizard_of(pilot).jobs.model.loading
    await wait_until(pilot, "half is here", lambda: loading is not None and loading.done > 0)
    return half


async def test_next_asks_for_the_download_and_waits_for_it(launch: Launch, session: Session, hub: FakeHub) -> None:
    async with at_runtime(launch, session) as pilot:
        assert "not here yet: ctrl+d fetches" in screen_text(pilot.app)
        await pilot.press("ctrl+n")
        assert "Download the model with ctrl+d first" in status(pilot)
        half = await start_and_hold(pilot, hub)
        await pilot.press("ctrl+n")
        assert "Next follows by itself" in status(pilot) and "download" in title(pilot)
        half.release.set()
        await on_step(pilot, "proof")
        assert session.run.model is not None and not session.run.model.to_download


async def test_escape_stops_it_and_the_next_start_goes_on_from_there(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    async with at_runtime(launch, session) as pilot:
        await start_and_hold(pilot, hub)
        jobs = wizard_of(pilot).jobs.model
        await pilot.press("escape")
        await wait_until(pilot, "it stops", lambda: jobs.loading is None)
        assert "was stopped" in status(pilot) and "ctrl+d goes on" in status(pilot)
        assert session.run.model is not None and session.run.model.to_download
        await wait_until(pilot, "the part is told", lambda: "are here: ctrl+d goes on" in screen_text(pilot.app))
        hub.clear_faults()
        await pilot.press("ctrl+d")
        await wait_until(pilot, "it is here", lambda: bool(session.run.model and not session.run.model.to_download))
        assert any(call.headers.get("range", "bytes=0-") != "bytes=0-" for call in hub.calls(r"resolve/.*gguf")[-1:])
        await wait_until(pilot, "the sentence", lambda: "SHA-256 was checked" in status(pilot))


async def test_it_goes_on_while_another_step_is_shown_and_quitting_asks(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    async with at_runtime(launch, session) as pilot:
        half = await start_and_hold(pilot, hub)
        await pilot.press("ctrl+b")
        await on_step(pilot, "card")
        await wait_until(pilot, "the title says so", lambda: "download" in title(pilot))
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: "The download is still running" in screen_text(pilot.app))
        await pilot.press("enter")
        await on_step(pilot, "card")
        half.release.set()
        await wait_until(pilot, "it is here", lambda: bool(session.run.model and not session.run.model.to_download))


async def test_escape_takes_back_what_is_typed_before_it_stops_the_download(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    async with at_runtime(launch, session) as pilot:
        await start_and_hold(pilot, hub)
        jobs, field = wizard_of(pilot).jobs.model, pilot.app.screen.query_one("#set-n_ctx", Field)
        field.focus()
        await pilot.press("ctrl+a", "ctrl+k", *"abc", "tab")
        assert field.has_focus and "escape takes it back" in status(pilot)
        await pilot.press("escape")
        assert field.value == "2048" and jobs.loading is not None and not status(pilot).startswith("! ")
        await pilot.press("escape")
        await wait_until(pilot, "it stops", lambda: jobs.loading is None)


async def test_a_wrong_digest_is_one_sentence_and_the_file_is_not_taken(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    hub.repos[TINY].commit({FIRST: FakeFile(craft_file(), declared_sha256="0" * 64)})
    async with at_runtime(launch, session) as pilot:
        await pilot.press("ctrl+d")
        await wait_until(pilot, "the sentence", lambda: status(pilot).startswith("! "))
        assert "unforeseen" not in status(pilot) and FIRST in status(pilot)
        assert session.run.model is not None and session.run.model.to_download


async def test_the_proof_says_that_the_file_is_missing(launch: Launch, session: Session, hub: FakeHub) -> None:
    async with at_runtime(launch, session) as pilot:
        wizard_of(pilot).go("proof")
        await on_step(pilot, "proof")
        assert "ctrl+d downloads it first" in status(pilot)
        await pilot.press("ctrl+r")
        await wait_until(pilot, "the refusal", lambda: "is not on this machine yet" in status(pilot))


async def test_the_engines_forecast_follows_a_changed_setting(
    launch: Launch, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def dry_load(model: DryModel, time_limit_s: float = 1.0) -> Allocations:
        asked.append(model.settings.n_ctx)
        return Allocations(repacks=False, known=(model.estimate(model.settings.n_ctx),))

    monkeypatch.setattr(weighing, "_ANSWERS", type(weighing._ANSWERS)())
    session.deps = replace(session.deps, dry_load=dry_load)
    await session.choose_model("bundled")
    for step in ORDER[:4]:
        session.apply(Confirm(step=step))
    async with launch() as pilot:
        screen = await on_step(pilot, "runtime")
        await wait_until(pilot, "the engine's word", lambda: "by the engine itself" in screen_text(pilot.app))
        screen.query_one("#set-n_ctx", Field).focus()
        await pilot.press("ctrl+a", "ctrl+k", *"1024", "enter")
        await wait_until(pilot, "it is asked again", lambda: asked[-1] == 1024)
        forecast = session.run.forecast
        await wait_until(pilot, "the forecast", lambda: not wizard_of(pilot).jobs.model.weighing)
        forecast = session.run.forecast
        assert forecast is not None and (forecast.method, forecast.n_ctx) == ("engine", 1024)
