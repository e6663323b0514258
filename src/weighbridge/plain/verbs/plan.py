"""`weighbridge run PLAN -o DIR`: all nine steps without questions."""

from __future__ import annotations

from argparse import Namespace
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from weighbridge.domain import intents as want
from weighbridge.domain.flow import missing, missing_memory
from weighbridge.domain.packet import completeness
from weighbridge.domain.plan import LoadTable, Plan, TriedTable
from weighbridge.domain.problems import BadInput, Problem, Refused
from weighbridge.domain.run import ProofRecord, Run
from weighbridge.domain.serving.sent import not_sent
from weighbridge.domain.serving.target import Target
from weighbridge.domain.steps import StepId
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import new_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import choose, fetch_or_quit
from weighbridge.plain.served import agree
from weighbridge.plain.texts.figures import mib, rate, seconds, table
from weighbridge.plain.verbs.left_jobs import named_left
from weighbridge.plain.verbs.load import shown as shown_load
from weighbridge.plain.verbs.prove import accept_memory_risk, exit_of, proof_doubts
from weighbridge.plain.verbs.rented import cap_of, lower_cap, rented
from weighbridge.services.packet_io.place import check_target
from weighbridge.services.plans import load_plan, model_of, pack_of
from weighbridge.session.deps import real_deps
from weighbridge.session.jobs.loading import NO_SERVER, load
from weighbridge.session.notebook.writing import note_end, take_surroundings
from weighbridge.session.session import Session

_LICENCE_WAY_OUT = (
    "Choose another model, type the licence that you read below [card],"
    ' or put accept_licence_risk = "why" there to overrule it on record.'
)


def main(args: Namespace) -> int:
    path, target = Path(args.plan), Path(args.output).absolute()
    plan = load_plan(path)
    pack = pack_of(plan, path)
    if args.key_over_http:
        agree(model_of(plan, path))
    check_target(target, lambda _: False)
    args.rent = None if args.rent is None else cap_of(args.rent)
    with new_session(real_deps()) as (session, runner):
        try:
            code = runner.run(_run(session, Chain(plan, pack, model_of(plan, path), args.rent or ""), target, args))
        except (Problem, KeyboardInterrupt):
            if session.events() or session.run.rentals:
                _say_saved(session.run)
            raise
    return Exit.OUTSIDE if session.run.rental is not None and not session.run.rental.over else code


class Chain:
    """The answers of a plan, step by step. `cap`: the amount of --rent, if any."""

    def __init__(self, plan: Plan, pack: CasePack | None, model: str, cap: str = "") -> None:
        self.plan, self.pack, self.model, self.cap = plan, pack, model, cap

    async def answer(self, session: Session) -> None:
        """Steps 1 to 5. BadInput where an answer does not hold, Refused where memory does not suffice."""
        plan = self.plan
        for field, value in plan.constraints.model_dump().items():
            session.apply(want.Answer(field=field, value=value))
        _next(session, "constraints")
        _next(session, "route")
        await choose(session, self.model, whole=True)
        _tell_unsent(session.run, plan, rented=bool(self.cap))
        if lack := missing(session.run, "model"):
            raise Refused(lack, "Change `use` below [model].")
        _next(session, "model")
        self._card(session)
        await self._runtime(session)

    def _card(self, session: Session) -> None:
        plan = self.plan
        for field, text in plan.card.facts.items():
            session.apply(want.TypeFact(field=field, value=text))
        accept_licence_risk(session, plan.card.accept_licence_risk)
        if lack := missing(session.run, "card"):
            raise Refused(lack, _LICENCE_WAY_OUT)
        _next(session, "card")

    async def _runtime(self, session: Session) -> None:
        """Settings and the forecast that goes with them; then the model comes here, if it is not here yet."""
        plan = self.plan
        for field, text in plan.runtime.settings.items():
            session.apply(want.ChangeSetting(field=field, value=text))
        if plan.runtime.prompt:
            session.apply(want.ChangePrompt(value=plan.runtime.prompt))
        for field, text in plan.plan.model_dump().items():
            if text:
                session.apply(want.ChangePlan(field=field, value=text))
        for field, text in plan.serve.given.items():
            session.apply(want.ChangeServe(field=field, value=text))
        if self.cap:
            session.apply(want.ChangeServe(field="cap_usd", value=lower_cap(self.cap, plan.serve.cap_usd)))
        if not session.run.planned:
            await session.weigh()
        accept_memory_risk(session, plan.runtime.accept_memory_risk or None)
        if lack := missing_memory(session.run):
            raise Refused(lack, 'Lower n_ctx, or put accept_memory_risk = "why" below [runtime].')
        if not session.run.planned:
            await fetch_or_quit(session)
        _next(session, "runtime")

    def policy(self, session: Session) -> None:
        """The cases and the threshold, before the first of them runs."""
        if self.pack is not None:
            session.apply(want.UsePack(pack=self.pack))
        if self.plan.eval.min_pass is not None:
            session.apply(want.ChangeThreshold(min_pass=str(self.plan.eval.min_pass)))
        if self.plan.eval.time_limit_s is not None:
            session.apply(want.ChangeTimeLimit(seconds=str(self.plan.eval.time_limit_s)))

    def decide(self, session: Session) -> None:
        """The plan's decision, or the recommendation. Refused where the evidence does not allow it."""
        decision = self.plan.decision
        for one in decision.tried:
            _record(session, one)
        if decision.choice is not None:
            session.apply(want.Decide(choice=decision.choice, reason=decision.reason))
        if lack := missing(session.run, "decision"):
            raise Refused(lack, "Change [decision] in the plan, or leave it out to follow the recommendation.")
        _next(session, "decision")


