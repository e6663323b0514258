"""The grounds of a run's decision, and what the run has cost so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from weighbridge.domain.run import Run
from weighbridge.domain.serving.identity import UNSEEN, ServedModel
from weighbridge.domain.verdict.cost import Cost, price_of
from weighbridge.domain.verdict.decision import GateResult, Tried
from weighbridge.domain.verdict.grounds import Grounds, lacking_knowledge
from weighbridge.domain.verdict.rules import Advice, advise


def advice(run: Run, gate: GateResult | None, failure: str) -> Advice:
    """What the run's rules make of its evidence. `gate`: of a current eval; `failure`: why its proof failed.

    ValueError where the run carries no rules: whoever opens a run puts those of the program in.
    """
    if run.rules is None:
        raise ValueError("the run carries no rules of the decision")
    return advise(grounds(run, gate, failure), run.rules)


def grounds(run: Run, gate: GateResult | None, failure: str) -> Grounds:
    """The evidence of a run. Cases, marks, baseline and tries count only beside a current gate."""
    other = next((row for row in run.decision.rejected if row.code == "rank"), None)
    known = Grounds(
        failure=failure,
        private_documents=run.constraints.privacy == "private_docs",
        needs_fine_tuning=run.constraints.needs_fine_tuning,
        alternative=other.name if other else "",
        alternative_reason=other.reason if other else "",
    )
    record = run.evaluation
    if gate is None or record is None:
        return known
    failing = tuple(result.case for result in record.results if not result.counts)
    cases = record.pack.active
    texts = {case.id for case in cases if case.context.strip()}
    tags = run.rules.knowledge_tags if run.rules else ()
    digest = record.policy.cases_digest
    tried = [one for one in run.tried if one.speaks_of(digest)]
    baseline, unlike = _failed_baseline(run, gate, digest)
    return known.model_copy(
        update={
            "gate": gate,
            "baseline": baseline,
            "other": unlike,
            "tried": _kinds(tried),
            "with_result": _kinds(one for one in tried if one.result),
            "held": _kinds(one for one in tried if one.held),
            "tried_earlier": bool(run.tried) and not tried,
            "failing": failing,
            "lacking": lacking_knowledge(cases, record.results, tags),
            "with_text": tuple(case for case in failing if case in texts),
            "engine_failures": tuple(r.case for r in record.results if r.failure and not r.counts),
        }
    )


def _kinds(tried: Iterable[Tried]) -> tuple[Literal["prompt", "rag"], ...]:
    return tuple(sorted({one.what for one in tried}))


def present_model(run: Run) -> tuple[str, ServedModel | None]:
    """By what the present model is told from another: the digest of its file, or what is known of it behind a server,
    with what that server told when it answered the eval on record."""
    chosen = run.served
    if chosen is None:
        return (run.model.sha256 if run.model else ""), None
    told = run.evaluation.served if run.evaluation else None
    return "", told if told is not None and not chosen.other_than(told) else chosen


def _failed_baseline(run: Run, gate: GateResult, digest: str) -> tuple[str, str]:
    """Words on the FAILED eval of these cases with this model: the present one, else the newest earlier one.

    Behind them, where there is none: why the newest one that a server failed may not count.
    """
    if gate.gate == "FAILED":
        return f"{gate.passed} of {gate.total} passed", ""
    sha256, served = present_model(run)
    failed = [old for old in reversed(run.baselines) if old.cases_digest == digest and old.gate.gate == "FAILED"]
    for old in failed:
        if not old.other_model(sha256, served):
            unseen = f", by the same server and name: {UNSEEN}" if served else ""
            return f"{old.gate.passed} of {old.gate.total} passed, begun {old.at}{unseen}", ""
    why = next((old.other_model(sha256, served) for old in failed if served and old.served), "")
    return "", f", and the one that did may not count ({why})" if why else ""


def cost_so_far(run: Run) -> Cost:
    """The cost of the run's jobs and files. What nobody knows is named, and is never 0."""
    spent = tuple(run.spent.values())
    wall = round(sum(job.wall_s for job in spent), 3)
    price = run.plan.cost_per_hour
    rate = price_of(price) if price and not run.planned and not run.rentals else None
    rented = rented_usd(run)
    fetched = _fetched(run)
    return Cost(
        jobs=len(spent),
        wall_s=wall,
        tokens_read=sum(job.tokens_read for job in spent),
        tokens_written=sum(job.tokens_written for job in spent),
        fetched_bytes=fetched,
        uncounted=_uncounted(run),
        price=price,
        money=round(rate * wall / 3600, 4) if rate is not None else None,
        rentals=len(run.rentals),
        rented_usd=rented,
        unknown=tuple(_unknown(run, fetched, rate)),
    )


def _uncounted(run: Run) -> int:
    """Answers of which a server left tokens uncounted."""
    return sum(job.uncounted for job in run.spent.values())


def rented_usd(run: Run) -> float | None:
    """What all rented GPUs have cost, US dollars: seconds x price of each. None where nothing was rented, or one of
    them is not known."""
    amounts = [0.0 if one.never else one.cost.amount_usd if one.cost else None for one in run.rentals]
    known = [amount for amount in amounts if amount is not None]
    return round(sum(known), 6) if known and len(known) == len(amounts) else None


def _fetched(run: Run) -> int | None:
    """Size of the present model's file, where it came from the Hub: known once a job has run with it.

    A file of this machine costs none, nor does one that a server has.
    """
    if run.model is None or run.model.kind in ("bundled", "file") or run.target is not None:
        return 0
    return run.model.size_bytes if run.spent and not run.planned else None


def _unknown(run: Run, fetched: int | None, rate: float | None) -> list[str]:
    named = {job for old in run.baselines for job in old.job_ids}
    if not run.planned:
        named |= {run.proof.job_id} if run.proof else set()
        named |= set(run.evaluation.job_ids if run.evaluation else ())
    lost = len(named - set(run.spent))
    unknown = [f"time and tokens of {lost} other job{'s' if lost > 1 else ''} are not known"] if lost else []
    if uncounted := _uncounted(run):
        answers = "1 answer" if uncounted == 1 else f"{uncounted} answers"
        unknown.append(f"tokens of {answers} are not known: the server does not count them")
    if fetched is None:
        unknown.append("bytes fetched are not known")
    if run.rentals:
        if rented_usd(run) is None:
            unknown.append("what the rented GPUs have cost is not known yet")
    elif run.planned:
        unknown.append(f"what {run.decision.route} has cost is not known")
    elif rate is None and (run.notebook is None or run.plan.cost_per_hour):
        # A free notebook costs nothing by its terms: without a typed price there is nothing to miss.
        reason = "no single number stands in the price" if run.plan.cost_per_hour else "no price per hour is typed"
        unknown.append(f"money is not known: {reason}")
    return unknown
