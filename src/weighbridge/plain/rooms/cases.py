"""Step 7: the fixed cases, and the person's own marks beside the graders'."""

from __future__ import annotations

from weighbridge.domain.flow import elsewhere, eval_is_current, missing
from weighbridge.domain.intents import ChangeThreshold, ChangeTimeLimit, Intent, OverruleMark, UsePack
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.plain import output
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.prompts import Talk
from weighbridge.plain.texts.figures import mib, rate, seconds
from weighbridge.services.cases.packs import find_pack

OVERRULE = "overrule CASE pass|fail REASON"
CHANGES = (
    "cases=FILE takes your own, or a built-in pack by its id, min_pass=N another threshold, "
    "time_limit=SECONDS how long a case may take"
)
MARKS = {"pass": True, "fail": False}


def run_eval(talk: Talk) -> None:
    session = talk.session
    if session.run.planned or (session.run.proof and session.run.proof.outcome == "failed"):
        why = "Planned: no case runs here" if session.run.planned else "The proof failed: no case can run"
        talk.line(f"{why}. Enter goes on")
        return
    if session.run.target is None and elsewhere(session.run):
        output.text(_results(session.run))
        talk.line("They ran elsewhere and were taken back. Enter goes on")
        return
    while True:
        done = missing(session.run, "eval") is None
        output.text(_rule(session.run))
        starts = f"Enter goes on, r runs them again, {OVERRULE}" if done else "Enter starts them; ctrl+c stops"
        text = talk.line(f"{starts}; {CHANGES}")
        if done and not text:
            return
        if text.lower() not in ("", "r"):
            _change(talk, text)
            continue
        lines = Lines(session, output.text)
        talk.runner.run(follow(session, session.evaluate(), lines.show))
        output.text(_results(session.run))


def _rule(run: Run) -> str:
    assert run.pack is not None and run.policy is not None
    limit = f", each within {run.policy.time_limit_s:g} s" if run.policy.time_limit_s else ""
    record = run.evaluation
    changed = record is not None and record.gate is not None and record.pack.digest != run.pack.digest
    kept = " The cases have changed: they are a new baseline, and the one before is remembered." if changed else ""
    return (
        f"{run.policy.min_pass} of {len(run.pack.active)} cases ({run.pack.id}) have to pass{limit}; "
        f"the rule is fixed before the first of them runs.{kept}"
    )


def _change(talk: Talk, text: str) -> None:
    """Applies what was typed; what cannot be is said, and the prompts stand."""
    try:
        intent = _overruling(text) if text.startswith("overrule") else _policy(text)
        talk.session.apply(intent)
    except Problem as trouble:
        output.text(f"! {trouble}" + (f"\n  {trouble.in_steps}" if trouble.in_steps else ""))
        return
    if isinstance(intent, OverruleMark):
        output.text(_results(talk.session.run))


def _policy(text: str) -> Intent:
    name, _, value = (part.strip() for part in text.partition("="))
    match name:
        case "cases":
            return UsePack(pack=find_pack(value))
        case "min_pass":
            return ChangeThreshold(min_pass=value)
        case "time_limit":
            return ChangeTimeLimit(seconds=value)
        case _:
            what = "none of cases, min_pass and time_limit" if "=" in text else "no answer here"
            raise BadInput(f"{clean_line(name, 40)} is {what}.")


def _overruling(text: str) -> OverruleMark:
    """The intent of `overrule CASE pass|fail REASON`; without a reason it takes the person's mark back."""
    _, case, mark, reason = (*text.split(maxsplit=3), "", "", "")[:4]
    if mark.lower() not in MARKS:
        raise BadInput(f"{clean_line(mark, 40) or 'Nothing'} is neither pass nor fail.", f"Type {OVERRULE}.")
    return OverruleMark(case=case, passed=MARKS[mark.lower()], reason=reason)


def _results(run: Run) -> str:
    """Each case with its mark and its cost, then k of n with the interval."""
    record = run.evaluation
    if record is None or not eval_is_current(run):
        return "No case has a result."
    lines = [_result(result) for result in record.results]
    if record.gate is not None:
        gate = record.gate
        lines.append(
            f"{gate.gate}: {gate.passed} of {gate.total} passed, 95 % interval {gate.interval.text}"
            f" (Wilson); {'; '.join(gate.reasons)}"
        )
    elif record.message:
        lines.append(f"! {record.message}")
    lines += [f"! doubt: {clean_line(said, 400)}" for said in record.doubts]
    return "\n".join(lines)


def _result(r: CaseResult) -> str:
    own = ""
    if r.overruled is not None:
        mark = "pass" if r.passed else "FAIL"
        own = (
            f" ({mark} by grader, {'pass' if r.overruled.passed else 'FAIL'} by you: {clean_line(r.overruled.reason)})"
        )
    said = (
        f"  {'PASS' if r.counts else 'FAIL'}  {r.case}: {r.reason.rstrip('.')}{own}; TTFT {seconds(r.ttft_s)},"
        f" decode {rate(r.decode_tokens_per_s)}, {r.output_tokens} tokens, peak RSS {mib(r.peak_rss_bytes)},"
        f" ended by {r.stop_reason}"
    )
    if not r.cleaned:
        return said
    return f"{said}\n        answer {_short(r.output)}\n        marked {_short(r.cleaned)}"


def _short(text: str) -> str:
    return clean_line(clean(text, 400), 200)
