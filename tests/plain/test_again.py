"""`weighbridge prove --from PACKET`: what is taken from the packet, what is said of it, and what is refused."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import Script, quiet
from packet.forge import document, lines
from program import Cli

from weighbridge.domain import intents as want
from weighbridge.domain.steps import ORDER
from weighbridge.services.engine.mode_memory import known_mode, remember
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session, real_deps

Made = Callable[..., Path]


@pytest.fixture
def scripted(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    """The program in this process, on a scripted runtime."""
    monkeypatch.setattr("weighbridge.plain.verbs.again.real_deps", lambda: deps)
    return deps


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packet of a proof of two repeats at a context of 512, and of an eval. Not to be changed."""
    place = tmp_path_factory.mktemp("again")
    deps = replace(real_deps(place / "home"), runtime=Script().factory, conditions=quiet, dry_load=None)
    asyncio.run(_weigh(RunStore(place / "home"), deps, place / "packet"))
    return place / "packet"


@pytest.fixture
def packet(scripted: Deps, written: Path, tmp_path: Path) -> Path:
    """The same, of this test's own."""
    return Path(shutil.copytree(written, tmp_path / "packet"))


async def _weigh(store: RunStore, deps: Deps, target: Path) -> None:
    session = Session.create(store, deps)
    for step in ORDER[:-1]:
        if step == "model":
            await session.choose_model("bundled")
        if step == "runtime":
            for field, value in (("n_ctx", "512"), ("n_threads", "1"), ("repeats", "2")):
                session.apply(want.ChangeSetting(field=field, value=value))
            session.apply(want.ChangePrompt(value="What weighs a lorry?"))
        if step == "proof":
            _ = [event async for event in session.prove()]
        if step == "eval":
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))
    await session.write_packet(target)
    await session.close()


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def rows(found: dict[str, Any], group: str) -> dict[str, dict[str, Any]]:
    return {row["what"]: row for row in found["rows"] if row["group"] == group}


def test_the_same_answers_are_a_reproduction(packet: Path, script: Script, here: Cli) -> None:
    done = here("prove", "--from", str(packet), "--cases", "--json")
    assert done.returncode == 0, done.stderr
    *events, found = objects(done.stdout)
    assert {"completed", "graded", "ended"} <= {event["event"] for event in events}
    assert found["event"] == "comparison" and found["reproduced"] is True and found["packet"] == str(packet)
    assert found["summary"]["prompt"] == "What weighs a lorry?" and found["summary"]["settings"]["n_ctx"] == 512
    assert [launch.settings.n_ctx for launch in script.launches] == [512, 512]
    output = rows(found, "output")
    assert all(row["equal"] for row in output.values())
    assert {"first-run", "first-run#2", "case-laptop-01", "case-laptop-01#2"} <= set(output)
    assert rows(found, "recipe")["settings.n_threads"]["now"] == "1"
    assert rows(found, "machine")["host_memory_capacity"]["equal"]
    assert {"mark", "gate", "decode", "peak RSS"} <= set(rows(found, "figure"))


def test_another_answer_is_exit_5_with_the_first_difference(packet: Path, script: Script, here: Cli) -> None:
    script.answer = lambda request: f"An answer to {'another' if request.id == 'first-run#2' else request.id}."
    done = here("prove", "--from", str(packet))
    assert done.returncode == 5
    assert "Not reproduced: 1 of 2 answers differ." in done.stdout and "1 of 2 answers differ" in done.stderr
    assert "first-run#2 differs: they differ from character 14 on" in done.stdout
    assert "before: An answer to first-run#2." in done.stdout and "now:    An answer to another." in done.stdout


def test_a_slower_run_is_no_failure(packet: Path, here: Cli) -> None:
    """Figures differ from run to run: they are shown with their ratio, and never decide."""
    done = here("prove", "--from", str(packet))
    assert done.returncode == 0
    assert "Reproduced: 2 of 2 answers equal." in done.stdout and "now / before" in done.stdout


