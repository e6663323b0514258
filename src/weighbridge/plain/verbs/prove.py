"""`weighbridge prove`: one measured run of a model. It is kept as a run of its own."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from weighbridge.domain.flow import missing_memory
from weighbridge.domain.intents import AcceptMemoryRisk, ChangePrompt, ChangeSetting
from weighbridge.domain.problems import BadInput, Problem, Refused
from weighbridge.domain.proof.events import Event
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.run import ProofRecord, Run
from weighbridge.domain.serving.sent import not_sent, sent
from weighbridge.domain.serving.target import Target
from weighbridge.domain.text import clean
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import new_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import Lines, follow
from weighbridge.plain.loading import choose, fetch_or_quit
from weighbridge.plain.texts.figures import formulas, rows, table
from weighbridge.plain.texts.loaded import settings_rows
from weighbridge.plain.texts.noise import Circumstances, marked
from weighbridge.plain.texts.server import server_part
from weighbridge.session.deps import real_deps
from weighbridge.session.model.endpoint_choice import is_served_spec
from weighbridge.session.session import Session

SETTINGS = {
    "ctx": "n_ctx",
    "threads": "n_threads",
    "threads_batch": "n_threads_batch",
    "batch": "n_batch",
    "ubatch": "n_ubatch",
    "kv_type": "kv_type",
    "flash_attn": "flash_attn",
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "seed": "seed",
    "repeats": "repeats",
    "prefix_reuse": "prefix_reuse",
    "gpu_layers": "n_gpu_layers",
}
"""Options of the command line and the settings that they are."""
_OUTCOMES = {int(Exit.INPUT): "bad_input", int(Exit.REFUSED): "refused", int(Exit.CHECK): "broken"}
"""How a proof that never started ended, by the exit code of the problem."""
_KEYS = ("event", "run", "outcome", "mode", "message", "model", "settings", "prompt", "output", "shutdown", "forecast",
         "memory_override")  # fmt: skip
"""Keys of a summary besides the figures."""
EXITS = {"completed": Exit.DONE, "failed": Exit.OUTSIDE, "stopped": Exit.INTERRUPTED}


def main(args: Namespace, release: Callable[[], None]) -> int:
    """The exit code. With --json the last line is a summary, however it ended.

    `release` lets ctrl+c through, which was held back until it can be told in that summary.
    """
    session: Session | None = None
    try:
        release()
        with new_session(real_deps()) as (session, runner):
            code = runner.run(_prove(session, args))
    except (Exception, KeyboardInterrupt) as end:
        last_words(args, unfinished(end) | {"run": _kept(session)})
        raise
    run = session.run
    assert run.proof is not None
    last_words(args, summary(run, run.proof))
    return code


def _kept(session: Session | None) -> str | None:
    """The id of a run in which something ran before the program gave up; None where nothing is on record."""
    return session.run.id if session is not None and session.events() else None


def last_words(args: Namespace, words: dict[str, Any]) -> None:
    """The summary as the last line of --json; nobody interrupts it any more."""
    if args.json:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        output.json_line(words)


def unfinished(end: BaseException) -> dict[str, Any]:
    """The summary where there is no proof on record: every key of the other one, and null for what is not there."""
    if isinstance(end, KeyboardInterrupt):
        outcome, message = "interrupted", "interrupted"
    elif isinstance(end, Problem):
        outcome, message = _OUTCOMES.get(end.exit_code, "failed"), str(end)
    else:
        outcome, message = "failed", repr(end)
    known = {"event": "summary", "outcome": outcome, "message": message, "attempts": []}
    return dict.fromkeys((*_KEYS, *JobFigures.model_fields)) | known


async def _prove(session: Session, args: Namespace) -> int:
    if args.model is None:
        raise BadInput("No model is named.", "Name MODEL, or --from PACKET; `weighbridge prove --help` shows both.")
    if args.cases:
        raise BadInput("--cases goes with --from PACKET.", "`weighbridge run PLAN` runs cases of your own.")
    if not is_served_spec(args.model):
        _settings(session, args)
    await choose(session, args.model, whole=True)
    if session.run.target is not None:
        _require_sent(session.run.target, args)
        _settings(session, args)
    await fetch_as_allowed(session, args.accept_memory_risk, "Lower --ctx, choose a smaller model")
    around, tell = Circumstances(), shown(session, args.json)

    def show(event: Event) -> None:
        around.add(event)
        tell(event)

    await follow(session, session.prove(), show)
    run = session.run
    assert run.proof is not None
    if not args.json:
        output.text(_human(run, run.proof, around))
    diagnostics.noise(run.proof.figures.noise, "the proof", failed=run.proof.outcome == "failed")
    diagnostics.doubts(proof_doubts(run.proof), "the proof")
    if run.proof.outcome == "failed":
        diagnostics.say(run.proof.message, kept(run))
    return exit_of(run.proof)


def kept(run: Run) -> str:
    """Where to look after a failure: a server keeps its log itself, unless it was started here."""
    if run.target is not None and run.target.origin != "started":
        return f"The server keeps its own log; `weighbridge runs show {run.id}` shows what is kept here."
    whose = "engine" if run.target is None else "server"
    return f"The {whose}'s log is kept: `weighbridge runs show {run.id}` says where."


def exit_of(proof: ProofRecord) -> Exit:
    """INPUT where the engine is sound, and the prompt does not go with the settings."""
    attempts = proof.figures.attempts
    if proof.outcome == "failed" and attempts and attempts[-1].outcome == "input":
        return Exit.INPUT
    return EXITS[proof.outcome]


async def fetch_as_allowed(session: Session, risk: str | None, way_out: str) -> None:
    """The model comes here, where it is not yet and its forecast fits or was overruled. Refused where neither."""
    await session.weigh()
    accept_memory_risk(session, risk)
    if lack := missing_memory(session.run):
        raise Refused(lack, f"{way_out}, or put --accept-memory-risk REASON on record.")
    await fetch_or_quit(session)


def shown(session: Session, as_json: bool) -> Callable[[Event], None]:
    """Tells a person of each event; with `as_json` it is printed too."""
    lines = Lines(session, diagnostics.note)

    def show(event: Event) -> None:
        lines.show(event)
        if as_json:
            output.json_line(event.model_dump(mode="json"))

    return show


def _settings(session: Session, args: Namespace) -> None:
    for option, field in SETTINGS.items():
        value = getattr(args, option)
        if value is not None:
            session.apply(ChangeSetting(field=field, value=value))
    if args.prompt is not None:
        session.apply(ChangePrompt(value=args.prompt))


def _require_sent(target: Target, args: Namespace) -> None:
    """BadInput where an option is given that the server would never see."""
    options = {field: f"--{option.replace('_', '-')}" for option, field in SETTINGS.items()}
    own = not_sent(target)
    given = [options[field] for option, field in SETTINGS.items() if field in own and getattr(args, option) is not None]
    if given:
        reach = ", ".join(options[field] for field in sent(target))
        said = "does not reach a server" if len(given) == 1 else "do not reach a server"
        raise BadInput(f"{', '.join(given)} {said}: of the settings only {reach} do.", "The server decides the others.")


def accept_memory_risk(session: Session, reason: str | None) -> None:
    """Puts the override on record where there is a refusal to overrule; otherwise there is nothing to accept."""
    forecast = session.run.forecast
    if reason is not None and forecast is not None and forecast.verdict == "does_not_fit":
        session.apply(AcceptMemoryRisk(reason=reason))


def summary(run: Run, proof: ProofRecord) -> dict[str, Any]:
    """The last object of `prove --json`. Sizes in bytes, times in seconds; null: not measured."""
    model = run.model
    assert model is not None
    override = run.memory_override
    return {
        "event": "summary",
        "run": run.id,
        "outcome": proof.outcome,
        "mode": proof.mode,
        "message": proof.message,
        **proof.figures.model_dump(mode="json"),
        "model": model.model_dump(mode="json", exclude={"path"}),
        "settings": run.settings.model_dump(mode="json") | dict.fromkeys(not_sent(run.target)),
        "prompt": proof.prompt,
        "output": proof.output,
        "shutdown": proof.shutdown,
        "forecast": run.forecast and run.forecast.model_dump(mode="json"),
        "memory_override": override and override.model_dump(mode="json"),
    }


def proof_doubts(proof: ProofRecord) -> tuple[str, ...]:
    """What is doubtful of the account of the server that answered."""
    return proof.figures.server.doubts if proof.figures.server else ()


def _human(run: Run, proof: ProofRecord, around: Circumstances) -> str:
    model = run.model
    assert model is not None
    head = [
        ("run", run.id),
        ("model", model.file_name or model.name),
        *([("server", model.address)] if model.address else []),
        *([("repository", f"{model.repo}@{model.revision or 'not known'}")] if model.repo else []),
        *([("sha256", model.sha256)] if model.sha256 else []),
        ("outcome", proof.outcome),
        ("shutdown", proof.shutdown),
    ]
    answer = clean(proof.output).strip() or "(nothing)"
    machine = "Machine of the client" if run.target else "Machine"
    parts = [
        table(head),
        "Settings\n" + table(settings_rows(run.settings, around.loaded, run.target)),
        "Figures\n" + table(rows(proof.figures)),
        *server_part(proof.figures),
        f"{machine}\n" + table([("noise", marked(proof.figures.noise)), *around.rows(proof.figures.noise)]),
        "Definitions\n" + formulas(),
        f"Prompt\n{clean(proof.prompt)}",
        f"Answer\n{answer}",
    ]
    return "\n\n".join(parts)
