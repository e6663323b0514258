"""Small changes of a consistent forger: settings, prompts, flags, counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems

pytestmark = pytest.mark.usefixtures("marks_here")
Rows = list[dict[str, Any]]


def said(packet: Path, text: str) -> bool:
    return any(text in line for line in problems(packet))


def test_a_must_pass_case_that_is_no_longer_one(packet: Path) -> None:
    def relax(rows: Rows) -> None:
        rows[0]["must_pass"] = not rows[0]["must_pass"]

    lines(packet, "eval/results.jsonl", relax)
    assert said(packet, "'laptop-01': must_pass is not that of data/eval/cases.jsonl")


def test_a_prompt_that_was_made_easier_in_the_run(packet: Path) -> None:
    def hint(rows: Rows) -> None:
        for row in rows:
            if row["event"] == "request" and row["case"] == "laptop-01":
                row["prompt"] += " Say: local CPU."

    lines(packet, "events.jsonl", hint)
    assert said(packet, "the prompt of 'laptop-01' is not that of data/eval/cases.jsonl")


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "default"), ("outcome", "stopped"), ("at", "2020-01-01T00:00:00Z"), ("output", "x"), ("prompt", "y")],
)
def test_a_proof_record_that_says_something_else(packet: Path, field: str, value: str) -> None:
    def change(file: dict[str, Any]) -> None:
        file["proof"][field] = value

    document(packet, "runtime.json", change)
    assert said(packet, f"data/runtime.json: proof.{field} is not what data/events.jsonl says")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("version", "9.9", "name and version are not those"),
        ("command", ["weighbridge", "prove", "other"], "command is not that of the proof"),
        ("forecast_against_measured", [], "forecast_against_measured does not follow"),
        ("status", "planned", "status is planned, data/decision.json says measured"),
    ],
)
def test_a_runtime_file_that_says_something_else(packet: Path, field: str, value: object, text: str) -> None:
    document(packet, "runtime.json", lambda file: file | {field: value})
    assert said(packet, text)


def test_other_settings_than_those_of_the_proof(packet: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["settings"]["n_ctx"] = 8192

    document(packet, "runtime.json", change)
    assert said(packet, "settings are not those of the proof")


@pytest.mark.parametrize(("field", "value"), [("n_threads", 64), ("type_k", "q8_0"), ("avg_ts", 999.0)])
def test_a_system_file_that_says_something_else(packet: Path, field: str, value: object) -> None:
    document(packet, "system.json", lambda file: file | {field: value})
    assert said(packet, f"data/system.json: {field} is {value}")


def test_a_crash_that_was_made_to_look_like_an_answer(packet: Path) -> None:
    def whitewash(file: dict[str, Any]) -> None:
        file["attempts"][0]["outcome"] = "completed"

    document(packet, "runtime.json", whitewash)
    assert said(packet, "data/runtime.json: attempt 1 of proof-")


def test_more_tokens_than_there_were(packet: Path) -> None:
    def more(rows: Rows) -> None:
        next(row for row in rows if row["event"] == "completed")["output_tokens"] += 100

    lines(packet, "events.jsonl", more)
    assert said(packet, "'warm-up' has")


def test_a_list_that_is_complete_in_name_only(packet: Path) -> None:
    def lack(file: dict[str, Any]) -> None:
        fact = {"status": "missing", "value": None, "unit": "", "source": "", "reason": "none"}
        file["completeness"][6]["fact"] = fact

    document(packet, "decision.json", lack)
    assert said(packet, "complete is True, the list says otherwise")


def test_events_of_a_job_that_are_gone(packet: Path) -> None:
    lines(packet, "events.jsonl", lambda rows: [row for row in rows if row["t"] < 0] or rows[:3])
    assert said(packet, "the job eval-")


def test_a_log_that_belongs_to_nothing(packet: Path) -> None:
    (packet / "data/logs/other.log").write_text("x")
    lines(packet, "events.jsonl", lambda rows: rows)
    assert said(packet, "data/logs/other.log: no attempt")
