"""The answers of the decision: the choice, and what was tried against a failed baseline, with its result."""

from __future__ import annotations

from weighbridge.domain import intents as want
from weighbridge.domain.deciding import present_model
from weighbridge.domain.flow import current_gate, inputs_digest
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.decision import Baseline, GateResult, Tried

MAX_NOTE = 2_000
TITLES = {"prompt": "another prompt", "rag": "RAG"}


def changed(run: Run, intent: want.RecordTry | want.Decide, now: str) -> Run:
    """An answer of the decision: a try, or the choice with its reason. Whether a choice is allowed is asked at Next."""
    if isinstance(intent, want.RecordTry):
        return record(run, intent, now)
    return run.model_copy(update={"choice": intent.choice, "reason": clean_line(intent.reason, 1000)})


def record(run: Run, intent: want.RecordTry, now: str) -> Run:
    """Puts a try on record; an empty note takes the last of its kind back. BadInput where no baseline has failed.

    A try answers the newest failed eval of the present model whose cases are those of the present eval by their ids,
    and not by their text: its result is then the present eval. Without such a one it answers the present eval, and has
    no result until the cases have run with other prompts or contexts.
    """
    note = clean_line(intent.note, MAX_NOTE)
    if not note:
        return _taken_back(run, intent)
    failed = _answered(run)
    if failed is None:
        raise BadInput(
            "There is no failed baseline that a try could answer.",
            "Run the cases first: what is tried is compared with an eval that FAILED on them.",
        )
    made = Tried(what=intent.what, note=note, at=now, cases_digest=failed.cases_digest)
    return settled(run.model_copy(update={"tried": (*run.tried, made)}))


def settled(run: Run) -> Run:
    """The run with a result for each try that has none, where the present eval is one: k of n, and the gate."""
    gate = current_gate(run)
    if gate is None or run.evaluation is None or not run.tried:
        return run
    digest, marks = run.evaluation.policy.cases_digest, _marks(run)
    result = f"{gate.passed} of {gate.total} passed ({gate.gate})"
    failed = {old.cases_digest for old in _earlier(run) if _same_cases(old, digest, marks)}
    tried = tuple(
        one.model_copy(update={"result": result, "result_digest": digest})
        if not one.result and one.cases_digest in failed
        else one
        for one in run.tried
    )
    return run.model_copy(update={"tried": tried}) if tried != run.tried else run


def _taken_back(run: Run, intent: want.RecordTry) -> Run:
    at = next((n for n in reversed(range(len(run.tried))) if run.tried[n].what == intent.what), None)
    if at is None:
        raise BadInput(f"No {TITLES[intent.what]} is on record as tried.", "Say in a few words what was tried.")
    return run.model_copy(update={"tried": (*run.tried[:at], *run.tried[at + 1 :])})


def _answered(run: Run) -> Baseline | None:
    """The failed eval that a try of this moment answers."""
    gate, present = current_gate(run), _present(run)
    if gate is not None and run.evaluation is not None:
        digest, marks = run.evaluation.policy.cases_digest, _marks(run)
        told = {one.cases_digest for one in run.tried if one.result_digest == digest}
        for old in _earlier(run):
            if _same_cases(old, digest, marks) and old.cases_digest not in told:
                return old
        if gate.gate == "FAILED":
            return present
        return next((old for old in _earlier(run) if old.cases_digest == digest or old.cases_digest in told), None)
    wanted = run.pack.digest if run.pack else ""
    known = (present,) if present is not None and present.gate.gate == "FAILED" else ()
    return next((old for old in (*known, *_earlier(run)) if old.cases_digest == wanted or old is present), None)


def _earlier(run: Run) -> tuple[Baseline, ...]:
    """Failed baselines of the present model, the newest first."""
    model = present_model(run)
    return tuple(old for old in reversed(run.baselines) if old.gate.gate == "FAILED" and not old.other_model(*model))


def _present(run: Run) -> Baseline | None:
    """The eval on record, if it was made with the present model and settings, whatever cases stand ready now."""
    record = run.evaluation
    if record is None or record.gate is None:
        return None
    same = run.model_copy(update={"pack": record.pack, "policy": record.policy})
    if record.inputs != inputs_digest(same, "eval"):
        return None
    return _baseline(run, record.policy.cases_digest, record.gate, record.fixed_at)


def _baseline(run: Run, digest: str, gate: GateResult, at: str) -> Baseline:
    sha256, served = present_model(run)
    return Baseline(at=at, cases_digest=digest, model_sha256=sha256, gate=gate, marks=_marks(run), served=served)


def _marks(run: Run) -> dict[str, bool]:
    return {result.case: result.counts for result in run.evaluation.results} if run.evaluation else {}


def _same_cases(old: Baseline, digest: str, marks: dict[str, bool]) -> bool:
    """Whether an earlier eval asked the same cases by their ids, with other prompts, contexts or expectations."""
    return old.cases_digest != digest and bool(old.marks) and old.marks.keys() == marks.keys()