def test_a_packet_that_does_not_hold_is_refused_before_anything_runs(packet: Path, script: Script, here: Cli) -> None:
    def other(rows: list[Any]) -> None:
        rows[0]["passed"] = not rows[0]["passed"]

    lines(packet, "eval/results.jsonl", other)
    ran = len(script.launches)
    done = here("prove", "--from", str(packet), "--json")
    assert done.returncode == 5 and "does not verify (" in done.stderr and "nothing was run" in done.stderr
    assert len(script.launches) == ran
    (found,) = objects(done.stdout)
    assert found["event"] == "comparison" and found["outcome"] == "broken" and found["rows"] == []


def test_a_forged_recipe_is_no_recipe(packet: Path, script: Script, here: Cli) -> None:
    ran = len(script.launches)
    document(packet, "recipe.json", lambda file: file | {"prompt": "Say that all is well."})
    assert here("prove", "--from", str(packet)).returncode == 5 and len(script.launches) == ran


@pytest.mark.parametrize(
    "option",
    [
        ("--ctx", "1024"), ("--threads", "auto"), ("--threads-batch", "1"), ("--batch", "64"), ("--ubatch", "64"),
        ("--kv-type", "q8_0"), ("--flash-attn", "on"), ("--max-tokens", "3"), ("--temperature", "1"), ("--seed", "1"),
        ("--repeats", "3"), ("--prefix-reuse",), ("--prompt", "Hello."),
    ],
)  # fmt: skip
def test_settings_that_contradict_the_recipe_are_refused(here: Cli, option: tuple[str, ...]) -> None:
    done = here("prove", "--from", "packet", *option)
    assert done.returncode == 2 and f"and {option[0]} would change it" in done.stderr


def test_another_model_is_refused_with_both_digests(packet: Path, tiny: dict[str, Path], here: Cli) -> None:
    done = here("prove", "--from", str(packet), str(tiny["plain"]))
    recipe = json.loads((packet / "data/recipe.json").read_text())
    assert done.returncode == 3 and recipe["model_sha256"][:12] in done.stderr
    assert "plain.gguf has the SHA-256" in done.stderr


def test_a_local_file_with_the_digest_will_do(packet: Path, bundled_path: Path, here: Cli) -> None:
    assert here("prove", "--from", str(packet), str(bundled_path)).returncode == 0


def test_the_mode_that_this_machine_needs_is_said(packet: Path, scripted: Deps, script: Script, here: Cli) -> None:
    remember(scripted.home, "safe")
    done = here("prove", "--from", str(packet))
    assert done.returncode == 0 and script.launches[-1].mode == "safe"
    assert "this machine needs the engine's safe mode" in done.stdout
    assert "mode differs" in done.stdout


def test_cases_without_a_packet_and_no_model_at_all(here: Cli) -> None:
    assert here("prove", "bundled", "--cases").returncode == 2
    done = here("prove")
    assert done.returncode == 2 and "--from PACKET" in done.stderr


def test_a_crash_ends_with_the_engine_s_exit_code(packet: Path, script: Script, here: Cli) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGSEGV"
    done = here("prove", "--from", str(packet), "--json")
    found = objects(done.stdout)[-1]
    assert done.returncode == 4 and found["outcome"] == "failed" and found["rows"] == []


async def _proved(store: RunStore, deps: Deps, target: Path) -> None:
    session = Session.create(store, deps)
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    await session.write_packet(target)
    await session.close()


def test_a_recorded_safe_mode_is_taken_and_not_remembered(
    scripted: Deps, script: Script, store: RunStore, tmp_path: Path, here: Cli
) -> None:
    """The packet's machine needed it; this one has not shown that it does."""
    elsewhere = replace(scripted, home=tmp_path / "elsewhere")
    remember(elsewhere.home, "safe")
    asyncio.run(_proved(store, elsewhere, tmp_path / "safe"))
    assert here("prove", "--from", str(tmp_path / "safe")).returncode == 0
    assert script.launches[-1].mode == "safe" and known_mode(scripted.home) is None


def test_a_packet_of_an_older_form_says_who_wrote_it(packet: Path, script: Script, here: Cli) -> None:
    document(packet, "decision.json", lambda file: file | {"schema_version": 1, "software": "weighbridge 0.0.9"})
    done = here("prove", "--from", str(packet))
    assert done.returncode == 5 and not script.launches
    assert "the records are of form 1, written by weighbridge 0.0.9, and this is weighbridge" in done.stderr
    assert "does not verify" not in done.stderr and "with the version that wrote it" in done.stderr
