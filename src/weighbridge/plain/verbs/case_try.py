"""`weighbridge cases try`: one case asked of a model. A rehearsal: it is said to be one, and leaves nothing behind."""

from __future__ import annotations

from weighbridge.domain.intents import UsePack
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import choose, fetch_or_quit
from weighbridge.plain.texts.figures import counted, mib, rate, seconds, table
from weighbridge.session.deps import real_deps
from weighbridge.session.jobs.rehearsal import NOT_EVIDENCE, Rehearsal
from weighbridge.session.verdict.cases import case_of


def run_try(pack: CasePack, case_id: str, model: str, as_json: bool) -> int:
    """The exit code: 0 where the model answered, however it is marked. BadInput, Refused or OutsideFailed."""
    case = case_of(pack, case_id)
    with scratch_session(real_deps()) as (session, runner):
        session.apply(UsePack(pack=pack))
        runner.run(choose(session, model))
        runner.run(fetch_or_quit(session))
        tried = Rehearsal(session, case)
        runner.run(follow(session, tried.events(), Lines(tried, diagnostics.note).show))
    if tried.outcome == "stopped":
        return Exit.INTERRUPTED
    if tried.result is None:
        raise OutsideFailed(f"The try failed: {tried.message}")
    diagnostics.note(NOT_EVIDENCE)
    if as_json:
        output.json_line({"rehearsal": True, **tried.result.model_dump(mode="json")})
    else:
        output.text(_text(tried.result))
    return Exit.DONE


def _text(result: CaseResult) -> str:
    pairs = [
        ("mark", f"{'PASS' if result.passed else 'FAIL'}: {result.reason}"),
        ("answer", f"{counted(result.output_tokens or 0, 'token')}, ended by {result.stop_reason}"),
        ("TTFT", seconds(result.ttft_s)),
        ("decode", rate(result.decode_tokens_per_s)),
        ("peak RSS", mib(result.peak_rss_bytes)),
    ]
    return f"{clean(result.output).strip() or '(empty)'}\n\n{table(pairs)}"
