"""The doubts of an eval that a server answered are in the packet, and `verify` finds them changed or taken out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packet.forge import document, lines, problems
from packet.served_run import NAME, Server, served_source

from weighbridge.domain.verdict.doubts import OTHER_MODEL
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")
DOUBT = f"{OTHER_MODEL}a-much-smaller-one, and {NAME} was asked."


async def test_an_eval_that_another_model_answered_says_so_everywhere(tmp_path: Path) -> None:
    source = await served_source(tmp_path / "home", Server(doubt=DOUBT))
    packet = tmp_path / "packet"
    write_packet(packet, source)
    assert not problems(packet)
    note = json.loads((packet / "data/decision.json").read_text())["evaluation"]
    assert note["doubts"] and note["doubts"][0].startswith(DOUBT)
    assert any(reason.startswith("answers that name another model") for reason in note["gate"]["reasons"])
    for page in ("data/README.md", "data/report.html"):
        assert "a-much-smaller-one" in (packet / page).read_text(), page
    assert "eval: " in (packet / "data/README.md").read_text()

    def quiet(said: dict[str, object]) -> dict[str, object]:
        return said | {"evaluation": note | {"doubts": []}}

    document(packet, "decision.json", quiet)
    assert any("evaluation.doubts" in one for one in problems(packet))
    lines(packet, "eval/results.jsonl", lambda rows: [row | {"doubts": []} for row in rows])
    assert any("doubts is not what" in one for one in problems(packet))


async def test_what_the_server_told_stands_in_the_machine_file_and_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"parameters": "134515008", "chat template, SHA-256": "c" * 64}
    monkeypatch.setattr("packet.served_run.FACTS", told)
    source = await served_source(tmp_path / "home", Server())
    packet = tmp_path / "packet"
    write_packet(packet, source)
    assert not problems(packet)
    system, recipe, server = (
        json.loads((packet / "data" / name).read_text()) for name in ("system.json", "recipe.json", "server.json")
    )
    assert system["model_n_params"] == 134515008
    assert system["framework"] is None and "server answered" in system["missing"]["framework"]
    assert recipe["chat_template_sha256"] == "c" * 64
    assert server["target"]["engine"] == recipe["target"]["engine"] == "vllm"


async def test_what_was_measured_owes_no_plan_but_a_typed_cost(tmp_path: Path) -> None:
    source = await served_source(tmp_path / "home", Server(), "rented_gpu")
    packet = tmp_path / "packet"
    write_packet(packet, source)
    items = {row["id"]: row["fact"] for row in json.loads((packet / "data/decision.json").read_text())["completeness"]}
    assert items["cost"]["reason"] == "not typed: cost_per_hour below [plan] of a plan file, or in step 5"
    assert "stop_command" in items["stop-command"]["reason"]
    assert not problems(packet)
