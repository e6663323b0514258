"""Fills decision.json and policy.json from the evidence."""

from __future__ import annotations

from weighbridge import __version__
from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.proof.measure import FORMULAS
from weighbridge.domain.proof.noise import RULE
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.records.files import DecisionFile, EvalNote, PolicyFile

SOFTWARE = f"weighbridge {__version__}"
DESCRIPTION = "Evidence packet of an open-weight model"
GATE_RULE = (
    "FAILED: a must-pass case fails, or fewer than min_pass cases pass. "
    "WARNED: an answer was cut before its end, answers to one prompt differ at temperature 0, a server most "
    "likely cut a prompt or another model answered (see doubts), a mark was overruled, or the eval was contended (see "
    "noise). PASSED: none of these."
)
CASES_DIGEST = (
    "SHA-256 of the JSON array of the lines of eval/cases.jsonl, in order, without spaces: "
    "printf '[%s]' \"$(paste -sd, eval/cases.jsonl)\" | sha256sum"
)
INTERVAL = (
    "Wilson score interval at 95 %, z = 1.96, p = k/n: "
    "(p + z*z/(2n) ± z*sqrt(p(1-p)/n + z*z/(4n*n))) / (1 + z*z/n); "
    "the cases were chosen, not drawn at random: it speaks of cases like these"
)

FORMULAS_OF_DECISION = {"interval": INTERVAL, "gate": GATE_RULE, "noise": RULE}
FORMULAS_OF_RUNTIME = {**FORMULAS, "noise": RULE}


def decision_file(e: Evidence) -> DecisionFile:
    run, model = e.run, e.run.model
    advised = e.advised
    return DecisionFile(
        packet=f"urn:uuid:{e.source.packet_id}",
        run=run.id,
        written_at=e.source.at,
        software=SOFTWARE,
        status=e.status,
        model=model.name if model else None,
        model_sha256=(model.sha256 or None) if model else None,
        constraints=run.constraints,
        route=run.decision,
        evaluation=_eval_note(e),
        baselines=run.baselines,
        tried=run.tried,
        options=advised.options,
        recommended=advised.choice,
        recommended_why=advised.why,
        spent=run.spent,
        cost=cost_so_far(run),
        verdict=run.verdict,
        verdict_current=e.verdict_is_current,
        overrides=run.overrides,
        completeness=e.completeness,
        complete=all(item.held for item in e.completeness),
        disputed=tuple(item.id for item in e.completeness if item.disputed),
        formulas=FORMULAS_OF_DECISION,
    )


def _eval_note(e: Evidence) -> EvalNote | None:
    record = e.evaluation
    if record is None:
        return None
    return EvalNote(
        job_ids=record.job_ids,
        fixed_at=record.fixed_at,
        mode=record.mode,
        outcome=record.outcome,
        current=e.eval_is_current,
        gate=record.gate,
        message=record.message,
        shutdown=record.shutdown,
        noise=record.noise,
        doubts=record.doubts,
    )


def pack_of(e: Evidence) -> CasePack | None:
    """The cases that were run, or those that stand ready."""
    return e.evaluation.pack if e.evaluation else e.run.pack


def policy_file(e: Evidence) -> PolicyFile | None:
    policy = e.evaluation.policy if e.evaluation else e.run.policy
    if policy is None:
        return None
    fixed_at = e.evaluation.fixed_at if e.evaluation else None
    return PolicyFile(policy=policy, fixed_at=fixed_at, rule=GATE_RULE, cases_digest_of=CASES_DIGEST)
