"""From launch to a saved packet by Next and the start key alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from steering import Launch, on_step, run_job, screen_text, status, wait_until, walk_to, wizard_of

from weighbridge.domain.flow import status as step_status
from weighbridge.domain.intents import Answer, ChangeSetting
from weighbridge.domain.steps import ORDER
from weighbridge.services.engine.llama_runtime import LlamaRuntime
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.tui.app import WeighbridgeApp


async def test_defaults_lead_to_a_saved_packet(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "packet")
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the packet is saved", lambda: session.run.packet is not None)
        packet = session.run.packet
        assert packet is not None and Path(packet.path, "bagit.txt").is_file()
        assert packet.path == f"weighbridge-packet-{session.run.id}"
        assert [step for step in ORDER if step_status(session.run, step) != "done"] == []
        shown = screen_text(pilot.app)
        assert packet.seal[:40] in shown and "weighbridge verify" in shown


async def test_the_real_engine_walks_the_same_way(launch: Launch, session: Session) -> None:
    session.deps = replace(session.deps, runtime=LlamaRuntime)
    session.apply(ChangeSetting(field="n_threads", value="1"))
    session.apply(ChangeSetting(field="max_tokens", value="6"))
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        await run_job(pilot)
        proof = session.run.proof
        assert proof is not None and proof.outcome == "completed" and proof.figures.output_tokens == 6
        assert "gone" in proof.shutdown
        shown = screen_text(pilot.app)
        assert "MiB" in shown and "tok/s" in shown and "done" in shown


async def test_a_planned_route_goes_to_the_end_without_running_anything(launch: Launch, session: Session) -> None:
    session.apply(Answer(field="available_route", value="rented_gpu"))
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        shown = screen_text(pilot.app)
        assert "so nothing runs" in shown and "vllm serve" in shown
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert wizard_of(pilot).jobs.running is None
        await walk_to(pilot, "packet")
        assert "planned" in screen_text(pilot.app) and "missing" in status(pilot)
        await pilot.press("ctrl+s")
        await wait_until(pilot, "the packet is saved", lambda: session.run.packet is not None)
        packet = session.run.packet
        assert packet is not None and packet.planned and not packet.complete


async def test_an_unfinished_run_opens_at_its_first_open_step(
    launch: Launch, session: Session, store: RunStore, deps: Deps
) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "card")
    again = WeighbridgeApp(lambda: (Session.resume(store, deps, session.run.id), store, ""))
    async with again.run_test(size=(80, 24)) as pilot:
        await on_step(pilot, "card")
        assert "apache-2.0" in screen_text(again)


async def test_enter_on_a_gap_jumps_to_the_step_that_fills_it(launch: Launch) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        app.go("packet")
        await on_step(pilot, "packet")
        await pilot.press("enter")
        await on_step(pilot, "model")


async def test_keys_that_come_faster_than_the_steps_are_drawn_are_kept(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        for key in ["ctrl+n"] * 3:
            app.simulate_key(key)
        await on_step(pilot, "card")
        assert list(session.run.confirmed) == ["constraints", "route", "model"]
        for key in ["ctrl+b"] * 3:
            app.simulate_key(key)
        await on_step(pilot, "constraints")


async def test_keys_that_come_before_the_run_is_open_are_kept(
    session: Session, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr("weighbridge.tui.app.import_module", lambda name: gate.wait(60))
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=(80, 24)) as pilot:
        assert not app.is_open
        app.simulate_key("ctrl+n")
        await pilot.pause()
        gate.set()
        await wait_until(pilot, "the run is open", lambda: app.is_open)
        await on_step(pilot, "route")
