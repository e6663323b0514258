"""`weighbridge prove --from PACKET`: the proof of a packet once more, and what is equal and what differs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import ProofRecord, Run
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import new_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import follow
from weighbridge.plain.loading import choose
from weighbridge.plain.served import agree
from weighbridge.plain.texts.comparison import page, verdict
from weighbridge.plain.texts.server import server_part
from weighbridge.plain.verbs.prove import (
    EXITS,
    SETTINGS,
    exit_of,
    fetch_as_allowed,
    kept,
    last_words,
    proof_doubts,
    shown,
    summary,
    unfinished,
)
from weighbridge.session.deps import real_deps
from weighbridge.session.packets.repeat import (
    Earlier,
    Row,
    cases_to_repeat,
    comparison,
    load_recipe,
    reproduced,
    require_same,
    spec_of,
    take,
)
from weighbridge.session.session import Session

_KEYS = ("packet", "seal", "run", "outcome", "message", "reproduced", "notes", "rows", "summary")


def main(args: Namespace, release: Callable[[], None]) -> int:
    """The exit code: 0 where every answer is equal, 5 where one differs or the packet does not hold.

    With --json the last line is one object of all that was compared, however it ended. `release`: see `prove`.
    """
    rows: tuple[Row, ...] = ()
    try:
        release()
        _require_no_settings(args)
        diagnostics.note(f"checking {clean_line(args.packet)}")
        earlier = load_recipe(Path(args.packet))
        with new_session(real_deps()) as (session, runner):
            code, notes = runner.run(_again(session, args, earlier))
            if code == Exit.DONE:
                rows = comparison(session, earlier, cases=args.cases)
    except (Exception, KeyboardInterrupt) as end:
        known = {name: value for name, value in unfinished(end).items() if name in ("outcome", "message")}
        last_words(
            args, dict.fromkeys(("event", *_KEYS)) | {"event": "comparison", "packet": args.packet, "rows": []} | known
        )
        raise
    last_words(args, _object(earlier, session.run, notes, rows))
    return _tell(args, earlier, notes, rows, session.run.proof) if rows else code


def _require_no_settings(args: Namespace) -> None:
    """BadInput where an option asks for something else than the recipe does."""
    given = [name for name in (*SETTINGS, "prompt") if getattr(args, name) is not None]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadInput(
            f"--from takes every setting from the packet, and {options} would change it.",
            f"Leave out {options}, or leave out --from.",
        )


async def _again(session: Session, args: Namespace, earlier: Earlier) -> tuple[int, str]:
    """Exit code, and what could not be as recorded."""
    recipe = earlier.recipe
    if args.cases:
        cases_to_repeat(session, earlier)
    spec = spec_of(recipe, args.model or "")
    if args.key_over_http:
        agree(spec)
    await choose(session, spec, whole=True)
    notes = await take(session, earlier)
    if notes:
        diagnostics.note(notes)
    await fetch_as_allowed(session, args.accept_memory_risk, "Free some memory")
    require_same(session.run, recipe)
    await follow(session, session.prove(), shown(session, args.json))
    proof = session.run.proof
    assert proof is not None
    if proof.outcome != "stopped" and args.cases:
        await follow(session, session.evaluate(), shown(session, args.json))
    record = session.run.evaluation if args.cases else None
    diagnostics.noise(proof.figures.noise, "the proof", failed=proof.outcome == "failed")
    diagnostics.noise(record.noise if record else None, "the eval")
    diagnostics.doubts(proof_doubts(proof), "the proof")
    diagnostics.doubts(record.doubts if record else (), "the eval")
    return _code(session.run, args.cases), notes


def _code(run: Run, cases: bool) -> int:
    """0 where there is something to compare; else how proof or eval ended, which is said."""
    proof = run.proof
    for record in (proof, run.evaluation if cases else None):
        if record is not None and record.outcome == "failed":
            diagnostics.say(record.message, kept(run))
        if record is not None and record.outcome in EXITS and EXITS[record.outcome] != Exit.DONE:
            return exit_of(proof) if proof is record and proof is not None else EXITS[record.outcome]
    return Exit.DONE


def _object(earlier: Earlier, run: Run, notes: str, rows: tuple[Row, ...]) -> dict[str, Any]:
    proof = run.proof
    assert proof is not None
    values = (
        earlier.packet,
        earlier.seal,
        run.id,
        proof.outcome,
        proof.message,
        reproduced(rows) if rows else None,
        notes,
        [row.model_dump(mode="json") for row in rows],
        summary(run, proof),
    )
    return {"event": "comparison", **dict(zip(_KEYS, values, strict=True))}


def _tell(args: Namespace, earlier: Earlier, notes: str, rows: tuple[Row, ...], proof: ProofRecord | None) -> int:
    if not args.json:
        output.text("\n\n".join([page(earlier.packet, notes, rows), *(server_part(proof.figures) if proof else [])]))
    if reproduced(rows):
        return Exit.DONE
    diagnostics.say(verdict(rows), "Recipe and machine say what else differs; figures never count for this.")
    return Exit.CHECK
