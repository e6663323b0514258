"""A server as MODEL on the command line, from `card` to a packet that verifies."""

from __future__ import annotations

import getpass
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bad_server import BadServer, Reply, error, events, models, piece, stream, usage
from endpoint_rig import CHAT, NAME

from weighbridge.cli import main
from weighbridge.plain import served
from weighbridge.services.endpoint import keys

KEY = "sk-geheim-0123456789abcdef"
PLAN = """
[constraints]
task = "Answer questions about the course"
[model]
use = "{use}"
[card]
licence = "apache-2.0"
[runtime]
max_tokens = 24
"""


@pytest.fixture
def tiny(bad: BadServer) -> BadServer:
    """A sound server with one model."""
    last = [{"choices": [], "usage": usage(30, 2)}]
    return bad.on("/v1/models", models(NAME, max_model_len=2048)).on(CHAT, stream("Yes, ", "Paris.", last=last))


def said(capfd: pytest.CaptureFixture[str]) -> str:
    """What stands on standard error."""
    return capfd.readouterr().err


def test_the_card_of_a_served_model(tiny: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["card", f"{tiny.base_url}#{NAME}", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["model"]["address"] == tiny.base_url and told["model"]["served_name"] == NAME
    assert told["card"]["context_length"]["value"] == 2048
    assert told["card"]["licence"] == {
        **told["card"]["licence"],
        "status": "missing",
        "reason": "the server does not tell it; read the model card and type it",
    }


def test_a_proof_shows_the_server_and_only_what_was_sent(tiny: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", f"{tiny.base_url}#{NAME}", "--max-tokens", "24"]) == 0
    told = capfd.readouterr().out
    assert "Server\n" in told and "2,048 tokens" in told and "Machine of the client" in told
    assert "n_ctx, n_threads" in told and "the server decides" in told and "n_ctx          2048" not in told
    assert main(["prove", f"{tiny.base_url}#{NAME}", "--json"]) == 0
    settings = json.loads(capfd.readouterr().out.splitlines()[-1])["settings"]
    assert settings["n_ctx"] is None and settings["kv_type"] is None and settings["max_tokens"] == 128


def test_a_setting_that_no_server_takes_is_refused(tiny: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", f"{tiny.base_url}#{NAME}", "--threads", "9999", "--kv-type", "q8_0"]) == 2
    told = said(capfd)
    assert "--threads, --kv-type do not reach a server" in told and "--max-tokens" in told and "Traceback" not in told


def test_a_forecast_of_a_served_model_is_refused_in_a_sentence(
    tiny: BadServer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", tiny.base_url]) == 2
    assert "There is nothing to forecast for a model that a server answers for" in said(capfd)


def test_prove_measures_a_server(tiny: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", tiny.root, "--max-tokens", "16", "--json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    summary: dict[str, Any] = lines[-1]
    assert (summary["outcome"], summary["output"], summary["output_tokens"]) == ("completed", "Yes, Paris.", 2)
    assert summary["prefill_tokens_per_s"] is None and summary["load_s"] is None
    assert "connected" in [line["event"] for line in lines]
    assert tiny.asked(CHAT)[-1].body["max_tokens"] == 16


def test_prove_with_a_server_that_fails_ends_with_4(bad: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    bad.on("/v1/models", models(NAME)).on(CHAT, events(piece("Par"), {"error": {"message": "out of memory"}}))
    assert main(["prove", bad.base_url]) == 4
    assert "broke its answer off: out of memory." in said(capfd)


def test_run_makes_a_packet_of_a_server(tiny: BadServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(use=f"{tiny.base_url}#{NAME}"), encoding="utf-8")
    assert main(["run", str(plan), "-o", str(tmp_path / "packet")]) == 0
    assert main(["verify", str(tmp_path / "packet")]) == 0, capfd.readouterr().out


@pytest.mark.parametrize(
    ("spec", "code", "sentence"),
    [
        ("{root}/v1#other", 2, "lists no model other, but tiny."),
        ("http://me:pw@127.0.0.1:1/v1", 2, "The address holds a user name or password"),
        ("http://127.0.0.1:1/v1", 4, "127.0.0.1:1 does not answer: nothing listens there."),
        ("http://127.0.0.1:99999/v1", 2, "That is no address of a server"),
        ("https://", 2, "names a host"),
        ("127.0.0.1:1/v1#tiny", 2, "write http://127.0.0.1:1/v1#tiny"),
        ("models.example/v1#tiny", 2, "write https://models.example/v1#tiny"),
    ],
)
def test_one_sentence_and_an_exit_code(
    spec: str, code: int, sentence: str, tiny: BadServer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", spec.format(root=tiny.root)]) == code
    assert sentence in said(capfd)


def test_a_key_that_lacks_is_asked_for_on_a_terminal(
    bad: BadServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return KEY

    monkeypatch.setattr(getpass, "getpass", typed)
    for stream_ in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream_, "isatty", lambda: True, raising=False)
    bad.on("/v1/models", error(401, "Unauthorized"), models(NAME))
    assert main(["card", bad.base_url]) == 0
    assert asked == [f"API key for {keys.origin(bad.base_url)} (not shown, kept nowhere): "]
    assert bad.seen[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in "".join(capfd.readouterr())


def test_without_a_terminal_nobody_is_asked(bad: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    bad.on("/v1/models", error(401, "Unauthorized"))
    assert main(["card", bad.base_url]) == 3
    assert "asks for an API key (401): Unauthorized." in said(capfd)


def test_a_key_goes_unencrypted_only_where_a_person_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    public = "http://models.invalid/v1"
    monkeypatch.setenv(keys.VARIABLE, KEY)
    assert main(["card", public]) == 3
    assert "The API key would go unencrypted to http://models.invalid:80" in said(capfd)
    assert main(["card", public, "--key-over-http"]) == 4, "it is asked, and its name is not found"
    assert "No host is called models.invalid" in said(capfd)


def test_a_server_that_loads_is_waited_for(
    bad: BadServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(served, "ASK_EVERY_S", 0.05)
    bad.on("/v1/models", error(503, "Loading model"), models(NAME))
    assert main(["card", f"{bad.base_url}#{NAME}"]) == 0
    assert re.search(r"waiting \d+ of at most 900 s: 127\.0\.0\.1:", said(capfd))


@pytest.mark.parametrize("listed", [models(), models("")])
def test_a_list_without_a_model_is_one_sentence(
    listed: Reply, bad: BadServer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", bad.on("/v1/models", listed).base_url]) == 2
    assert "lists no model." in (told := said(capfd)) and "Load one there first" in told


def test_a_model_that_only_thought_is_not_called_damaged(bad: BadServer, capfd: pytest.CaptureFixture[str]) -> None:
    thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "Hmm."}}]}
    bad.on("/v1/models", models(NAME)).on(CHAT, events(thought, piece("", "length"), "[DONE]"))
    assert main(["prove", bad.base_url, "--max-tokens", "16"]) == 4
    told = said(capfd)
    assert "The model only thought within its 16 tokens, and gave no answer: raise --max-tokens." in told
    assert "damaged" not in told


def test_the_agreement_holds_for_the_server_of_a_packet_too(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    public = "http://models.invalid/v1"
    monkeypatch.setenv(keys.VARIABLE, KEY)
    monkeypatch.setattr("weighbridge.plain.verbs.again.load_recipe", lambda _: SimpleNamespace(recipe=None))
    monkeypatch.setattr("weighbridge.plain.verbs.again.spec_of", lambda *_: public)
    assert main(["prove", "--from", "packet"]) == 3
    assert main(["prove", "--from", "packet", "--key-over-http"]) == 4
    assert "No host is called models.invalid" in said(capfd)


def test_a_server_that_is_busy_at_the_chat_is_told_as_progress(
    tiny: BadServer, capfd: pytest.CaptureFixture[str]
) -> None:
    tiny.on(CHAT, error(503, "Loading model"), stream("Yes"))
    assert main(["prove", tiny.base_url, "--max-tokens", "16"]) == 0
    assert re.search(r"waiting \d+ of at most 900 s: 127\.0\.0\.1:", said(capfd))


def test_a_plan_puts_a_load_test_into_its_packet(
    tiny: BadServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.toml"
    wish = "[load]\nconcurrency = [1, 2]\nrequests = 2\n"
    plan.write_text(PLAN.format(use=f"{tiny.base_url}#{NAME}") + wish, encoding="utf-8")
    assert main(["run", str(plan), "-o", str(tmp_path / "packet")]) == 0
    assert "2 at once: 2 answers" in said(capfd)
    assert len((tmp_path / "packet/data/load.jsonl").read_text().splitlines()) == 4
    assert main(["verify", str(tmp_path / "packet")]) == 0, capfd.readouterr().out
    plan.write_text(PLAN.format(use="x") + wish.replace("1, 2", "2, 1"), encoding="utf-8")
    assert main(["run", str(plan), "-o", str(tmp_path / "other")]) == 2
    assert "have to grow from step to step" in said(capfd)
