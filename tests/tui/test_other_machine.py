"""What the wizard says where another machine runs the model: true there, in its own words, and whole at the floor."""

from __future__ import annotations

import pytest
from steering import Launch, on_step, screen_text, status, wait_until, walk_to, wizard_of
from textual.containers import VerticalScroll
from textual.widgets import Input, RadioSet

from weighbridge.domain.intents import Answer, Confirm
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.serving.deployment import require_servable
from weighbridge.services.tables import load_servers
from weighbridge.session import Session
from weighbridge.tui.screens.card import CardScreen
from weighbridge.tui.screens.proof import before_start
from weighbridge.tui.screens.registry import screen_of
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.widgets.title_bar import live_words
from weighbridge.tui.words.model import elsewhere_words

SERVED = ModelChoice(kind="endpoint", name="m", address="http://127.0.0.1:9/v1", served_name="m")
HUB = ModelChoice(kind="hub", name="small", repo="acme/small", revision="0" * 40, source="a test")


def to_rent(session: Session) -> None:
    session.apply(Answer(field="available_route", value="rented_gpu"))
    session.keep(session.run.model_copy(update={"model": HUB}))
    for step in ("constraints", "route", "model", "card"):
        session.apply(Confirm(step=step))


def test_a_refusal_has_a_way_out_in_the_wizard(session: Session) -> None:
    gguf = HUB.model_copy(update={"file_name": "small.gguf"})
    with pytest.raises(Refused) as caught:
        require_servable(gguf, load_servers().of("vllm"))
    assert Notice.of(caught.value).line.startswith("! vLLM is started"), "a name keeps its small letter"
    assert "step 3" in Notice.of(caught.value).hint and "export" not in caught.value.hint


async def test_every_field_of_a_rental_can_be_typed_and_the_engine_is_its_runtime(
    launch: Launch, session: Session
) -> None:
    to_rent(session)
    async with launch() as pilot:
        screen = await on_step(pilot, "runtime")
        assert not screen.query("#plan-runtime"), "one chooser of what serves the model"
        screen.query_one("#serve-engine", RadioSet).query("RadioButton").last().toggle()  # type: ignore[attr-defined]
        await wait_until(pilot, "it is chosen", lambda: session.run.serve.engine == "sglang")
        await pilot.press("f2")
        for name, typed in (("gpu_memory_gb", "20"), ("hours", "2"), ("image", "a/b:1")):
            screen.query_one(f"#serve-{name}").focus()
            await pilot.press(*typed, "enter")
        assert (session.run.serve.gpu_memory_gb, session.run.serve.hours) == (20, 2)
        assert session.run.serve.image == "a/b:1"
        await pilot.press("f2", "ctrl+n")
        await on_step(pilot, "proof")
        assert session.run.plan.runtime == "SGLang"


async def test_an_empty_line_is_said_in_the_words_of_its_kind(launch: Launch) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "model")
        await wait_until(pilot, "it is read", lambda: wizard_of(pilot).session.run.model is not None)
        radio = screen.query_one("#kind", RadioSet)
        list(radio.query("RadioButton"))[3].toggle()  # type: ignore[attr-defined]
        await wait_until(pilot, "its line", lambda: screen.query_one("#spec", Input).has_focus)
        await pilot.press("enter")
        assert status(pilot).startswith("! Say which server")
        list(radio.query("RadioButton"))[1].toggle()  # type: ignore[attr-defined]
        await wait_until(pilot, "it is gone", lambda: "Say which" not in status(pilot))


async def test_what_becomes_of_the_model_is_true_of_the_route(session: Session) -> None:
    await session.choose_model("bundled")
    rented = session.apply(Answer(field="available_route", value="rented_gpu"))
    assert "GGUF cannot be rented" in elsewhere_words(rented)
    assert "fetches it from the Hub" in elsewhere_words(rented.model_copy(update={"model": HUB}))
    notebook = session.apply(Answer(field="available_route", value="free_colab"))
    assert elsewhere_words(notebook).startswith("The notebook fetches it")
    assert "one file" in elsewhere_words(notebook.model_copy(update={"model": HUB}))


async def test_a_step_is_laid_out_for_its_size_before_the_first_paint_and_opens_at_its_top(
    launch: Launch, session: Session
) -> None:
    session.apply(Answer(field="available_route", value="free_colab"))
    async with launch(size=(60, 20)) as pilot:
        app = wizard_of(pilot)
        await walk_to(pilot, "card")
        made = screen_of("runtime")
        made._take_size()
        assert made.has_class("-narrow") and made.has_class("-short") and not made.has_class("-tall")
        await walk_to(pilot, "runtime")
        assert "f3 writes the notebook" in screen_text(app)
        assert app.screen.query_one("#body", VerticalScroll).scroll_y == 0 and app.screen.focused is not None


async def test_a_server_is_spoken_of_as_one_before_anything_ran(launch: Launch, session: Session) -> None:
    await session.choose_model("bundled")
    run = session.keep(session.run.model_copy(update={"model": SERVED}))
    view = before_start(run)
    assert view.server is not None and view.forecast_bytes is None
    assert "12 pieces" in live_words(LiveView(job="proof", tokens=12, server=view.server))
    for step in ("constraints", "route", "model"):
        session.apply(Confirm(step=step))
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "card")
        assert isinstance(app.screen, CardScreen) and "those of the file" not in screen_text(app)
        app.go("proof")
        await on_step(pilot, "proof")
        assert "RSS" not in screen_text(app) and "forecast" not in screen_text(app)
        assert "server memory" in screen_text(app)
