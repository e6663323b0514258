"""The nine steps as line prompts."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

from fakes import Script
from program import STEPS_1_2, Cli, Typed

from weighbridge.domain.machine import MachineFacts
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


def test_enter_alone_leads_to_a_packet_that_verifies(cli: Cli, tmp_path: Path) -> None:
    done = cli(stdin="\n" * 40)
    assert done.returncode == 0, done.stderr
    assert all(f"Step {number} of 9: " in done.stdout for number in range(1, 10))
    assert all(char == "\n" or char.isprintable() for char in done.stdout)
    (packet,) = tmp_path.glob("weighbridge-packet-*")
    assert verify_packet(packet).ok
    assert f"weighbridge verify {packet.name}" in done.stdout
    assert "9 of 9 steps done" in cli("runs").stdout
    again = cli("--plain", stdin="q\n")
    assert again.returncode == 0 and "Step 1 of 9" in again.stdout and packet.name[-20:] not in again.stdout


def test_the_end_of_the_input_saves_and_the_next_start_goes_on(cli: Cli) -> None:
    first = cli(stdin="a task of my own\n3\n" + "\n" * 6)
    assert first.returncode == 130
    assert "is saved" in first.stderr and "--plain --run" in first.stderr
    second = cli(stdin="q\n")
    assert second.returncode == 0
    assert first.stdout.splitlines()[0] == second.stdout.splitlines()[0]
    assert "Step 3 of 9: Model" in second.stdout
    shown = cli("runs").stdout
    assert shown.count("\n") == 1 and "a task of my own" in shown and "2 of 9 steps done" in shown


def test_a_run_that_is_open_elsewhere_is_left_alone(cli: Cli, store: RunStore, deps: Deps) -> None:
    other = Session.create(store, deps)
    try:
        refused = cli("--run", other.run.id, stdin="q\n")
        assert refused.returncode == 3 and "is open in another weighbridge" in refused.stderr
        started = cli(stdin="q\n")
        assert started.returncode == 0 and "this is a new one" in started.stderr
        assert other.run.id not in started.stdout
        assert cli("runs", "delete", other.run.id, "--yes").returncode == 3
    finally:
        other._folder.close()
    assert other.run.id in cli("--run", other.run.id, stdin="q\n").stdout


def test_back_loses_nothing_and_help_explains(typed: Typed) -> None:
    code, said, run = typed("?\nmy own task\nprivate documents\nb\n\n\nb\nb\nb\nq\n")
    assert code == 0
    assert "Enter takes the default, b goes back" in said.splitlines()[0]
    assert "**Asks:**" in said
    assert "Task. What shall the model do? One line. [my own task]" in said
    assert run.constraints.task == "my own task" and run.constraints.privacy == "private_docs"


def test_a_wrong_answer_is_asked_again(typed: Typed) -> None:
    _, said, run = typed("short\n9\nmaybe\n2\nq\n")
    assert said.count("Please type a number from 1 to 3.") == 2
    assert (run.constraints.task, run.constraints.privacy) == ("short", "internal")


def test_a_bad_model_leaves_the_prompts_standing(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "picture.gguf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    _, said, run = typed(f"{STEPS_1_2}picture.gguf\nnone.gguf\n\n5\nmedical advice\n\nq\n")
    assert "! picture.gguf: " in said and "! there is no file none.gguf" in said
    assert run.card is not None and run.card.out_of_scope_use.value == "medical advice"
    assert run.card.out_of_scope_use.status == "typed" and "card" in run.confirmed


def test_settings_are_changed_by_name(typed: Typed) -> None:
    lines = "n_ctx=512\nn_ctx=lots\ncolour=red\nprompt=Say yes.\n\nq\n"
    _, said, run = typed(f"{STEPS_1_2}\n\n{lines}")
    assert "! n_ctx (context length, tokens): " in said and "! colour is not one of n_ctx," in said
    assert run.settings.n_ctx == 512 and run.prompt == "Say yes." and "runtime" in run.confirmed


def test_a_memory_refusal_says_its_figures_and_is_overruled_on_record(typed: Typed, deps: Deps) -> None:
    def small(folder: Path) -> MachineFacts:
        return deps.machine(folder).model_copy(update={"available_bytes": 100 * 2**20})

    _, said, run = typed(f"{STEPS_1_2}\n\n\naccept=swap is fast\n\nq\n", replace(deps, machine=small))
    assert "and 100 MiB are available." in said and said.count("Step 5 of 9") == 2
    assert run.memory_override is not None and run.memory_override.reason == "swap is fast"
    assert "runtime" in run.confirmed


def test_ctrl_c_stops_the_proof_and_not_the_prompts(typed: Typed, script: Script) -> None:
    def answer(request: object) -> str:
        if len(script.launches) == 1 and getattr(request, "id", "") == "first-run":
            signal.raise_signal(signal.SIGINT)
        return "one two three four five six"

    script.answer = answer
    code, said, run = typed(f"{STEPS_1_2}\n\n\n\n\nq\n")
    assert "stopping; ctrl+c again quits at once" in said and "outcome          stopped" in said
    assert code == 0 and run.proof is not None and run.proof.outcome == "completed"
    assert len(script.launches) == 2 and script.alive == 0


def test_an_engine_that_fails_still_leads_to_a_packet(typed: Typed, script: Script, tmp_path: Path) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGILL"
    code, said, run = typed(f"{STEPS_1_2}\n\n\n\n\n\n\n./mine\n")
    assert code == 0, said
    assert "failed: The engine died (SIGILL)." in said and "The proof failed: no case can run" in said
    assert run.verdict is not None and run.verdict.choice == "switch" and "SIGILL" in run.verdict.reason
    assert verify_packet(tmp_path / "mine").ok


def test_threshold_cases_and_decision_are_the_persons_own(typed: Typed, script: Script, tmp_path: Path) -> None:
    case = '[[case]]\nid = "case-%d"\nprompt = "Say yes."\n[case.grader]\nkind = "includes"\ntarget = "answer"\n'
    (tmp_path / "mine.toml").write_text('id = "mine"\n' + "".join(case % n for n in range(5)))
    (tmp_path / "few.toml").write_text('id = "few"\n' + case % 1)
    policy = "cases=few.toml\ncases=mine.toml\nmin_pass=9\nmin_pass=3\n\n"
    _, said, run = typed(f"{STEPS_1_2}\n\n\n\n{policy}\nLoRA\nwhy not\nstop\nno budget\n6\nq\n")
    assert "1 case; at least 5 fixed cases are needed" in said and "the threshold is 9" in said
    assert run.pack is not None and run.pack.id == "mine" and run.policy is not None and run.policy.min_pass == 3
    assert "! LoRA is not allowed" in said
    assert run.verdict is not None and (run.verdict.choice, run.verdict.reason) == ("stop", "no budget")
    assert said.count("Step 7 of 9") == 2, "a number at the packet goes to the step of that line"


def test_a_rented_route_asks_for_its_plan_and_runs_nothing(typed: Typed, script: Script, tmp_path: Path) -> None:
    plan = "endpoint=https://example.org/v1\nstop_command=provider stop 1\n\n"
    code, said, run = typed(f"\n\n3\n2\n\n2\n\n\n\n\n{plan}\n\n\n./mine\n")
    assert code == 0, said
    assert run.plan.stop_command == "provider stop 1" and not script.launches
    assert "vllm serve" in said and "The packet is saved (planned)" in said
    assert "What next: Run the plan's commands" in said
    assert verify_packet(tmp_path / "mine").ok
