"""`weighbridge load`: the cases at several requests at once, against a server. It is kept as a run of its own."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any

from weighbridge.domain.intents import ChangeSetting, UsePack
from weighbridge.domain.load.ramp import ladder
from weighbridge.domain.load.records import LoadProgress, LoadRecord, LoadStep
from weighbridge.domain.load.rows import progress_line
from weighbridge.domain.load.words import scaling, words_of
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import new_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import EVERY_S, follow
from weighbridge.plain.loading import choose
from weighbridge.plain.texts.load import page, step_line
from weighbridge.plain.texts.wrapping import columns
from weighbridge.services.cases.packs import find_pack
from weighbridge.session.deps import real_deps
from weighbridge.session.jobs.loading import NO_SERVER, TIME_LIMIT_S, load
from weighbridge.session.model.endpoint_choice import is_served_spec
from weighbridge.session.session import Session

_EXITS = {"errors": Exit.OUTSIDE, "failed": Exit.OUTSIDE, "stopped": Exit.INTERRUPTED}


def main(args: Namespace) -> int:
    """0 where every step that was begun had only answers; 4 where the server failed, 130 where it was stopped."""
    rungs = ladder(args.concurrency)
    requests = None if args.requests is None else _whole(args.requests, "--requests")
    limit_s = TIME_LIMIT_S if args.time_limit is None else 60.0 * _whole(args.time_limit, "--time-limit")
    if not is_served_spec(args.model):
        raise Refused(*NO_SERVER)
    with new_session(real_deps()) as (session, runner):
        if args.cases is not None:
            session.apply(UsePack(pack=find_pack(args.cases)))
        if args.max_tokens is not None:
            session.apply(ChangeSetting(field="max_tokens", value=args.max_tokens))
        runner.run(choose(session, args.model))
        try:
            runner.run(follow(session, load(session, rungs, requests, limit_s), shown(session, args.json)))
        finally:
            record = session.run.load
            if record is not None and args.json:
                output.json_line(summary(session.run.id, record))
    assert record is not None
    if not args.json:
        output.text(page(record, session.run.id, columns()))
    if record.ended == "errors":
        diagnostics.say(
            record.steps[-1].error_sentences[0], f"Its requests are kept: `weighbridge runs show {session.run.id}`."
        )
    return _EXITS.get(record.ended, Exit.DONE)


def _whole(text: str, option: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 100_000):
        raise BadInput(f"{option} takes a whole number from 1 to 100,000.")
    return int(text)


def shown(session: Session, as_json: bool) -> Callable[[LoadStep | LoadProgress], None]:
    """Tells a person of each step, and where it stands every two seconds; with `as_json` each step is printed."""
    said = float("-inf")

    def show(one: LoadStep | LoadProgress) -> None:
        nonlocal said
        now = session.deps.monotonic()
        if isinstance(one, LoadStep):
            diagnostics.note(step_line(one))
            if as_json:
                output.json_line({"event": "step", **one.model_dump(mode="json")})
        elif one.phase != "requests" or now - said >= EVERY_S:
            said = now
            diagnostics.note(progress_line(one))

    return show


def summary(run_id: str, record: LoadRecord) -> dict[str, Any]:
    """The last object of `load --json`. Times in seconds; null: not known."""
    return {
        "event": "summary",
        "run": run_id,
        **record.model_dump(mode="json"),
        "scaling": [row.model_dump(mode="json") for row in scaling(record.steps)],
        "words": list(words_of(record)),
    }
