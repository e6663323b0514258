"""A notebook's evidence goes back into the run that planned it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import Script
from ran_notebook import Ran, cell_of, executed, measured, write_plan

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.packet import completeness
from weighbridge.domain.problems import BadInput
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.session.notebook.importing import import_evidence

LINK = "https://colab.research.google.com/drive/1a2b3c"


@pytest.fixture
def notebook(ran: Ran, tmp_path: Path) -> Path:
    path = tmp_path / "proof_output.ipynb"
    path.write_bytes(executed(ran))
    return path


async def test_the_notebook_brings_proof_eval_machine_and_its_own_facts(planner: Session, notebook: Path) -> None:
    assert planner.run.planned
    run = await import_evidence(planner, notebook, LINK)
    assert not run.planned
    assert run.proof is not None and run.proof.output == "An answer to first-run."
    assert run.evaluation is not None and run.evaluation.gate is not None
    assert (run.evaluation.gate.gate, run.evaluation.gate.passed) == ("PASSED", 5)
    facts = run.notebook
    assert facts is not None
    assert (facts.link, facts.runtime_type, facts.was_reset) == (LINK, "Google Colab, T4", False)
    assert facts.executed_sha256 and facts.stop == "the last cell gave it back"
    assert flow.eval_is_current(run)
    assert flow.first_open(run) == "proof", "what was confirmed stays so"
    assert flow.missing(run, "proof") is None and flow.missing(run, "eval") is None
    assert run.machine.cpu_model is not None and run.machine.versions["llama-cpp-python"]


async def test_nothing_is_missing_but_the_decision(planner: Session, notebook: Path) -> None:
    run = await import_evidence(planner, notebook, LINK)
    assert [item.id for item in completeness(run) if not item.held] == ["decision"]


async def test_the_run_goes_on_to_a_packet_that_holds(planner: Session, notebook: Path, tmp_path: Path) -> None:
    await import_evidence(planner, notebook, LINK)
    for step in ("proof", "eval", "decision"):
        assert flow.missing(planner.run, step) is None
        planner.apply(want.Confirm(step=step))
    record = await planner.write_packet(tmp_path / "packet")
    report = verify_packet(tmp_path / "packet")
    assert [check for check in report.checks if not check.ok] == []
    assert record.complete and not record.planned


async def test_it_stands_after_the_program_was_closed(planner: Session, notebook: Path, store: RunStore) -> None:
    run = await import_evidence(planner, notebook)
    events = len(planner.events())
    await planner.close()
    again = Session.resume(store, planner.deps, run.id)
    assert (
        again.run.proof == run.proof and again.run.evaluation == run.evaluation and again.run.notebook == run.notebook
    )
    assert len(again.events()) == events
    await again.close()


async def test_an_archive_or_a_folder_will_do_and_shows_no_stop(planner: Session, ran: Ran, tmp_path: Path) -> None:
    archive = tmp_path / "weighbridge-packet.zip"
    archive.write_bytes(ran.packed)
    run = await import_evidence(planner, archive)
    assert run.notebook is not None and run.notebook.stop == "" and run.notebook.executed_sha256 == ""
    assert "shutdown" in [item.id for item in completeness(run) if not item.held]
    events = len(planner.events())
    run = await import_evidence(planner, ran.packet, LINK)
    assert run.notebook is not None and run.notebook.link == LINK
    assert len(planner.events()) == events, "the same packet was taken in twice"


async def test_a_reset_is_noted(planner: Session, ran: Ran, tmp_path: Path) -> None:
    def reset(notebook: dict[str, object]) -> None:
        data = cell_of(notebook, "end")["outputs"][0]["data"]
        data["application/vnd.weighbridge.end+json"]["boot_id_end"] = "another"

    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, reset))
    run = await import_evidence(planner, path)
    assert run.notebook is not None and run.notebook.was_reset is True


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (want.ChangePrompt(value="Another one."), "another prompt"),
        (want.ChangeSetting(field="n_ctx", value="1024"), "other settings: n_ctx"),
        (want.ChangeThreshold(min_pass="5"), "gate is another one: 4 of 5 have to pass there"),
        (want.Answer(field="task", value="something else"), "other constraints: task"),
        (want.Answer(field="available_route", value="local_cpu"), "route is not the free notebook"),
    ],
)
async def test_a_packet_of_another_plan_is_refused(planner: Session, ran: Ran, change: want.Intent, said: str) -> None:
    planner.apply(change)
    before = planner.run
    with pytest.raises(BadInput, match=said):
        await import_evidence(planner, ran.packet)
    assert planner.run is before and planner.events() == ()


async def test_a_packet_of_other_cases_is_refused(planner: Session, ran: Ran) -> None:
    pack = planner.run.pack
    assert pack is not None
    other = pack.case[0].model_copy(update={"prompt": "Something else."})
    planner.apply(want.UsePack(pack=pack.model_copy(update={"case": (other, *pack.case[1:])})))
    with pytest.raises(BadInput, match="other cases"):
        await import_evidence(planner, ran.packet)


async def test_a_packet_of_another_model_is_refused(planner: Session, ran: Ran) -> None:
    assert planner.run.model is not None
    model = planner.run.model.model_copy(update={"sha256": "f" * 64})
    planner.keep(planner.run.model_copy(update={"model": model}))
    with pytest.raises(BadInput, match=r"another model: .* and the plan's is .*ffffffffffff"):
        await import_evidence(planner, ran.packet)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://x.test/n", "https://me:secret@x.test/n", "nothing"])
async def test_a_link_that_is_none_is_refused(planner: Session, ran: Ran, link: str) -> None:
    with pytest.raises(BadInput, match="no address of a notebook") as told:
        await import_evidence(planner, ran.packet, link)
    assert planner.events() == () and "secret" not in str(told.value)


async def test_a_token_in_a_link_is_not_kept(planner: Session, ran: Ran) -> None:
    run = await import_evidence(planner, ran.packet, "https://hub.test/n.ipynb?token=abc#cell")
    assert run.notebook is not None and run.notebook.link == "https://hub.test/n.ipynb"


async def test_what_a_stranger_wrote_never_moves_a_terminal(
    planner: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(answer=lambda request: "An \x1b[2J answer")
    packet = await measured(tmp_path, write_plan(tmp_path / "plan"), monkeypatch, script)
    assert "\\u001b" in (packet / "data" / "events.jsonl").read_text()
    run = await import_evidence(planner, packet)
    assert run.proof is not None and run.proof.output == "An \u241b[2J answer"
    for name in ("run.json", "events.jsonl"):
        assert "\\u001b" not in (planner.folder / name).read_text()


async def test_what_the_packet_does_not_tell_stays_from_the_import_before(
    planner: Session, notebook: Path, ran: Ran, tmp_path: Path
) -> None:
    before = (await import_evidence(planner, notebook, LINK)).notebook
    again = (await import_evidence(planner, ran.packet)).notebook
    assert before is not None and again == before and again.link == LINK and again.executed_sha256
    assert (await import_evidence(planner, ran.packet, f"{LINK}4")).notebook == before.model_copy(
        update={"link": f"{LINK}4"}
    )


async def test_another_execution_takes_nothing_from_the_one_before(planner: Session, notebook: Path, ran: Ran) -> None:
    run = await import_evidence(planner, notebook, LINK)
    assert run.notebook is not None
    other = run.notebook.model_copy(update={"boot_id": "another"})
    planner.keep(run.model_copy(update={"notebook": other}))
    again = (await import_evidence(planner, ran.packet)).notebook
    assert again is not None and (again.link, again.executed_sha256) == ("", "")


async def test_a_free_runtime_leaves_no_price_to_miss(planner: Session, notebook: Path) -> None:
    run = await import_evidence(planner, notebook)
    cost = cost_so_far(run)
    assert not any("money" in word for word in cost.unknown) and "2 jobs of proof and eval" in cost.text
    priced = run.model_copy(update={"plan": run.plan.model_copy(update={"cost_per_hour": "two or 3 to 4"})})
    assert any("money is not known" in word for word in cost_so_far(priced).unknown)
