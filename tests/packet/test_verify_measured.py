"""Threads, noise, conditions, repeats and recipe in a packet: told to people, and found where they are changed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems
from packet.measured_run import measured

from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")
IMPOSSIBLE = 987654321
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, source: PacketSource) -> Path:
    """A packet with every new field filled. Not to be changed."""
    target = tmp_path_factory.mktemp("measured") / "packet"
    write_packet(target, measured(source, unstable="case-packet-01"))
    return target


@pytest.fixture
def full(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "full"))


def text(packet: Path, name: str) -> str:
    return (packet / "data" / name).read_text("utf-8")


def found(packet: Path, area: str, *words: str) -> bool:
    return any(line.startswith(f"{area}: ") and all(word in line for word in words) for line in problems(packet))


def test_it_holds(written: Path) -> None:
    assert problems(written) == []


def test_people_are_told_in_the_first_lines(written: Path) -> None:
    head = "\n".join(text(written, "first-run.md").splitlines()[:8])
    assert "**Contended**: these times are not those of a quiet machine." in head
    assert "The prompt was asked 2 times" in head
    page = text(written, "first-run.md")
    assert "1 for decode, 2 for prefill, measured: `One thread decodes fastest here.`" in page
    assert "| prefill | 2 | 64 | 0.300 | 213.0 |" in page and "- battery_percent: `no battery`" in page
    readme = text(written, "README.md")
    assert readme.index("**Contended**") < readme.index("## What is known")
    assert (
        re.search("- Prefix reuse: 1 of \\d+ cases kept a part of the KV cache", readme)
        and "`Both are equal.`" in readme
    )
    assert readme.count("`contended: ") == 3, "first run, eval and resource note say it first"
    assert "- **Unstable** at temperature 0: `packet-01`" in readme


def test_the_files_say_threads_as_used_and_the_marks(written: Path) -> None:
    system, runtime = json.loads(text(written, "system.json")), json.loads(text(written, "runtime.json"))
    decision, recipe = json.loads(text(written, "decision.json")), json.loads(text(written, "recipe.json"))
    assert (system["n_threads"], system["n_threads_batch"], system["noise"]) == (1, 2, "contended")
    assert system["threads_chosen"].startswith("measured: ")
    assert runtime["settings"]["n_threads"] is None and len(runtime["threads"]["trials"]) == 2
    assert [one["when"] for one in runtime["conditions"]] == ["before", "after"]
    assert decision["evaluation"]["noise"]["mark"] == "contended"
    assert (recipe["settings"]["n_threads"], recipe["settings"]["n_threads_batch"]) == (1, 2)
    assert recipe["threads_from"] == "measured" and recipe["settings"]["repeats"] == 2
    samples = text(written, "resources/samples.csv").splitlines()
    assert samples[0].endswith("involuntary_switches,uss_bytes,pss_bytes,swap_bytes,minor_faults,major_faults,cpu_s,"
                               "run_delay_s,own_percent,others_percent,steal_percent,frequency_mhz,cost_s")  # fmt: skip
    assert ",83.0," in samples[1]
    requests = text(written, "resources/requests.csv").splitlines()
    assert requests[0].endswith(
        "engine_decode_ms,repeat,reused_tokens,engine_prefill_tokens_per_s,engine_decode_tokens_per_s,pieces,doubts"
    )
    assert any(",first-run#2," in row and ",2,0," in row for row in requests)


FIGURES = (
    "threads", "threads_batch", "requests", "ttft_min_s", "ttft_max_s", "ttft_reused_s", "total_s",
    "engine_prefill_tokens_per_s", "engine_decode_tokens_per_s", "uss_bytes", "pss_bytes", "swap_bytes",
    "minor_faults", "major_faults", "cpu_s", "sampler_percent",
)  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES)
def test_a_nicer_figure(full: Path, figure: str) -> None:
    def nicer(file: dict[str, Any]) -> None:
        file["proof"]["figures"][figure] = IMPOSSIBLE

    document(full, "runtime.json", nicer)
    assert found(full, "figures", f"proof.figures.{figure} is {IMPOSSIBLE}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("disagreements", ["nothing disagrees"]), ("unstable", ["nothing"]), ("spreads", {}),
        ("noise", {"mark": "quiet", "reasons": []}),
    ],
)  # fmt: skip
def test_a_quieter_figure(full: Path, field: str, value: object) -> None:
    def quieter(file: dict[str, Any]) -> None:
        file["proof"]["figures"][field] = value

    document(full, "runtime.json", quieter)
    assert found(full, "figures", f"proof.figures.{field} is")


def _set(path: str, value: object) -> Callable[[Any], None]:
    *way, last = path.split(".")

    def change(file: Any) -> None:
        for part in way:
            file = file[int(part) if part.isdigit() else part]
        file[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("threads.n_threads", 1000), ("threads.how", "fixed"), ("threads.age_s", IMPOSSIBLE), ("threads.trials", []),
        ("threads.reason", "It was so."), ("threads.trials.0.tokens_per_s", IMPOSSIBLE),
        ("sensors.missing", {}), ("sensors.interval_s", IMPOSSIBLE), ("conditions", []),
        ("conditions.0.others_percent", 0.0), ("conditions.1.power", "battery"),
        ("conditions.1.temperature_c", IMPOSSIBLE), ("conditions.0.missing", {}),
    ],
)  # fmt: skip
def test_changed_surroundings(full: Path, path: str, value: object) -> None:
    document(full, "runtime.json", _set(path, value))
    assert found(full, "figures", f"data/runtime.json: {path.partition('.')[0]} is not what")


@pytest.mark.parametrize(
    ("path", "value"),
    [("prefix_checks", []), ("prefix_checks.0.same", False), ("prefix_checks.0.reused_tokens", IMPOSSIBLE)],
)
def test_changed_checks_of_prefix_reuse(full: Path, path: str, value: object) -> None:
    document(full, "runtime.json", _set(path, value))
    assert found(full, "attempts", "prefix_checks are not those")


@pytest.mark.parametrize(
    ("field", "value"),
    [("n_threads", IMPOSSIBLE), ("n_threads_batch", IMPOSSIBLE), ("threads_chosen", "by hand"), ("noise", "quiet")],
)
def test_changed_threads_or_mark_of_the_system(full: Path, field: str, value: object) -> None:
    document(full, "system.json", _set(field, value))
    assert found(full, "figures", f"data/system.json: {field} is {value}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mark", "quiet"), ("reasons", []), ("others_percent", IMPOSSIBLE), ("steal_percent", IMPOSSIBLE),
        ("run_delay_percent", IMPOSSIBLE), ("involuntary_per_cpu_s", IMPOSSIBLE), ("cpu_over_wall", IMPOSSIBLE),
        ("sampled_s", IMPOSSIBLE), ("missing", ["others_percent"]),
    ],
)  # fmt: skip
def test_a_quieter_eval(full: Path, field: str, value: object) -> None:
    document(full, "decision.json", _set(f"evaluation.noise.{field}", value))
    assert found(full, "answers", f"evaluation.noise.{field} is")


def test_an_eval_without_its_mark(full: Path) -> None:
    document(full, "decision.json", _set("evaluation.noise", None))
    assert found(full, "answers", "evaluation.noise.mark is None, the events give contended")
    assert found(full, "gate", "evaluation.gate.reasons")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_s", IMPOSSIBLE), ("reused_tokens", IMPOSSIBLE), ("repeats", IMPOSSIBLE),
        ("repeats_passed", IMPOSSIBLE), ("unstable", False),
    ],
)  # fmt: skip
def test_a_result_that_hides_its_repeats(full: Path, field: str, value: object) -> None:
    def hide(rows: Rows) -> None:
        rows[1][field] = value

    lines(full, "eval/results.jsonl", hide)
    assert found(full, "answers", f"'packet-01': {field} is not what")


def test_a_second_answer_with_a_better_mark(full: Path) -> None:
    """The first answer's mark stands in the results; the repeats' are marked again too."""

    def better(rows: Rows) -> None:
        for row in rows:
            if row["event"] == "graded" and row["request"] == "case-billing-01#2":
                row["passed"] = True

    lines(full, "events.jsonl", better)
    assert found(full, "answers", "'case-billing-01#2' is marked passed; its answer failed")


def test_an_unstable_case_told_as_stable_everywhere(full: Path) -> None:
    def results(rows: Rows) -> None:
        rows[1]["unstable"] = False

    def gate(file: dict[str, Any]) -> None:
        file["evaluation"]["gate"]["reasons"] = [
            reason for reason in file["evaluation"]["gate"]["reasons"] if "differ" not in reason
        ]

    lines(full, "eval/results.jsonl", results)
    document(full, "decision.json", gate)
    assert found(full, "answers", "'packet-01': unstable is not what")


@pytest.mark.parametrize(
    ("kind", "field", "value", "area"),
    [
        ("trial", "tokens_per_s", IMPOSSIBLE, "threads"), ("trial", "n_threads", 1000, "threads"),
        ("swept", "trials", [], "threads"), ("swept", "n_threads", 1000, "figures"),
        ("swept", "reason", "It was so.", "figures"), ("sensors", "missing", {}, "figures"),
        ("conditions", "power", "battery", "figures"), ("sample", "others_percent", 0.0, "tables"),
        ("sample", "run_delay_s", IMPOSSIBLE, "tables"), ("sample", "cost_s", IMPOSSIBLE, "tables"),
        ("completed", "reused_tokens", 3, "tables"), ("completed", "repeat", 100, "tables"),
        ("graded", "repeat", 100, "answers"), ("loaded", "omp_spin_count", "x", "recipe"),
    ],
)  # fmt: skip
def test_changed_events(full: Path, kind: str, field: str, value: object, area: str) -> None:
    def change(rows: Rows) -> None:
        for row in rows:
            if row["event"] == kind:
                row[field] = value

    lines(full, "events.jsonl", change)
    assert found(full, area)


def test_other_threads_than_those_that_were_fixed(full: Path) -> None:
    def fix(rows: Rows) -> None:
        for row in rows:
            if row["event"] == "attempt":
                row["settings"] |= {"n_threads": 2, "n_threads_batch": 1}

    lines(full, "events.jsonl", fix)
    assert found(full, "threads", "2 threads for decode were wished, 1 were used")
    assert found(full, "threads", "1 threads for prefill were wished, 2 were used")


RECIPE: dict[str, object] = {
    "job_id": "proof-x", "model_sha256": "f" * 64, "model_file": "x.gguf", "model_kind": "hub", "model_repo": "a/b",
    "model_revision": "c" * 40, "prompt": "x", "threads_from": "fixed", "sampler": "temperature",
    "chat_template_sha256": "e" * 64, "library": "x", "version": "x", "engine": "x", "python": "x",
    "system_info": "x", "cpu_features": ["AVX1024"], "mode": "default", "use_extra_bufts": True, "load_mode": "x",
    "n_ubatch": IMPOSSIBLE, "type_k": "x", "type_v": "x", "flash_attn": "x", "omp_wait_policy": "x",
    "omp_spin_count": "x", "missing": {"engine": "x"}, "model_facts": {"parameters": "1"},
    "target": {"api": "openai", "base_url": "http://x/v1", "model": "x", "origin": "given", "engine": "", "job": ""},
}  # fmt: skip


def test_every_part_of_the_recipe_is_among_those_that_are_changed(written: Path) -> None:
    assert set(json.loads(text(written, "recipe.json"))) == {*RECIPE, "schema_version", "settings"}


@pytest.mark.parametrize("field", RECIPE)
def test_a_changed_recipe(full: Path, field: str) -> None:
    document(full, "recipe.json", _set(field, RECIPE[field]))
    assert found(full, "recipe", f"data/recipe.json: {field} is")


@pytest.mark.parametrize(("field", "value"), [("n_threads", 1000), ("seed", IMPOSSIBLE), ("repeats", 100)])
def test_changed_settings_of_the_recipe(full: Path, field: str, value: object) -> None:
    document(full, "recipe.json", _set(f"settings.{field}", value))
    assert found(full, "recipe", "data/recipe.json: settings is")


def test_a_recipe_that_was_taken_out(full: Path) -> None:
    (full / "data/recipe.json").unlink()
    document(full, "system.json", lambda file: file)
    assert found(full, "recipe", "data/recipe.json is missing")


@pytest.mark.parametrize("name", ["resources/samples.csv", "resources/requests.csv"])
def test_a_changed_new_cell(full: Path, name: str) -> None:
    path = full / "data" / name
    said = path.read_text()
    old = ",83.0," if "samples" in name else ",2,0,"
    path.write_text(said.replace(old, f",{IMPOSSIBLE},", 1))
    document(full, "system.json", lambda file: file)
    assert found(full, "tables", name)
