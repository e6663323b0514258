"""Steps 5 and 6: the settings and the proof."""

from __future__ import annotations

import shlex

from weighbridge.domain.flow import memory_refusal, missing, missing_memory
from weighbridge.domain.intents import (
    AcceptMemoryRisk,
    ChangePlan,
    ChangePrompt,
    ChangeSetting,
    Intent,
)
from weighbridge.domain.planned import route_commands
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.run import PlanDetails, Run
from weighbridge.domain.text import clean
from weighbridge.plain import output
from weighbridge.plain.figures import mib, rows, table
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import fetch
from weighbridge.plain.prompts import Talk
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.loaded import settings_rows
from weighbridge.plain.texts.noise import marked, while_working
from weighbridge.services.model_file import Cancelled
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
