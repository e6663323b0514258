"""Running the recipe of a packet again: the packet is checked first, then its model, settings and cases are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weighbridge.domain.problems import BadInput, Problem, Refused
from weighbridge.domain.proof.events import Attempt
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.recipe import Recipe, recipe_of
from weighbridge.domain.proof.repeating import (
    TAKEN_OUT,
    Row,
    answers,
    figure_rows,
    machine_rows,
    marks,
    output_rows,
    recipe_rows,
    reproduced,
)
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.serving.spec import served_spec
from weighbridge.domain.serving.target import Target
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.cases import CasePack, Policy
from weighbridge.services import bundled
from weighbridge.services.digests import sha256_of
from weighbridge.services.engine.mode_memory import known_mode
from weighbridge.services.packet_io.checks.form import ADVICE, AREA, NOT_CHECKED
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.system import MACHINE, machine_fields
from weighbridge.services.packet_io.report import Report
from weighbridge.services.packet_io.verify import read_packet

if TYPE_CHECKING:
    from weighbridge.session.session import Session

__all__ = ["Broken", "Earlier", "Row", "cases_to_repeat", "comparison", "load_recipe", "reproduced", "spec_of", "take"]


class Broken(Problem):
    """The packet does not hold, so that nothing is run from it."""

    exit_code = 5


@dataclass(frozen=True)
class Cases:
    """What a packet says of its eval. `answers` by request; `gate`: None where it was not judged."""

    pack: CasePack
    policy: Policy
    answers: Mapping[str, str]
    gate: str | None
    noise: Noise | None


@dataclass(frozen=True)
class Earlier:
    """What a packet says of its proof. `answers` by request; `cases`: None where no case was run."""

    packet: str
    seal: str
    recipe: Recipe
    figures: JobFigures
    answers: Mapping[str, str]
    machine: Mapping[str, object]
    cases: Cases | None


def load_recipe(packet: Path) -> Earlier:
    """The recipe of a packet, with what came of it. Broken where the packet does not hold, BadInput without a recipe.

    Blocks: every check of `weighbridge verify` is made.
    """
    report, contents = read_packet(packet)
    if not report.ok:
        raise _broken(clean_line(str(packet)), report)
    recipe, proof = contents.recipe, contents.runtime.proof if contents.runtime else None
    if recipe is None or proof is None:
        raise BadInput(
            f"{clean_line(str(packet))} holds no proof, so that there is no recipe to run again.",
            "Name a packet in which something was run.",
        )
    return Earlier(
        packet=str(packet),
        seal=report.seal,
        recipe=recipe,
        figures=proof.figures,
        answers=answers(contents.jobs.get(proof.job_id, ())),
        machine={name: getattr(contents.system, name) for name in MACHINE},
        cases=_cases(contents),
    )


def _broken(packet: str, report: Report) -> Broken:
    """What fails first; of a packet that holds but is of another form, who wrote it."""
    wrong = [check for check in report.checks if not check.ok]
    first = wrong[0]
    if first.name == AREA:
        why = first.detail.removeprefix(NOT_CHECKED).removesuffix(ADVICE)
        return Broken(f"{packet}: {why}: nothing was run.", "Repeat it with the version that wrote it.")
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    said = f"{packet} does not verify ({first.name}: {clean_line(first.detail, 160)}{more}): nothing was run."
    return Broken(said, f"`weighbridge verify {packet}` says it in full.")


def _cases(c: Contents) -> Cases | None:
    note, policy = c.decision.evaluation if c.decision else None, c.policy.policy if c.policy else None
    if note is None or policy is None:
        return None
    said = answers(event for job_id in note.job_ids for event in c.jobs.get(job_id, ()))
    pack = CasePack(id=policy.pack, case=tuple(c.cases))
    return Cases(pack, policy, said, note.gate.gate if note.gate else None, note.noise) if said else None


def spec_of(recipe: Recipe, given: str = "") -> str:
    """MODEL of the recipe's model on this machine; `given` by the person goes first. Refused where it must be named."""
    if given:
        return given
    if recipe.target is not None:
        return _served_spec(recipe.target)
    if recipe.model_kind == "hub":
        return f"{recipe.model_repo}@{recipe.model_revision}:{recipe.model_file}"
    if _is_bundled(recipe):
        return "bundled"
    raise Refused(
        f"The packet's model {clean_line(recipe.model_file)} is a file of its own, SHA-256 {recipe.model_sha256[:12]}…",
        "Name the file behind the packet: `weighbridge prove --from PACKET FILE.gguf`.",
    )


