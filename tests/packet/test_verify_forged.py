"""A consistent forger: every checksum holds, and what the files say of each other still gives the change away."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems, reseal

pytestmark = pytest.mark.usefixtures("marks_here")
Rows = list[dict[str, Any]]


def test_resealing_alone_changes_nothing(packet: Path) -> None:
    reseal(packet)
    assert problems(packet) == []


def found(packet: Path, area: str, *words: str) -> bool:
    """Whether that area names all the words, and the checksums have nothing to say."""
    said = problems(packet)
    assert not [line for line in said if line.startswith(("manifest", "tag files", "Payload"))]
    return any(line.startswith(f"{area}: ") and all(word in line for word in words) for line in said)


def test_an_edited_mark(packet: Path) -> None:
    def flip(rows: Rows) -> None:
        rows[2]["passed"] = True

    lines(packet, "eval/results.jsonl", flip)
    assert found(packet, "marks", "'billing-01' is marked passed; its stored answer failed")
    assert found(packet, "gate", "evaluation.gate.passed")
    assert found(packet, "answers", "'billing-01'", "passed is not what")


def test_an_edited_mark_in_results_and_events_and_gate(packet: Path) -> None:
    """Whoever changes the mark everywhere is found by marking the answer again."""

    def results(rows: Rows) -> None:
        rows[2] |= {"passed": True, "reason": "contains 'rented GPU'"}

    def events(rows: Rows) -> None:
        for row in rows:
            if row["event"] == "graded" and row["case"] == "billing-01":
                row |= {"passed": True, "reason": "contains 'rented GPU'"}

    lines(packet, "eval/results.jsonl", results)
    lines(packet, "events.jsonl", events)
    assert found(packet, "marks", "data/eval/results.jsonl", "'billing-01' is marked passed")


def test_a_changed_k(packet: Path) -> None:
    def more(file: dict[str, Any]) -> None:
        file["evaluation"]["gate"]["passed"] += 1

    document(packet, "decision.json", more)
    assert found(packet, "gate", "data/decision.json", "evaluation.gate.passed")


@pytest.mark.parametrize(
    ("field", "value"),
    [("gate", "PASSED"), ("total", 5), ("interval", {"method": "wilson", "level": 0.95, "low": 0.9, "high": 1.0})],
)
def test_a_changed_gate(packet: Path, field: str, value: object) -> None:
    def change(file: dict[str, Any]) -> None:
        file["evaluation"]["gate"][field] = value

    document(packet, "decision.json", change)
    assert found(packet, "gate", f"evaluation.gate.{field}")


def test_swapped_outputs(packet: Path) -> None:
    def swap(rows: Rows) -> None:
        rows[0]["output"], rows[1]["output"] = rows[1]["output"], rows[0]["output"]

    lines(packet, "eval/results.jsonl", swap)
    assert found(packet, "answers", "'laptop-01': output is not what data/events.jsonl says")


def test_an_output_that_was_changed_in_the_events_too(packet: Path) -> None:
    def results(rows: Rows) -> None:
        rows[2]["output"] = "The rented GPU."

    def events(rows: Rows) -> None:
        for row in rows:
            if row["event"] == "completed" and row["case"] == "billing-01":
                row["output"] = "The rented GPU."

    lines(packet, "eval/results.jsonl", results)
    lines(packet, "events.jsonl", events)
    assert found(packet, "events", "case-billing-01", "is not what its tokens say")


@pytest.mark.parametrize(
    ("name", "where"),
    [("decision.json", "model_sha256"), ("model/model.json", "sha256"), ("runtime.json", "proof")],
)
def test_a_model_digest_changed_in_one_file(packet: Path, name: str, where: str) -> None:
    def change(file: dict[str, Any]) -> None:
        if where == "proof":
            file["proof"]["model_sha256"] = "f" * 64
        else:
            file[where] = "f" * 64

    document(packet, name, change)
    assert found(packet, "model", "f" * 64)


def test_a_model_digest_changed_in_bag_info(packet: Path) -> None:
    info = packet / "bag-info.txt"
    text = info.read_text()
    info.write_text(text.replace(text.split("Model-SHA256: ")[1][:64], "e" * 64))
    reseal(packet)
    assert found(packet, "model", "bag-info.txt: Model-SHA256")


def test_a_model_digest_changed_in_one_attempt(packet: Path) -> None:
    def change(rows: Rows) -> None:
        rows[0]["model_sha256"] = "d" * 64

    lines(packet, "events.jsonl", change)
    assert found(packet, "model", "data/events.jsonl: attempt 1")


def test_an_easier_case_than_the_one_that_ran(packet: Path) -> None:
    def easier(rows: Rows) -> None:
        rows[2]["grader"]["target"] = "Colab"

    lines(packet, "eval/cases.jsonl", easier)
    assert found(packet, "cases", "cases_digest")


def test_a_case_left_out(packet: Path) -> None:
    count = len((packet / "data/eval/cases.jsonl").read_text("utf-8").splitlines())
    lines(packet, "eval/cases.jsonl", lambda rows: rows[:-1])
    assert found(packet, "cases", f"has {count - 1} cases, data/policy.json says {count}")


def test_a_result_left_out_and_one_given_twice(packet: Path) -> None:
    lines(packet, "eval/results.jsonl", lambda rows: [rows[0], *rows[:-1]])
    assert found(packet, "marks", "'laptop-01' has 2 results")
    assert found(packet, "marks", "has no result, and the gate was judged")


def test_a_lower_threshold_set_after_the_run(packet: Path) -> None:
    def lower(file: dict[str, Any]) -> None:
        file["policy"]["min_pass"] = 1

    document(packet, "policy.json", lower)
    assert found(packet, "gate", "the results give")


def test_a_policy_fixed_after_the_run(packet: Path) -> None:
    def later(file: dict[str, Any]) -> None:
        (file.get("evaluation") or file)["fixed_at"] = "2999-01-01T00:00:00Z"

    document(packet, "policy.json", later)
    document(packet, "decision.json", later)
    assert found(packet, "cases", "before the policy was fixed")


@pytest.mark.parametrize("figure", ["ttft_s", "decode_tokens_per_s", "peak_rss_bytes", "itl_p50_s", "load1_before"])
def test_a_nicer_figure(packet: Path, figure: str) -> None:
    def nicer(file: dict[str, Any]) -> None:
        file["proof"]["figures"][figure] = 987654321

    document(packet, "runtime.json", nicer)
    assert found(packet, "figures", f"proof.figures.{figure} is 987654321")


@pytest.mark.parametrize("name", ["requests", "samples"])
def test_a_changed_cell(packet: Path, name: str) -> None:
    path = packet / f"data/resources/{name}.csv"
    text = path.read_text()
    path.write_text(text.replace("209715200", "109715200", 1))
    reseal(packet)
    assert found(packet, "tables", f"{name}.csv, line 2", "109715200", "209715200")


def test_a_hidden_attempt(packet: Path) -> None:
    def hide(file: dict[str, Any]) -> None:
        file["attempts"] = file["attempts"][1:]

    document(packet, "runtime.json", hide)
    assert found(packet, "attempts", "lists 2 attempts, data/events.jsonl has 3")


def test_a_forbidden_decision(packet: Path) -> None:
    def keep(file: dict[str, Any]) -> None:
        file["verdict"]["choice"] = "keep"

    document(packet, "decision.json", keep)
    assert found(packet, "decision", "the verdict keep is not among the allowed options")
    assert found(packet, "identity", "bag-info.txt: Decision")


def test_an_unlocked_option(packet: Path) -> None:
    def unlock(file: dict[str, Any]) -> None:
        for rows in (file["options"], file["verdict"]["options"]):
            for row in rows:
                row["allowed"] = True

    document(packet, "decision.json", unlock)
    assert found(packet, "decision", "what is allowed does not follow")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda rows: rows[-1].update(way_out="Ask me"), "option stop is allowed, and there is a way out"),
        (lambda rows: rows.append(rows[-1]), "options are not keep, switch, RAG, LoRA, stop"),
        (lambda rows: rows.reverse(), "options are not keep, switch, RAG, LoRA, stop"),
    ],
)
def test_options_of_an_earlier_moment(packet: Path, what: Callable[[Rows], None], words: str) -> None:
    """Where the verdict is of other evidence they cannot be made again, and still have to agree with themselves."""

    def change(file: dict[str, Any]) -> None:
        what(file["verdict"]["options"])

    document(packet, "decision.json", change)
    assert found(packet, "decision", words)


def test_another_first_run_note(packet: Path) -> None:
    path = packet / "data/first-run.md"
    path.write_text(path.read_text("utf-8").replace("local CPU", "a large GPU"), "utf-8")
    reseal(packet)
    assert found(packet, "texts", "data/first-run.md", "a large GPU")


def test_a_plan_dressed_as_a_measurement_and_the_other_way_round(packet: Path) -> None:
    for name in ("decision.json", "runtime.json"):
        document(packet, name, lambda file: file | {"status": "planned"})
    assert found(packet, "status", "data/events.jsonl: a planned packet holds no measurement")
    assert found(packet, "identity", "bag-info.txt: Status")


def test_evidence_that_is_said_to_be_held_and_is_not(packet: Path) -> None:
    document(packet, "runtime.json", lambda file: file | {"proof": None})
    assert found(packet, "completeness", "first-run says", "the proof has not run")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("decision.json", "{", "data/decision.json: text: "),
        ("runtime.json", "[" * 100_000, "data/runtime.json"),
        ("policy.json", '{"policy": {"pack": 5}}', "policy.pack"),
        ("events.jsonl", '{"event": "spawned", "t": 0.0, "pid": "x"}\n', "data/events.jsonl, line 1: spawned.pid"),
        ("events.jsonl", '{"event": "nonsense"}\n', "data/events.jsonl, line 1"),
        ("eval/results.jsonl", "{}", "the last line has no end"),
        ("system.json", '{"n_threads": 1e999}', "data/system.json"),
    ],
)
def test_a_file_that_is_not_of_its_form(packet: Path, name: str, text: str, said: str) -> None:
    (packet / "data" / name).write_text(text)
    reseal(packet)
    assert found(packet, "schemas", said)


def test_random_values_in_the_json_files_never_raise(packet: Path) -> None:
    """A value anywhere is replaced by nonsense: at worst nothing is found, never a traceback."""
    chance = random.Random(7)
    nonsense: list[Any] = [None, -1, 10**400, 1e308, "", "\x1b[31m", [], {}, True, "../..", "\u0000"]
    for _ in range(150):
        name = chance.choice(["decision.json", "runtime.json", "policy.json", "system.json", "model/model.json"])
        path = packet / "data" / name
        kept = path.read_text("utf-8")
        value = json.loads(kept)
        node: Any = value
        while True:
            key = chance.choice(list(node) if isinstance(node, dict) else list(range(len(node))))
            if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.2:
                break
            node = node[key]
        node[key] = chance.choice(nonsense)
        path.write_text(json.dumps(value), "utf-8")
        reseal(packet)
        for line in problems(packet):
            assert "could not be checked" not in line, line
        path.write_text(kept, "utf-8")
