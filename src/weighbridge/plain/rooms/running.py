"""Steps 5 to 7: the settings, the proof and the eval."""

from __future__ import annotations

import shlex
from pathlib import Path

from weighbridge.domain.flow import eval_is_current, memory_refusal, missing, missing_memory
from weighbridge.domain.intents import (
    AcceptMemoryRisk,
    ChangePlan,
    ChangePrompt,
    ChangeSetting,
    ChangeThreshold,
    Intent,
    UsePack,
)
from weighbridge.domain.planned import route_commands
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.run import PlanDetails, Run
from weighbridge.domain.text import clean
from weighbridge.plain import output
from weighbridge.plain.figures import mib, rate, rows, seconds, table
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import fetch
from weighbridge.plain.prompts import Talk
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.loaded import settings_rows
from weighbridge.plain.texts.noise import marked, while_working
from weighbridge.services.model_file import Cancelled
from weighbridge.services.packs import load_pack
from weighbridge.session.jobs import prove_command

FIELDS = tuple(RuntimeSettings.model_fields.items())


def ask_runtime(talk: Talk) -> None:
    """Forecast and settings; `name=value` changes one, and the engine weighs anew."""
    weighed = None
    while True:
        if not talk.session.run.planned and talk.session.run.settings != weighed:
            weighed = talk.session.run.settings
            _weigh(talk)
        run = talk.session.run
        output.text(_planned(talk) if run.planned else _local(run))
        names = [*RuntimeSettings.model_fields, "prompt", *(PlanDetails.model_fields if run.planned else ())]
        refused = missing_memory(run) is not None
        if refused:
            names.append("accept")
            output.text(f"! {memory_refusal(run)}\n  Lower n_ctx, or overrule it on record with accept=REASON.")
        text = talk.line(f"name=value to change one of {', '.join(names)}; Enter goes on")
        if not text:
            if not refused:
                _download(talk)
            return
        try:
            talk.session.apply(_change(text, names))
        except Problem as trouble:
            output.text(f"! {trouble}")


def _download(talk: Talk) -> None:
    """A model of the Hub comes here before its proof. BadInput where ctrl+c stopped that."""
    run = talk.session.run
    if run.planned or run.model is None or not run.model.to_download:
        return
    size = f" ({mib(run.model.size_bytes)})" if run.model.size_bytes is not None else ""
    talk.line(f"Enter downloads {run.model.file_name}{size}; ctrl+c stops it")
    try:
        talk.runner.run(fetch(talk.session, output.text))
    except Cancelled:
        raise BadInput("The download was stopped.", "What came is kept: the same Enter goes on with it.") from None


def _weigh(talk: Talk) -> None:
    """The engine's forecast. What went wrong is said, and the prompts go on."""
    try:
        talk.runner.run(talk.session.weigh())
    except Problem as trouble:
        output.text(f"! {trouble}" + (f"\n  {trouble.hint}" if trouble.hint else ""))


def _change(text: str, names: list[str]) -> Intent:
    """The intent of `name=value`. BadInput where the name is not one of `names`."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name not in names or "=" not in text:
        raise BadInput(f"{name} is not one of {', '.join(names)}.")
    match name:
        case "accept":
            return AcceptMemoryRisk(reason=value)
        case "prompt":
            return ChangePrompt(value=value)
        case _ if name in PlanDetails.model_fields:
            return ChangePlan(field=name, value=value)
        case _:
            return ChangeSetting(field=name, value=value)


def _settings(run: Run) -> str:
    values = dict(settings_rows(run.settings, None))
    pairs = [(name, f"{values[name]} ({field.description})") for name, field in FIELDS]
    return table([*pairs, ("prompt", run.prompt)])


def _local(run: Run) -> str:
    forecast = "  not known" if run.forecast is None else forecast_text(run.forecast)
    command = f"Command\n  {shlex.join(prove_command(run))}"
    return "\n".join(["Forecast", forecast, "Settings", _settings(run), command])


def _planned(talk: Talk) -> str:
    """The commands of the route with this model's name, and what the plan says so far."""
    run = talk.session.run
    route = talk.session.deps.tables.route(run.decision.route)
    commands = [f"{title}\n{text}" for title, text in route_commands(run, route)]
    plan = table([(name, value or "(still owed)") for name, value in run.plan.model_dump().items()])
    head = f"Planned: nothing runs on this machine. To type on {route.name}:"
    return "\n\n".join([head, *commands, f"Plan\n{plan}", f"Settings\n{_settings(run)}"])