def _tell_unsent(run: Run, plan: Plan, *, rented: bool) -> None:
    """Names the settings below [runtime] that the server never hears, before anything runs.

    They are no mistake: `weighbridge export` makes a server's own options of some of them, from the same file.
    """
    order = Target(api="openai", base_url="", model="", origin="rented") if rented else None
    given = [name for name in not_sent(run.target or order) if name in plan.runtime.settings]
    if given:
        are = "is" if len(given) == 1 else "are"
        said = f"{', '.join(given)} below [runtime] {are} not sent: the server decides, and the packet says so."
        diagnostics.note(said)


def _record(session: Session, one: TriedTable) -> None:
    """Puts a try on record. Where no baseline has failed it is left out, and the chain goes on."""
    try:
        session.apply(want.RecordTry(what=one.what, note=one.note))
    except BadInput as lack:
        diagnostics.note(f"not on record as tried ({one.what}): {lack}")


def accept_licence_risk(session: Session, reason: str) -> None:
    """Puts the override on record where there is a refusal to overrule; otherwise there is nothing to accept."""
    if reason and missing(session.run, "card"):
        session.apply(want.AcceptLicenceRisk(reason=reason))


def _next(session: Session, step: StepId) -> None:
    session.apply(want.Confirm(step=step))


async def _run(session: Session, chain: Chain, target: Path, args: Namespace) -> int:
    take_surroundings(session)
    left = await named_left(session.deps, everywhere=bool(args.rent))
    chain.policy(session)
    await chain.answer(session)
    async with rented(session, args.share_token, left) if args.rent else nullcontext():
        stopped = await _weigh(session) or await _load(session, chain.plan.load)
    if stopped:
        _say_saved(session.run)
        return Exit.INTERRUPTED
    chain.decide(session)
    note_end(session)
    await session.write_packet(target)
    _next(session, "packet")
    _tell(session.run, args.json)
    _tell_noise(session.run)
    return _exit(session.run)


async def _weigh(session: Session) -> bool:
    """Proof and eval, where anything can run them. True where somebody stopped one."""
    lines = Lines(session, diagnostics.note)
    if not session.run.planned:
        await follow(session, session.prove(), lines.show)
        if session.run.proof is None or session.run.proof.outcome == "stopped":
            return True
    _next(session, "proof")
    if session.run.proof is not None and session.run.proof.outcome == "completed":
        await follow(session, session.evaluate(), lines.show)
        if session.run.evaluation is None or session.run.evaluation.outcome == "stopped":
            return True
    _next(session, "eval")
    return False


