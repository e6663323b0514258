"""Renting, notebooks, exports and servers by line prompts: a yes before money, a stop with its proof."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fake_renting import Provider
from program import STEPS_1_2, Typed

from weighbridge.domain.intents import Answer, ChangeServe, Confirm
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.events import Connected
from weighbridge.domain.proof.live import LiveView
from weighbridge.plain import follow
from weighbridge.plain.rooms import elsewhere
from weighbridge.plain.wizard import walk
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.model import endpoint_choice
from weighbridge.session.model.choosing import Chosen

MODEL = ModelChoice(kind="hub", name="small", repo="acme/small", revision="0" * 40, source="a test")


@pytest.fixture
def renter(store: RunStore, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, Provider]:
    """A run at step 5 of the rented route, and its provider."""
    session = Session.create(store, deps)
    session.apply(Answer(field="available_route", value="rented_gpu"))
    session.keep(session.run.model_copy(update={"model": MODEL}))
    session.apply(ChangeServe(field="hardware", value="l4x1"))
    for step in ("constraints", "route", "model", "card"):
        session.apply(Confirm(step=step))
    provider = Provider(session)
    provider.put_in(monkeypatch)
    return session, provider


def walked(session: Session, lines: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert walk(session) == 0
    said = capfd.readouterr()
    return said.out + said.err


def test_a_gpu_is_rented_after_a_yes_and_stopped_with_proof(
    renter: tuple[Session, Provider], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    session, provider = renter
    said = walked(session, "cap_usd=1\nhardware\nrent\n\nrent\ny\nstop\nq\n", monkeypatch, capfd)
    assert "l4x1: 0.60 USD an hour, 1 x L4" in said
    assert "gpu_memory_gb" in said and "hours" in said and "cost_per_hour" in said
    assert "n_ctx" not in said and "notebook_link" not in said, "neither reaches a rented server"
    assert said.count("0.99 USD at most") == 2 and said.count("Nothing was rented.") == 1
    assert "It runs and costs money" in said and "Proof of stop: job job-1 is CANCELED" in said
    assert provider.stopped == ["job-1"] and session.run.serve.cap_usd == 1


def test_leaving_stops_what_is_rented(
    renter: tuple[Session, Provider], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    session, provider = renter
    said = walked(session, "rent\ny\nq\n\n", monkeypatch, capfd)
    assert "still runs and costs money" in said and provider.stopped == ["job-1"]


def test_a_server_is_the_model_and_only_its_own_settings_are_asked(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def choose(session: Session, spec: str, _: object) -> Chosen:
        await session.choose_model("bundled")
        assert session.run.declared is not None
        served = ModelChoice(kind="endpoint", name="m", address="http://127.0.0.1:19/v1", served_name="m")
        return Chosen(served, session.run.declared)

    monkeypatch.setattr(endpoint_choice, "choose_served", choose)
    _, said, run = typed(f"{STEPS_1_2}http://127.0.0.1:19/v1#m\n\nn_ctx=9\nmax_tokens=7\ntime_limit=5\n\nq\n")
    assert "! n_ctx is not one of max_tokens, temperature, seed, repeats, time_limit, prompt." in said
    assert run.settings.max_tokens == 7 and run.policy is not None and run.policy.time_limit_s == 5
    assert "Context, threads, batch and KV cache are the server's own." in said


def test_an_export_and_a_notebook_go_to_files(typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def exported(session: Session, form: str) -> str:
        return f"name: {form}\n"

    monkeypatch.setattr(elsewhere, "exported", exported)
    monkeypatch.setattr(elsewhere, "write_notebook", lambda session, path: path.write_text("{}"))
    words = "export dstack\nexport dstack a.yml\nexport tar\nnotebook n.ipynb\nimport\n\nq\n"
    _, said, _ = typed(f"\n\n2\n\n\n\n\n\n\n\n{words}")
    assert "name: dstack" in said and (tmp_path / "a.yml").read_text() == "name: dstack\n"
    assert "! There is no export 'tar'." in said and (tmp_path / "n.ipynb").is_file()
    assert "! Which file came back?" in said


def test_private_documents_are_told_of_in_lines(typed: Typed) -> None:
    _, said, run = typed(f"\nprivate documents\n{STEPS_1_2[2:]}\n\naccess_rule=the team alone\n\nq\n")
    assert run.plan.access_rule == "the team alone" and "source_trace" in said


def test_a_server_that_answers_is_told_in_one_line() -> None:
    event = Connected(t=1.0, engine="vllm", version="0.33", model="m", max_model_len=4096, waited_s=12.0)
    assert follow.connected_line(event) == "the server answers after 12.0 s: m by vllm 0.33, 4,096 tokens at most"
    assert follow.server_words(LiveView()) == ""