def run_proof(talk: Talk) -> None:
    session = talk.session
    if session.run.planned:
        output.text("Planned: the proof runs elsewhere, and its evidence is still owed.")
        talk.line("Enter goes on")
        return
    while True:
        done = missing(session.run, "proof") is None
        if done and not talk.line("The proof is there. r runs it again, Enter goes on"):
            return
        if not done:
            talk.line("Enter starts the proof; ctrl+c stops it")
        lines = Lines(session, output.text)
        talk.runner.run(follow(session, session.prove(), lines.show))
        output.text(_proof(session.run))
        if _is_good(session.run):
            return


def _is_good(run: Run) -> bool:
    """Whether there is nothing to repeat: the proof came to its end, and nobody disturbed it."""
    noise = run.proof and run.proof.figures.noise
    return run.proof is not None and run.proof.outcome == "completed" and not (noise and noise.mark == "contended")


def _proof(run: Run) -> str:
    proof = run.proof
    assert proof is not None
    answer = clean(proof.output).strip() or "(nothing)"
    said = f"{proof.outcome}: {proof.message}" if proof.message else proof.outcome
    noise = proof.figures.noise
    during = [("noise", marked(noise)), *([("during", while_working(noise))] if noise else [])]
    pairs = [("outcome", said), *rows(proof.figures), *during, ("shutdown", proof.shutdown)]
    return f"Answer\n{answer}\n\nFigures\n{table(pairs)}"


def run_eval(talk: Talk) -> None:
    session = talk.session
    if session.run.planned or (session.run.proof and session.run.proof.outcome == "failed"):
        why = "Planned: no case runs here" if session.run.planned else "The proof failed: no case can run"
        talk.line(f"{why}. Enter goes on")
        return
    while True:
        run = session.run
        assert run.pack is not None and run.policy is not None
        rule = f"{run.policy.min_pass} of {len(run.pack.active)} cases ({run.pack.id}) have to pass"
        output.text(f"{rule}; the rule is fixed before the first of them runs.")
        done = missing(run, "eval") is None
        starts = "Enter goes on, r runs them again" if done else "Enter starts them; ctrl+c stops"
        text = talk.line(f"{starts}; cases=FILE takes your own, min_pass=N another threshold")
        if done and not text:
            return
        if "=" in text:
            _policy(talk, text)
            continue
        lines = Lines(session, output.text)
        talk.runner.run(follow(session, session.evaluate(), lines.show))
        output.text(_results(session.run))
        if missing(session.run, "eval") is None:
            return


def _policy(talk: Talk, text: str) -> None:
    name, _, value = (part.strip() for part in text.partition("="))
    try:
        if name == "cases":
            talk.session.apply(UsePack(pack=load_pack(Path(value).expanduser())))
        elif name == "min_pass":
            talk.session.apply(ChangeThreshold(min_pass=value))
        else:
            output.text(f"! {name} is neither cases nor min_pass.")
    except Problem as trouble:
        output.text(f"! {trouble}" + (f"\n  {trouble.hint}" if trouble.hint else ""))


def _results(run: Run) -> str:
    """Each case with its mark and its cost, then k of n with the interval."""
    record = run.evaluation
    if record is None or not eval_is_current(run):
        return "No case has a result."
    lines = [
        f"  {'PASS' if r.passed else 'FAIL'}  {r.case}: {r.reason}; TTFT {seconds(r.ttft_s)},"
        f" decode {rate(r.decode_tokens_per_s)}, {r.output_tokens} tokens, peak RSS {mib(r.peak_rss_bytes)},"
        f" ended by {r.stop_reason}"
        for r in record.results
    ]
    if record.gate is not None:
        gate = record.gate
        lines.append(
            f"{gate.gate}: {gate.passed} of {gate.total} passed, 95 % interval {gate.interval.text}"
            f" (Wilson); {'; '.join(gate.reasons)}"
        )
    elif record.message:
        lines.append(f"! {record.message}")
    return "\n".join(lines)
