"""Steps 5 and 6: the settings and the proof."""

from __future__ import annotations

import shlex

from weighbridge.domain.flow import elsewhere, memory_refusal, missing, missing_memory
from weighbridge.domain.intents import (
    AcceptMemoryRisk,
    ChangePlan,
    ChangePrompt,
    ChangeServe,
    ChangeSetting,
    ChangeTimeLimit,
    Intent,
)
from weighbridge.domain.planned import route_commands, serve_rows
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.run import PlanDetails, Run
from weighbridge.domain.text import clean
from weighbridge.plain import output
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import fetch
from weighbridge.plain.prompts import Talk
from weighbridge.plain.rooms.elsewhere import SERVE, did, elsewhere_text, words_of
from weighbridge.plain.texts.figures import mib, rows, setting, table
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.loaded import settings_rows
from weighbridge.plain.texts.noise import marked, while_working
from weighbridge.plain.texts.server import server_part
from weighbridge.services.model_file import Cancelled
from weighbridge.services.tables import load_servers
from weighbridge.session.packets.command import prove_command

FIELDS = tuple(RuntimeSettings.model_fields.items())
OF_A_SERVER = ("max_tokens", "temperature", "seed", "repeats")
"""The settings that go with a request; all others are the server's own."""
PLAN_OF = {
    "free_colab": ("runtime", "notebook_link", "runtime_type", "reset_note", "stop_command"),
    "rented_gpu": ("runtime", "cost_per_hour", "stop_command", "endpoint"),
}
"""The lines of the plan that each route asks for."""
PRIVATE = ("access_rule", "source_trace", "no_leak_note")
"""What the packet has to say where the documents are private."""


def ask_runtime(talk: Talk) -> None:
    """Forecast and settings; `name=value` changes one, and the engine weighs anew."""
    weighed = None
    while True:
        if not elsewhere(talk.session.run) and talk.session.run.settings != weighed:
            weighed = talk.session.run.settings
            _weigh(talk)
        run = talk.session.run
        output.text(_served(run) if _is_served(run) else _planned(talk) if elsewhere(run) else _local(run))
        names = _names(run)
        refused = missing_memory(run) is not None
        if refused:
            names.append("accept")
            output.text(f"! {memory_refusal(run)}\n  Lower n_ctx, or overrule it on record with accept=REASON.")
        text = talk.line(f"name=value to change one of {', '.join(names)}; {words_of(run)}; Enter goes on")
        if not text:
            if not refused:
                _download(talk)
            return
        try:
            if not did(talk, text):
                talk.session.apply(_change(text, names))
        except Problem as trouble:
            output.text(f"! {trouble}" + (f"\n  {trouble.in_steps}" if trouble.in_steps else ""))


def _is_served(run: Run) -> bool:
    return run.model is not None and run.model.served


def _names(run: Run) -> list[str]:
    """What can be changed by name=value: the settings that count where the model runs, and the lines of the plan."""
    private = PRIVATE if run.constraints.privacy == "private_docs" else ()
    if _is_served(run):
        return [*OF_A_SERVER, "time_limit", "prompt", *private]
    plan = PLAN_OF.get(run.decision.route, ()) if elsewhere(run) else ()
    if run.constraints.available_route == "rented_gpu":
        return [*OF_A_SERVER, "time_limit", "prompt", *SERVE, *plan, *private]
    return [*RuntimeSettings.model_fields, "prompt", *plan, *private]


def _download(talk: Talk) -> None:
    """A model of the Hub comes here before its proof. BadInput where ctrl+c stopped that."""
    run = talk.session.run
    if elsewhere(run) or run.model is None or not run.model.to_download:
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
        output.text(f"! {trouble}" + (f"\n  {trouble.in_steps}" if trouble.in_steps else ""))


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
        case "time_limit":
            return ChangeTimeLimit(seconds=value)
        case _ if name in SERVE and name not in RuntimeSettings.model_fields:
            return ChangeServe(field=name, value=value)
        case _ if name in PlanDetails.model_fields:
            return ChangePlan(field=name, value=value)
        case _:
            return ChangeSetting(field=name, value=value)


def _settings(run: Run) -> str:
    """Those that count where the model runs, each with what it means."""
    told = dict(settings_rows(run.settings, None))
    rented = run.constraints.available_route == "rented_gpu"
    fields = [(name, field) for name, field in FIELDS if not rented or name in OF_A_SERVER]
    values = {name: told.get(name, setting(getattr(run.settings, name))) for name, _ in fields}
    pairs = [(name, f"{values[name]} ({field.description})") for name, field in fields]
    limit = [("time_limit", _time_limit(run))] if rented else []
    return table([*pairs, *limit, ("prompt", run.prompt)])


def _time_limit(run: Run) -> str:
    limit = run.policy.time_limit_s if run.policy else None
    return f"{limit:g} s a case" if limit else "none"


def _local(run: Run) -> str:
    forecast = "  not known" if run.forecast is None else forecast_text(run.forecast)
    command = f"Command\n  {shlex.join(prove_command(run))}"
    return "\n".join(["Forecast", forecast, "Settings", _settings(run), command, _private(run)]).strip()


def _served(run: Run) -> str:
    """Where the requests go, what goes with each, and the same proof by one command."""
    assert run.target is not None
    values = dict(settings_rows(run.settings, None))
    pairs = [
        ("server", run.target.base_url or "is started for the proof, and stopped after it"),
        ("model", run.target.model),
        *((name, values[name]) for name in OF_A_SERVER),
        ("time_limit", _time_limit(run)),
        ("prompt", run.prompt),
    ]
    said = "Context, threads, batch and KV cache are the server's own."
    return "\n".join([table(pairs), said, f"Command\n  {shlex.join(prove_command(run))}", _private(run)]).strip()


def _private(run: Run) -> str:
    """The three lines on private documents, where they are asked for."""
    if run.constraints.privacy != "private_docs":
        return ""
    return f"Private documents\n{table([(name, getattr(run.plan, name) or '(still owed)') for name in PRIVATE])}"


def _planned(talk: Talk) -> str:
    """The commands of the route with this model's name, and what the plan says so far."""
    run = talk.session.run
    route = talk.session.deps.tables.route(run.decision.route)
    commands = [f"{title}\n{text}" for title, text in route_commands(run, route, load_servers())]
    lines = PLAN_OF.get(run.decision.route, ())
    typed = [(name, getattr(run.plan, name) or "(still owed)") for name in lines]
    if run.decision.route == "rented_gpu":
        typed += [(name, value or "(not chosen)") for name, value in serve_rows(run.serve)]
    head = f"{'Planned: nothing' if run.planned else 'Nothing'} runs on this machine. To type on {route.name}:"
    parts = [head, *commands, f"Plan\n{table(typed)}", _private(run), f"Settings\n{_settings(run)}"]
    return "\n\n".join(part for part in (*parts, elsewhere_text(talk.session)) if part)


def run_proof(talk: Talk) -> None:
    session = talk.session
    if session.run.planned:
        output.text("Planned: the proof runs elsewhere, and its evidence is still owed.")
        talk.line("Enter goes on")
        return
    if session.run.target is None and elsewhere(session.run):
        output.text(_proof(session.run) if session.run.proof else "No proof came back.")
        talk.line("It ran elsewhere and was taken back. Enter goes on")
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
    return "\n\n".join([f"Answer\n{answer}", f"Figures\n{table(pairs)}", *server_part(proof.figures)])
