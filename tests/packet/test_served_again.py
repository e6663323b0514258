"""What a colleague types for a proof that a server answered, and its packet run again."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import quiet
from packet.served_run import ADDRESS, JOB, NAME, ServedRun, Server, facts
from packet.served_run import given as model_of

from weighbridge.domain.plan import Plan
from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.events import Attempt, Event, Failed
from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.proof.repeating import Row, recipe_rows
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import Run
from weighbridge.plain.texts.comparison import page, verdict
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps
from weighbridge.session.packets.command import prove_command
from weighbridge.session.packets.repeat import load_recipe, spec_of

pytestmark = pytest.mark.usefixtures("marks_here")


def recipe(source: PacketSource, folder: Path) -> Recipe:
    write_packet(folder / "packet", source)
    return load_recipe(folder / "packet").recipe


def test_the_command_names_the_server_and_no_setting_of_an_engine_here(given: PacketSource) -> None:
    command = prove_command(given.run)
    assert command[:3] == ("weighbridge", "prove", f"{ADDRESS}#{NAME}")
    assert "--ctx" not in command and "--batch" not in command and "--max-tokens" in command


@pytest.mark.parametrize(
    ("change", "spec"),
    [
        ({"kind": "ollama", "served_name": "qwen3:4b"}, "ollama:qwen3:4b"),
        ({"kind": "transformers", "address": "", "served_name": "tiny"}, "transformers:tiny"),
        ({"served_name": "a name"}, f"{ADDRESS}#a%20name"),
    ],
)
def test_each_kind_of_server_is_typed_as_it_was_chosen(given: PacketSource, change: dict[str, str], spec: str) -> None:
    run: Run = given.run
    assert run.model is not None
    command = prove_command(run.model_copy(update={"model": run.model.model_copy(update=change)}))
    assert command[2] == spec


def test_a_packet_of_a_server_is_repeated_against_the_same_address(given: PacketSource, tmp_path: Path) -> None:
    again = recipe(given, tmp_path)
    assert spec_of(again) == f"{ADDRESS}#{NAME}" and again.engine == "vllm 0.32.0"
    assert again.missing["model_repo"] == "the server does not tell from which repository its model came"
    assert again.target is not None
    other = again.model_copy(update={"target": again.target.model_copy(update={"base_url": "http://127.0.0.1:1/v1"})})
    rows = {row.what: row for row in recipe_rows(again, other)}
    assert not rows["target.base_url"].equal and rows["target.model"].equal
    assert again.target.engine == "vllm"
    assert not rows["weights"].equal and "model_sha256" not in rows, "nobody saw that they are the same"


def test_other_facts_of_a_server_are_said_to_be_another_model(given: PacketSource, tmp_path: Path) -> None:
    again = recipe(given, tmp_path)
    assert again.model_facts["max_model_len"] == "4096"
    other = again.model_copy(update={"model_facts": {"max_model_len": "8192"}})
    equal = Row(group="output", what="first-run", before="a", now="a", equal=True)
    memory = Row(group="machine", what="memory", before="1", now="1", equal=True)
    text = page("packet", "", [equal, *recipe_rows(again, other), memory])
    assert "ANOTHER MODEL answered" in text and "max_model_len 4096 before, 8192 now" in text
    assert "Machine of the client" in text
    assert "weights of a server were not seen" in verdict([equal, *recipe_rows(again, again)])


def test_a_name_that_was_taken_out_has_to_be_typed(given: PacketSource, tmp_path: Path) -> None:
    again = recipe(given, tmp_path)
    assert again.target is not None
    hidden = again.target.model_copy(update={"model": "[home]/models/small.gguf"})
    rows = recipe_rows(again.model_copy(update={"target": hidden}), again)
    (row,) = [row for row in rows if row.what == "target.model"]
    assert not row.equal and row.note == "[home] stands for what was taken out of the packet"
    with pytest.raises(Refused, match="was taken out of the packet") as said:
        spec_of(again.model_copy(update={"target": hidden}))
    assert f"{ADDRESS}#NAME" in said.value.hint


def test_an_address_with_a_part_taken_out_has_to_be_typed(given: PacketSource, tmp_path: Path) -> None:
    again = recipe(given, tmp_path)
    assert again.target is not None
    hidden = again.target.model_copy(update={"base_url": "http://[name]:8000/v1"})
    with pytest.raises(Refused, match=r"server's address was taken out of the packet: \[name\]") as said:
        spec_of(again.model_copy(update={"target": hidden}))
    assert "--from PACKET http://host/v1#name" in said.value.hint


def test_a_rented_gpu_is_not_there_to_be_asked_again(rented: PacketSource, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=JOB) as said:
        spec_of(recipe(rented, tmp_path))
    assert NAME in said.value.hint and "--from PACKET https://host/v1#name" in said.value.hint


def test_a_rented_run_is_repeated_by_its_plan_which_the_packet_holds(rented: PacketSource, tmp_path: Path) -> None:
    late = "The cancel had no effect within 40 s; the time limit of 60 minutes ended the job."
    one = rented.run.rentals[0].model_copy(update={"message": late})
    write_packet(tmp_path / "packet", replace(rented, run=rented.run.model_copy(update={"rentals": (one,)})))
    said = (tmp_path / "packet/data/first-run.md").read_text("utf-8")
    assert "weighbridge run PLAN.toml --rent 1 -o PACKET" in said and "prove" not in said.partition("## Prompt")[0]
    text = said[said.index("[constraints]") :].partition("```")[0]
    plan = Plan.model_validate(tomllib.loads(text))
    order = one.order
    assert plan.model.use == f"{order.repo}@{order.revision}" and plan.runtime.prompt == rented.run.prompt
    assert (plan.serve.hardware, plan.serve.image, plan.serve.cap_usd) == ("l4x1", order.image, order.cap_usd)
    for name in ("README.md", "shutdown.md"):
        assert late in (tmp_path / "packet/data" / name).read_text("utf-8"), name
    assert all(check.ok for check in verify_packet(tmp_path / "packet").checks)


class Dying(ServedRun):
    """Killed by a signal at its first prompt, as a server of this machine can be."""

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        yield Failed(t=self._t(), kind="crash", phase="prefill", message="It died.", signal="SIGSEGV")


def test_a_server_has_no_safe_mode_to_be_tried_in(tmp_path: Path) -> None:
    async def proved() -> list[Event]:
        deps = replace(
            real_deps(tmp_path), runtime=lambda launch, clock: Dying(Server(), launch, clock), conditions=quiet
        )
        session = Session.create(RunStore(tmp_path), deps)
        session.keep(session.run.model_copy(update={"model": model_of(), "declared": facts()}))
        events = [event async for event in session.prove()]
        await session.close()
        return events

    events = asyncio.run(proved())
    assert [event.mode for event in events if isinstance(event, Attempt)] == ["default"]


def test_what_was_typed_of_one_server_is_not_said_of_another(given: PacketSource) -> None:
    run: Run = given.run
    assert run.model is not None
    typed = run.model_copy(update={"typed_facts": {run.model_key: {"licence": "apache-2.0"}}})
    assert typed.card is not None and typed.card.licence.value == "apache-2.0"
    other = typed.model_copy(update={"model": run.model.model_copy(update={"address": "https://new.example.org/v1"})})
    assert other.card is not None and other.card.licence.status == "missing"
