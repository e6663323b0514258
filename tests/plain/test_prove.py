"""`weighbridge prove`: its protocol, its exit codes, and nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from fakes import Script
from program import Cli, command, environment

from weighbridge import cli as program
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Event
from weighbridge.domain.proof.noise import Noise, NoiseFold
from weighbridge.services.runs.store import RunFolder, RunStore
from weighbridge.session import Deps

SMALL = ("--threads", "1", "--max-tokens", "16", "--ctx", "512")
FIGURES = (
    "ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s", "itl_p50_s", "itl_p95_s", "itl_max_s",
    "prompt_tokens", "output_tokens", "peak_rss_bytes", "baseline_rss_bytes", "threads", "load_s",
)  # fmt: skip


def test_json_gives_every_event_and_one_summary(cli: Cli) -> None:
    done = cli("prove", "bundled", "--json", "--prompt", "Say yes.", *SMALL)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary = lines[-1]
    assert [line["event"] for line in lines].count("summary") == 1 and summary["event"] == "summary"
    assert all(name in summary for name in FIGURES)
    assert summary["outcome"] == "completed" and summary["threads"] == 1 and summary["prompt"] == "Say yes."
    assert summary["attempts"][-1]["outcome"] == "completed"
    assert {a["mode"] for a in summary["attempts"]} <= {"default", "safe"}
    answer = [e for e in lines if e["event"] == "token" and e["request"] == "first-run"]
    assert len(answer) == summary["output_tokens"] > 0
    assert "".join(e["text"] for e in answer) == summary["output"]
    assert len(summary["model"]["sha256"]) == 64 and "path" not in summary["model"]
    assert summary["settings"]["n_ctx"] == 512
    _same_on_record(cli, lines, summary)


def _same_on_record(cli: Cli, lines: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    """The proof is a run that `runs` lists, and its events on disk are those that were printed."""
    shown = json.loads(cli("runs", "show", summary["run"], "--json").stdout)
    assert shown["proof"] == "completed" and shown["logs"]
    kept = (Path(shown["folder"]) / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in kept] == lines[:-1]


def test_ctrl_c_stops_the_child_and_keeps_what_was_measured(home: Path) -> None:
    args = ("prove", "bundled", "--json", "--threads", "1", "--max-tokens", "4000", "--ctx", "4096")
    process = subprocess.Popen(
        command(*args, "--prompt", "Count from one to one thousand."),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    children: list[int] = []
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "spawned":
            children.append(event["pid"])
        if event["event"] == "token" and event["request"] == "first-run":
            break
    process.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in process.stdout]
    assert process.wait(120) == 130
    assert "Traceback" not in process.stderr.read()
    assert rest[-1]["event"] == "summary" and rest[-1]["outcome"] == "stopped"
    assert next(e for e in rest if e["event"] == "stopped")["gone"] is True
    assert children and not any(psutil.pid_exists(pid) for pid in children)
    process.stdout.close()
    process.stderr.close()


def test_a_context_that_does_not_fit_is_refused_with_figures(here: Cli) -> None:
    done = here("prove", "bundled", "--ctx", "16000000")
    assert done.returncode == 3
    assert "MiB at a context of 16,000,000 tokens, and" in done.stderr and "MiB are available" in done.stderr
    assert "There are no runs yet" in here("runs").stdout


@pytest.mark.parametrize("option", [("--ctx", "big"), ("--seed", "-1"), ("--temperature", "hot"), ("--prompt", " ")])
def test_a_bad_option_is_one_sentence(here: Cli, option: tuple[str, str]) -> None:
    done = here("prove", "bundled", *option)
    assert done.returncode == 2 and len(done.stderr.splitlines()) <= 2


@pytest.fixture
def scripted(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    """The program in this process, on a scripted runtime."""
    monkeypatch.setattr("weighbridge.plain.verbs.prove.real_deps", lambda: deps)
    return deps


def test_an_override_is_kept_on_record(
    scripted: Deps, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def small(folder: Path) -> Any:
        return scripted.machine(folder).model_copy(update={"available_bytes": 100 * 2**20})

    monkeypatch.setattr("weighbridge.plain.verbs.prove.real_deps", lambda: replace(scripted, machine=small))
    assert program.main(["prove", "bundled", "--json"]) == 3
    assert "100 MiB are available" in capsys.readouterr().err
    assert program.main(["prove", "bundled", "--json", "--accept-memory-risk", "swap is fast"]) == 0
    override = json.loads(capsys.readouterr().out.splitlines()[-1])["memory_override"]
    assert override["reason"] == "swap is fast" and "100 MiB are available" in override["refusal"]


def test_two_crashes_are_two_attempts_and_exit_4(
    scripted: Deps, script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGSEGV"
    assert program.main(["prove", "bundled", "--json"]) == 4
    said = capsys.readouterr()
    summary = json.loads(said.out.splitlines()[-1])
    assert [(a["mode"], a["outcome"]) for a in summary["attempts"]] == [
        ("default", "crash SIGSEGV"),
        ("safe", "crash SIGSEGV"),
    ]
    assert summary["ttft_s"] is None and summary["outcome"] == "failed"
    assert "weighbridge: The engine died (SIGSEGV)." in said.err
    assert script.alive == 0


def test_the_human_form_cleans_the_answer_and_says_what_was_not_measured(
    scripted: Deps, script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.answer = lambda _: "one \x1b[31mred\x9b2J two"
    assert program.main(["prove", "bundled"]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err and "\x9b" not in said.out + said.err
    assert "one ␛[31mred" in said.out and "not said of fewer than 59 gaps" in said.out


def test_a_single_proof_is_listed_but_not_taken_for_an_unfinished_walk(
    scripted: Deps, here: Cli, store: RunStore
) -> None:
    assert here("prove", "bundled").returncode == 0
    (entry,) = store.list()
    assert f"{entry.id}: " in here("runs").stdout
    assert entry.id not in here("--plain", stdin="q\n").stdout
    assert entry.id in here("--plain", "--run", entry.id, stdin="q\n").stdout


@pytest.mark.parametrize(
    ("option", "outcome", "code"), [(("--ctx", "16000000"), "refused", 3), (("--seed", "-1"), "bad_input", 2)]
)
def test_what_never_started_ends_with_a_summary_too(
    here: Cli, option: tuple[str, str], outcome: str, code: int
) -> None:
    done = here("prove", "bundled", "--json", *option)
    (summary,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == code and summary["outcome"] == outcome and summary["message"] in done.stderr
    assert summary["attempts"] == [] and all(summary[name] is None for name in FIGURES)


def test_the_refusal_names_the_option_that_overrules_it(here: Cli) -> None:
    assert "--accept-memory-risk" in here("prove", "bundled", "--ctx", "16000000").stderr


@pytest.mark.parametrize("presses", [1, 2, 4])
def test_ctrl_c_at_any_time_ends_with_one_summary(home: Path, presses: int) -> None:
    args = ("prove", "bundled", "--json", "--threads", "1", "--max-tokens", "4000", "--ctx", "4096")
    with subprocess.Popen(
        command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home)
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        head = [process.stdout.readline()]
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
        lines = [json.loads(line) for line in [*head, *process.stdout]]
        said = process.stderr.read()
    # A late press meets an interpreter that is ending, and ends it by the signal, which a shell calls 130 too.
    assert process.returncode in (130, -signal.SIGINT) and "Traceback" not in said
    assert [line["event"] for line in lines].count("summary") == 1
    assert lines[-1]["outcome"] in ("stopped", "interrupted")


def test_a_reader_that_leaves_is_not_told_to_press_ctrl_c(home: Path) -> None:
    with subprocess.Popen(
        command("prove", "bundled", "--json", *SMALL),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home),
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert "ctrl+c" not in said and "Traceback" not in said


def test_what_the_engine_made_of_the_settings_is_told_while_it_runs_and_in_the_settings(
    scripted: Deps, script: Script, here: Cli
) -> None:
    script.chat_template = None
    done = here("prove", "bundled", "--ctx", "16384", "--batch", "64", "--seed", "4294967294")
    assert done.returncode == 0
    assert "The context of 16,384 tokens is longer than the 8,192 that the model was trained for" in done.stderr
    assert done.stderr.count("The file has no chat template: prompts go in raw.") == 1
    settings = dict(
        line.split(maxsplit=1) for line in done.stdout.partition("Settings\n")[2].partition("\n\n")[0].splitlines()
    )
    assert settings["n_ctx"] == "16384; the model was trained for 8,192 tokens"
    assert settings["n_ubatch"] == "64, as n_batch is" and settings["seed"] == "4294967294"
    assert "the file has no chat template: prompts go in raw" in done.stdout


def test_nothing_is_told_of_ordinary_settings(scripted: Deps, here: Cli) -> None:
    done = here("prove", "bundled")
    assert "trained for" not in done.stdout + done.stderr and "chat template" not in done.stdout + done.stderr
    assert "in place of" not in done.stderr and "the engine made it" not in done.stdout


def test_a_prompt_longer_than_the_context_is_wrong_input_and_no_matter_of_noise(
    scripted: Deps, script: Script, here: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud = Noise(mark="contended", reasons=("Other programs took 98 % of one core, above 25 %.",))
    monkeypatch.setattr(NoiseFold, "result", lambda self: loud)
    script.overlong, script.padded = True, 256
    done = here("prove", "bundled", "--ctx", "64")
    assert done.returncode == 2 and "leaves no room in a context of 256:" in done.stderr
    assert "with a context of 256 tokens in place of 64" in done.stderr
    assert "n_ctx            64; the engine made it 256 tokens" in done.stdout
    assert "the proof was contended" in done.stderr and "Run it again" not in done.stderr


def test_a_disk_that_is_full_in_mid_run_leaves_a_run_that_the_summary_names(
    scripted: Deps, here: Cli, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RunFolder.append

    def append(self: RunFolder, event: Event) -> None:
        if event.event == "token":
            raise OutsideFailed("There is no space left on the disk.")
        real(self, event)

    monkeypatch.setattr(RunFolder, "append", append)
    done = here("prove", "bundled", "--json")
    summary = json.loads(done.stdout.splitlines()[-1])
    (entry,) = store.list()
    assert done.returncode == 4 and (summary["outcome"], summary["run"]) == ("failed", entry.id)