async def _load(session: Session, wish: LoadTable) -> bool:
    """The plan's load test, where a server answers and the proof held. True where somebody stopped it."""
    run = session.run
    if not wish.concurrency or run.evaluation is None:
        return False
    if run.target is None:
        diagnostics.note(f"[load] is left out. {NO_SERVER[0]}")
        return False
    show = shown_load(session, as_json=False)
    await follow(session, load(session, wish.concurrency, wish.requests), show)
    record = session.run.load
    return record is not None and record.ended == "stopped"


def _tell_noise(run: Run) -> None:
    """Says so where other programs disturbed what was measured."""
    if run.proof is not None:
        diagnostics.noise(run.proof.figures.noise, "the proof", failed=run.proof.outcome == "failed")
        diagnostics.doubts(proof_doubts(run.proof), "the proof")
    if run.evaluation is not None:
        diagnostics.noise(run.evaluation.noise, "the eval")
        diagnostics.doubts(run.evaluation.doubts, "the eval")


def _say_saved(run: Run) -> None:
    diagnostics.say(f"the run {run.id} is saved", f"`weighbridge --run {run.id}` goes on with it.")


def _exit(run: Run) -> int:
    """4 where the engine failed, 2 where the prompt was too long: the packet holds it, but the chain did not end."""
    for record in (run.proof, run.evaluation):
        if record is not None and record.outcome == "failed":
            log = "" if run.target is not None and run.target.origin != "started" else " and the log"
            diagnostics.say(record.message, f"The packet holds the failure{log}.")
            return exit_of(record) if isinstance(record, ProofRecord) else Exit.OUTSIDE
    return Exit.DONE


def summary(run: Run) -> dict[str, Any]:
    """The object of `run --json`. Sizes in bytes, times in seconds; null: not there."""
    packet, proof, record, verdict = run.packet, run.proof, run.evaluation, run.verdict
    assert packet is not None
    return {
        "run": run.id,
        "packet": packet.path,
        "seal": packet.seal,
        "planned": packet.planned,
        "complete": packet.complete,
        "missing": [item.id for item in completeness(run) if not item.held],
        "route": run.decision.route,
        "model": run.model and run.model.model_dump(mode="json", exclude={"path"}),
        "proof": proof and {"outcome": proof.outcome, **proof.figures.model_dump(mode="json")},
        "eval": record
        and {
            "outcome": record.outcome,
            "gate": record.gate and record.gate.model_dump(mode="json"),
            "doubts": record.doubts,
            "results": [r.model_dump(mode="json", exclude={"output", "cleaned"}) for r in record.results],
        },
        "decision": verdict and {"choice": verdict.choice, "reason": verdict.reason},
    }


def _tell(run: Run, as_json: bool) -> None:
    if as_json:
        output.json_line(summary(run))
        return
    packet, proof = run.packet, run.proof
    assert packet is not None
    gate = run.evaluation.gate if run.evaluation else None
    pairs = [("run", run.id), ("route", run.decision.route)]
    if run.model is not None:
        pairs.append(("model", f"{run.model.name} {run.model.file_name}"))
    if proof is not None:
        figures = proof.figures
        pairs += [
            ("proof", proof.outcome),
            ("TTFT", seconds(figures.ttft_s)),
            ("decode", rate(figures.decode_tokens_per_s)),
            ("peak RSS", mib(figures.peak_rss_bytes)),
        ]
    if gate is not None:
        interval = f"95 % interval {gate.interval.text}"
        pairs.append(("eval", f"{gate.gate}, {gate.passed} of {gate.total} passed, {interval}"))
        pairs += [("", reason) for reason in gate.reasons]
    pairs.append(("decision", f"{run.verdict.choice}: {run.verdict.reason}" if run.verdict else "none"))
    word = "planned" if packet.planned else "complete" if packet.complete else "incomplete"
    pairs += [("packet", f"{packet.path} ({word})"), ("seal", packet.seal)]
    pairs += [("missing", f"{i.title}: {i.fact.reason}") for i in completeness(run) if not i.held]
    output.text(table(pairs))
