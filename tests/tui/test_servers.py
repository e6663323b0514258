"""A server as the model: chosen in step 3, its key asked for unseen, proven against with the panels of the proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from real_servers import RealServer, llama_server_running
from steering import Launch, on_step, run_job, screen_text, status, wait_until, walk_to, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain.intents import ChangeSetting
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.problems import EndpointProblem, PlainHttp
from weighbridge.services.runtimes import make_runtime
from weighbridge.session import Session
from weighbridge.session.model import endpoint_choice
from weighbridge.session.model.choosing import Chosen
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.ask_key import AskKey

KEY = "sk-of-this-test"
ADDRESS = "http://model.example/v1"


@pytest.fixture(autouse=True)
def no_keys() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


@pytest.fixture(scope="module")
def locked() -> Iterator[RealServer]:
    """A real llama-server that answers to a key only."""
    with llama_server_running(key=KEY) as server:
        yield server


async def type_spec(pilot: Pilot[int], spec: str) -> None:
    """Step 3, another kind of model, and the address."""
    await walk_to(pilot, "model")
    app = wizard_of(pilot)
    await wait_until(pilot, "the bundled model", lambda: app.session.run.model is not None)
    await pilot.press("right", "right", "right", "enter")
    entry = app.screen.query_one("#spec", Input)
    await wait_until(pilot, "the line has the focus", lambda: entry.has_focus)
    entry.value = spec
    await pilot.press("enter")


async def test_a_key_is_asked_for_unseen_and_the_proof_runs_against_the_real_server(
    launch: Launch, session: Session, locked: RealServer
) -> None:
    session.deps = replace(session.deps, runtime=make_runtime)
    session.apply(ChangeSetting(field="max_tokens", value="6"))
    async with launch() as pilot:
        app = wizard_of(pilot)
        await type_spec(pilot, locked.spec)
        await wait_until(pilot, "the key is asked for", lambda: isinstance(app.screen, AskKey))
        await pilot.press(*KEY)
        assert KEY not in screen_text(app)
        await pilot.press("enter")
        await wait_until(pilot, "the model", lambda: bool(session.run.model and session.run.model.served))
        await walk_to(pilot, "runtime")
        shown = screen_text(app)
        assert "Answer limit" in shown and "Batch" not in shown and "the server's own" in shown
        await walk_to(pilot, "proof")
        await run_job(pilot)
        proof = session.run.proof
        assert proof is not None and proof.outcome == "completed", status(pilot)
        shown = screen_text(app)
        assert "server memory" in shown and "TTFT" in shown and "llama.cpp" in shown
        saved = "".join(path.read_text() for path in session.folder.rglob("*.json*"))
        assert KEY not in saved
        await pilot.press("ctrl+n")
        await on_step(pilot, "eval")
        await pilot.press("f5")
        await wait_until(pilot, "the load screen", lambda: type(app.screen).__name__ == "LoadScreen")


@pytest.mark.slow
async def test_a_server_that_fails_is_one_sentence_and_the_model_stays(
    launch: Launch, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> Chosen:
        raise EndpointProblem("unreachable", "Nothing answers at model.example.", "Start the server first.")

    monkeypatch.setattr(endpoint_choice, "choose_served", down)
    async with launch() as pilot:
        await type_spec(pilot, ADDRESS)
        await wait_until(pilot, "the sentence", lambda: status(pilot).startswith("! Nothing answers at model.example."))
        assert session.run.model is not None and session.run.model.kind == "bundled"


async def test_a_key_goes_over_http_only_after_a_yes(
    launch: Launch, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.give(ADDRESS, KEY)

    async def choose(*_: object) -> Chosen:
        keys.require_private_way(ADDRESS)
        model = ModelChoice(kind="endpoint", name="m", address=ADDRESS, served_name="m", source="a test")
        assert session.run.declared is not None
        return Chosen(model, session.run.declared)

    monkeypatch.setattr(endpoint_choice, "choose_served", choose)
    async with launch() as pilot:
        app = wizard_of(pilot)
        await type_spec(pilot, f"{ADDRESS}#m")
        await wait_until(pilot, "the warning", lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await wait_until(pilot, "it was not sent", lambda: "not sent" in status(pilot))
        with pytest.raises(PlainHttp):
            keys.require_private_way(ADDRESS)
        app.screen.query_one("#spec", Input).focus()
        await pilot.press("enter")
        await wait_until(pilot, "the warning", lambda: isinstance(app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "the model", lambda: bool(session.run.model and session.run.model.served))
        assert ADDRESS in screen_text(app)