def _served_spec(target: Target) -> str:
    """The same server once more; whoever chooses it asks whether it answers. Refused for one that was rented."""
    if target.origin == "rented":
        job = clean_line(target.job) or "unknown"
        raise Refused(
            f"The packet's proof ran on a rented GPU, in the job {job}: it is not there to be asked again.",
            f"Rent again, or name a server that answers to {clean_line(target.model)}: "
            "`weighbridge prove --from PACKET https://host/v1#name`.",
        )
    if target.origin == "started" and "/" not in target.model:
        raise Refused(
            f"The packet's model {clean_line(target.model)} is a folder of its own.",
            "Name the folder behind the packet: `weighbridge prove --from PACKET transformers:FOLDER`.",
        )
    if found := TAKEN_OUT.search(target.model):
        raise Refused(
            f"A part of the model's name was taken out of the packet: {found[0]} stands in its place.",
            f"Name the model as the server does: `weighbridge prove --from PACKET {_named_anew(target)}`.",
        )
    spec = served_spec(target)
    if found := TAKEN_OUT.search(spec):
        raise Refused(
            f"A part of the server's address was taken out of the packet: {found[0]} stands in its place.",
            "Name the server behind the packet: `weighbridge prove --from PACKET http://host/v1#name`.",
        )
    return spec


def _named_anew(target: Target) -> str:
    """What a person types in place of a name that the packet does not hold."""
    return served_spec(target.model_copy(update={"model": "NAME"}))


def _is_bundled(recipe: Recipe) -> bool:
    try:
        return sha256_of(bundled.find().path, None, lambda: False) == recipe.model_sha256
    except (Problem, OSError):
        return False


def require_same(run: Run, recipe: Recipe) -> None:
    """Refused where the chosen model has another digest than the recipe's. One that is still to come has none yet."""
    model = run.model
    if recipe.target is not None:
        return
    if model is not None and model.sha256 and model.sha256 != recipe.model_sha256:
        raise Refused(
            f"{clean_line(model.file_name)} has the SHA-256 {model.sha256[:12]}…, and the packet's model "
            f"{clean_line(recipe.model_file)} has {recipe.model_sha256[:12]}….",
            "Name the file with that digest; another model gives another story.",
        )


async def take(session: Session, earlier: Earlier) -> str:
    """The session takes prompt, settings, threads and mode of the recipe; its model must be chosen already.

    Returns what is not as recorded, as one sentence; empty where all is. Refused for a model of another digest.
    """
    recipe = earlier.recipe
    require_same(session.run, recipe)
    session.keep(session.run.model_copy(update={"settings": recipe.settings.whole, "prompt": recipe.prompt}))
    if session.run.target is not None:
        return ""
    needs = await asyncio.to_thread(known_mode, session.deps.home)
    mode = "safe" if needs == "safe" else recipe.mode
    session.deps = replace(session.deps, mode=mode)
    said = []
    if mode != recipe.mode:
        said.append(f"this machine needs the engine's {mode} mode, and the packet was made in {recipe.mode} mode")
    cores, threads = session.run.machine.logical_cores, recipe.settings.n_threads
    if cores and threads and threads > cores:
        said.append(f"the packet's {threads} threads are more than the {cores} cores of this machine")
    return "; ".join(said)


def cases_to_repeat(session: Session, earlier: Earlier) -> Run:
    """The session takes the packet's cases under the packet's policy. BadInput where it has none that were run."""
    if earlier.cases is None:
        raise BadInput("The packet holds no case that was run.", "Leave out --cases.")
    return session.keep(session.run.model_copy(update={"pack": earlier.cases.pack, "policy": earlier.cases.policy}))


def comparison(session: Session, earlier: Earlier, *, cases: bool = False) -> tuple[Row, ...]:
    """The packet's proof beside the one on record here, and the eval too with `cases`. Needs a proof on record."""
    run = session.run
    proof = run.proof
    assert proof is not None
    by_id = {job[0].job_id: job for job in jobs(session.events()) if isinstance(job[0], Attempt)}
    job = by_id[proof.job_id]
    rows = [*output_rows(earlier.answers, answers(job))]
    if earlier.cases and run.evaluation and cases:
        ran = [event for name in run.evaluation.job_ids for event in by_id.get(name, ())]
        rows += output_rows(earlier.cases.answers, answers(ran))
    recipe = recipe_of(job, run.model, run.prompt)
    assert recipe is not None
    rows += recipe_rows(earlier.recipe, recipe)
    rows += figure_rows(earlier.figures, proof.figures)
    if earlier.cases and cases:
        rows += _eval_rows(earlier.cases, run.evaluation)
    rows += machine_rows(earlier.machine, _machine(run))
    return tuple(rows)


def _machine(run: Run) -> dict[str, Any]:
    """This machine; of a server's client no engine, for it runs nothing."""
    fields = machine_fields(run.machine)
    return fields | {"framework": None} if run.target is not None else fields


def _eval_rows(earlier: Cases, record: EvalRecord | None) -> list[Row]:
    """Mark and gate of the eval. The gate is no output: a contended eval is warned of, whatever was answered."""
    gate = record.gate.gate if record and record.gate else None
    old, new = earlier.gate or "not judged", gate or "not judged"
    mark = marks("mark of the eval", earlier.noise, record.noise if record else None)
    return [mark, Row(group="figure", what="gate", before=old, now=new, equal=old == new)]
