"""A consistent forger who changes one thing that another file contradicts: what people read first, above all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, problems, reseal

from weighbridge.services.packet_io.evidence import PacketSource

pytestmark = pytest.mark.usefixtures("marks_here")
File = dict[str, Any]


def found(packet: Path, area: str, *words: str) -> bool:
    said = problems(packet)
    assert not [line for line in said if line.startswith(("manifest", "tag files", "Payload"))]
    return any(line.startswith(f"{area}: ") and all(word in line for word in words) for line in said)


@pytest.mark.parametrize(
    ("name", "before", "after", "area"),
    [
        ("README.md", "- Eval: 2 of ", "- Eval: 8 of ", "texts"),
        ("README.md", "They do not show who wrote", "They show who wrote", "texts"),
        ("first-run.md", "| peak_rss_bytes | 209,715,200 bytes", "| peak_rss_bytes | 109,715,200 bytes", "texts"),
        ("shutdown.md", "| yes |", "| NO |", "tables"),
        ("model/LICENSE-NOTE.md", "apache-2.0", "mit", "texts"),
        ("schemas/decision.schema.json", '"title": "DecisionFile"', '"title": "Other"', "texts"),
    ],
)
def test_a_word_changed_in_a_text(packet: Path, name: str, before: str, after: str, area: str) -> None:
    path = packet / "data" / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    reseal(packet)
    assert found(packet, area, f"data/{name}, line")


def test_an_emptied_schema_a_text_left_out_and_a_text_added(packet: Path) -> None:
    (packet / "data/schemas/event.schema.json").write_text("{}")
    (packet / "data/shutdown.md").unlink()
    (packet / "data/NOTE.md").write_text("All is well.\n")
    reseal(packet)
    assert found(packet, "texts", "data/schemas/event.schema.json, line 1")
    assert found(packet, "tables", "data/shutdown.md is missing")
    assert found(packet, "texts", "data/NOTE.md: nothing in the records gives this file")


def into(*path: str | int, value: object) -> Callable[[File], None]:
    """Sets the value at a path into a JSON file."""

    def change(file: File) -> None:
        node: Any = file
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("name", "change", "area", "words"),
    [
        ("model/card-facts.json", into("licence", "value", value="mit"), "completeness", "licence"),
        ("model/model.json", into("repo", value="other/model"), "completeness", "other/model"),
        ("model/model.json", into("revision", value="0" * 40), "completeness", "0" * 40),
        ("model/model.json", into("size_bytes", value=1), "model", "model_size"),
        ("decision.json", into("verdict", "reason", value="It is the best."), "completeness", "It is the best."),
        ("decision.json", into("evaluation", "shutdown", value="never ran"), "answers", "evaluation.shutdown"),
        ("decision.json", into("options", 0, "why", value="because"), "decision", "options"),
        ("decision.json", into("route", "rejected", value=[]), "route", "route.rejected lacks the family"),
        ("decision.json", into("constraints", "privacy", value="private_docs"), "route", "route.privacy"),
        ("decision.json", into("constraints", "needs_fine_tuning", value=True), "route", "route.adaptation"),
        ("decision.json", into("constraints", "task", value="another"), "route", "route.task"),
        ("decision.json", into("formulas", "gate", value="PASSED: always"), "formulas", "decision.json"),
        ("decision.json", into("software", value="weighbridge 99"), "identity", "Bag-Software-Agent"),
        ("runtime.json", into("proof", "shutdown", value="killed"), "figures", "proof.shutdown"),
        ("runtime.json", into("proof", "message", value="fine"), "figures", "proof.message"),
        ("runtime.json", into("system_info", value="AVX9"), "figures", "system_info"),
        ("runtime.json", into("engine", value="other 1.0"), "figures", "engine"),
        ("runtime.json", into("command_line", value="weighbridge prove x"), "runtime", "command_line"),
        ("runtime.json", into("forecast", "verdict", value="does_not_fit"), "forecast", "forecast.verdict"),
        ("runtime.json", into("forecast", "available_bytes", value=1), "forecast", "forecast.verdict"),
        ("runtime.json", into("forecast", "total_bytes", value=1), "forecast", "forecast.total_bytes"),
        ("runtime.json", into("attempts", 0, "log_sha256", value="0" * 64), "attempts", "log_sha256"),
        ("runtime.json", into("chosen_settings", "n_ctx", value=64), "figures", "chosen_settings"),
        ("system.json", into("n_gen", value=9999), "figures", "n_gen"),
        ("system.json", into("framework", value="llama-cpp-python 9.9"), "completeness", "9.9"),
    ],
)
def test_a_value_that_another_file_contradicts(
    packet: Path, name: str, change: Callable[[File], None], area: str, words: str
) -> None:
    document(packet, name, change)
    assert found(packet, area, words), problems(packet)


def test_overrides_that_stand_in_one_file_only(packet: Path) -> None:
    risk = {"what": "memory", "refusal": "too large", "reason": "I know", "at": "2026-01-01T00:00:00Z"}
    document(packet, "decision.json", into("overrides", value=[risk]))
    assert found(packet, "identity", "overrides are not those of")


def test_another_log(packet: Path) -> None:
    log = next((packet / "data/logs").glob("*-1.log"))
    log.write_text("all was well\n")
    reseal(packet)
    assert found(packet, "attempts", "attempt 1 of proof-", "log_sha256 is not that of the log")


def test_a_plan_with_another_command(planned_source: PacketSource, save: Callable[[PacketSource], Path]) -> None:
    packet = save(planned_source)
    path = packet / f"data/route/{planned_source.run.decision.route}.md"
    path.write_text(path.read_text("utf-8").replace("## Commands", "## Commands that were run"), "utf-8")
    reseal(packet)
    assert found(packet, "texts", "Commands that were run")


def test_the_readme_says_what_nothing_in_the_packet_can_contradict(golden: Path) -> None:
    text = (golden / "data/README.md").read_text("utf-8")
    assert "Some things stand in one place only" in text and "log's SHA-256" in text
