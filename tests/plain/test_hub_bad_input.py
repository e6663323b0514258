"""What the Hub, its files or the network may do wrong: one sentence, the way out, the exit code, nothing on stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from program import Cli

SMALL = "tiny-Q4_K_M.gguf"
VERBS = ("fit", "card", "download", "prove")


def said(here: Cli, code: int, *args: str) -> str:
    """What a verb says on standard error; nothing is on standard output, and there are two lines at most."""
    done = here(*args)
    assert done.returncode == code, (args, done.stderr)
    assert not done.stdout, args
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 2 and lines[0].startswith("weighbridge: "), done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("spec", "code", "says"),
    [
        ("acme/absent", 2, "acme/absent"),
        ("acme/tiny-GGUF@v9", 2, "v9"),
        ("acme/tiny-GGUF:none-Q4_0.gguf", 2, "none-Q4_0.gguf"),
        ("acme/prose", 2, "GGUF"),
        ("https://huggingface.co/datasets/acme/questions", 2, "dataset"),
        ("https://huggingface.co/acme", 2, "huggingface.co/acme"),
        ("acme/tiny-GGUF:../../etc/passwd", 2, "passwd"),
        ("acme/disabled", 3, "acme/disabled"),
    ],
)
def test_a_name_that_leads_to_no_model(here: Cli, hub: FakeHub, spec: str, code: int, says: str) -> None:
    hub.add("acme/prose", {"README.md": "# No weights here"})
    hub.add("acme/disabled", {"README.md": "# Gone"}, disabled=True)
    for verb in VERBS:
        text = said(here, code, verb, spec)
        assert says in text and len(text.splitlines()) == 2, text
    assert "There are no runs yet" in here("runs").stdout


def test_gated_and_private_repositories_say_what_to_do(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    hub.add("acme/gated", {"README.md": "# Gated", SMALL: tiny[SMALL]}, gated="manual")
    hub.add("acme/private", {SMALL: tiny[SMALL]}, private=True)
    text = said(here, 3, "download", f"acme/gated:{SMALL}")
    assert "acme/gated" in text and "HF_TOKEN" in text
    assert "acme/private" in said(here, 2, "download", f"acme/private:{SMALL}")


def test_a_refusal_without_a_token_may_mean_a_private_repository(here: Cli, hub: FakeHub) -> None:
    hub.fault("/api/models", status=403)
    text = said(here, 3, "fit", "acme/tiny-GGUF")
    assert "private" in text and "HF_TOKEN" in text


@pytest.mark.parametrize("spec", ["acme/tiny-GGUF@", "acme/tiny-GGUF:", "acme/tiny-GGUF@:x.gguf"])
def test_a_name_that_was_only_begun_names_the_form(here: Cli, hub: FakeHub, spec: str) -> None:
    for verb in VERBS:
        text = said(here, 2, verb, spec)
        assert spec in text and "org/repo@revision:file.gguf" in text
    assert not hub.calls()


def test_a_file_that_is_no_model_is_said_before_it_is_downloaded(here: Cli, hub: FakeHub) -> None:
    hub.add("acme/picture", {"picture-Q4_0.gguf": b"\x89PNG\r\n\x1a\n" + bytes(500_000)})
    assert "picture-Q4_0.gguf" in said(here, 2, "fit", "acme/picture:picture-Q4_0.gguf")
    assert hub.bytes_sent(r"\.gguf") < 100_000


def test_a_digest_that_does_not_match_leaves_no_file(
    here: Cli, hub: FakeHub, tiny: dict[str, Path], home: Path
) -> None:
    hub.add("acme/forged", {SMALL: FakeFile(tiny[SMALL], declared_sha256="0" * 64)})
    done = here("download", f"acme/forged:{SMALL}")
    assert done.returncode == 4 and not done.stdout and "SHA-256" in done.stderr and "it was removed" in done.stderr
    assert not [path for path in (home / "models").rglob("*") if path.is_file() and path.stat().st_size]


@pytest.mark.parametrize("args", [("search", "tiny"), ("fit", "acme/tiny-GGUF"), ("card", "acme/tiny-GGUF")])
def test_a_lost_network_and_a_limit_are_exit_4(here: Cli, hub: FakeHub, args: tuple[str, ...]) -> None:
    hub.fault("", status=429, wait_s=120)
    assert "120" in said(here, 4, *args) or "2 min" in said(here, 4, *args)
    hub.clear_faults()
    hub.fault("", body=b"<!doctype html><title>Sign in</title>")
    said(here, 4, *args)
    hub.stop()
    assert "cannot be reached" in said(here, 4, *args)


def test_offline_is_said_as_such(here: Cli, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "offline" in said(here, 4, "search", "tiny").lower()
    assert "HF_HUB_OFFLINE" in said(here, 4, "fit", "acme/tiny-GGUF")
    assert not hub.calls()


HOSTILE = """---
license: no
language: no
{key}: 1
bad: [unclosed
---
# Card

## Intended use

\x1b]0;owned\x07 \u202etxet\u202c [@click=app.quit]quit[/]
"""


def test_hostile_and_huge_cards_are_facts_or_gaps(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    huge = tiny[SMALL].parent / "README-200MB.md"
    with huge.open("wb") as file:
        file.truncate(200_000_000)
    hub.add("acme/hostile", {"README.md": HOSTILE.format(key="k" * 190), SMALL: tiny[SMALL]})
    hub.add("acme/huge", {"README.md": huge, SMALL: tiny[SMALL]})
    for repo in ("acme/hostile", "acme/huge"):
        done = here("card", repo)
        assert done.returncode == 0, done.stderr
        assert all(char == "\n" or char.isprintable() for char in done.stdout)
    assert hub.bytes_sent("README") < 100_000_000, "more than that does not wait between two sockets"
    assert json.loads(here("card", "acme/huge", "--json").stdout)["readme"]["gap"]


def test_bad_options_of_search_are_one_sentence(here: Cli, hub: FakeHub) -> None:
    for option in (("--max-params", "many"), ("--max-params", "0"), ("--limit", "0"), ("--limit", "1000")):
        assert option[0] in said(here, 2, "search", "tiny", *option)
    assert here("search").returncode == 2 and not hub.calls()


def test_what_is_no_model_of_the_hub_cannot_be_downloaded(here: Cli, hub: FakeHub) -> None:
    for spec in ("bundled", "./model.gguf"):
        assert "no model of the Hub" in said(here, 2, "download", spec)


def test_a_proof_that_the_hub_prevented_ends_with_its_summary(here: Cli, hub: FakeHub) -> None:
    hub.add("acme/disabled", {"README.md": "# Gone"}, disabled=True)
    for spec, word in (("acme/absent", "bad_input"), ("acme/disabled", "refused")):
        done = here("prove", spec, "--json")
        assert json.loads(done.stdout)["outcome"] == word and json.loads(done.stdout)["message"] in done.stderr
