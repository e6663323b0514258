"""Steps 8 and 9: the decision and the packet."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.flow import advised, current_gate, recommended
from weighbridge.domain.intents import Decide, RecordTry
from weighbridge.domain.packet import Item, completeness
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.afterwards import what_next
from weighbridge.domain.verdict.decision import CHOICES, Choice
from weighbridge.domain.verdict.rules import Advice
from weighbridge.domain.verdict.stats import words_for
from weighbridge.plain import output
from weighbridge.plain.prompts import GoTo, Talk
from weighbridge.services.packet_io.place import free_name
from weighbridge.session.packets.command import prove_command

TRIES = "tried prompt=NOTE, tried rag=NOTE"


def ask_decision(talk: Talk) -> None:
    """The allowed decisions with their reasons; Enter follows the recommendation. A try can be put on record first."""
    while True:
        run = talk.session.run
        found = advised(run)
        output.text("\n".join(_said(run, found)))
        choice = _choice(talk, run.choice or found.choice)
        if not isinstance(choice, RecordTry):
            break
        _record(talk, choice)
    advice = found.choice
    if choice is None:
        return
    reason = "" if choice == recommended(run)[0] else talk.line("Why", run.reason)
    if (choice, reason) != (advice, ""):
        talk.session.apply(Decide(choice=choice, reason=reason))
    elif run.choice is not None:
        talk.session.apply(Decide(choice=choice))


def _said(run: Run, found: Advice) -> Iterator[str]:
    """The score, each choice with its reason, what was tried, and what the cases show."""
    gate = current_gate(run)
    if gate is not None:
        yield f"{gate.passed} of {gate.total} cases passed ({gate.gate}): {'; '.join(gate.reasons)}"
    for row in found.options:
        said = ". ".join(filter(None, (row.why, row.way_out)))
        cost = f". So far: {cost_so_far(run).text}" if row.choice == "stop" else ""
        yield f"  {row.choice}: {'allowed' if row.allowed else 'not allowed'}; {said}{cost}"
    digest = run.evaluation.policy.cases_digest if run.evaluation else ""
    for one in run.tried:
        earlier = "" if one.speaks_of(digest) else ", of an earlier baseline"
        yield f"  tried{earlier}: {one.what}, {one.note} ({one.result or 'no result yet'})"
    yield from (f"  · {sentence}" for sentence in (words_for(gate.passed, gate.total) if gate else ()))
    yield f"Recommended: {found.choice}; {found.why}" if found.choice else "Nothing is recommended without evidence."


def _record(talk: Talk, wish: RecordTry) -> None:
    try:
        talk.session.apply(wish)
    except BadInput as trouble:
        output.text(f"! {trouble}" + (f"\n  {trouble.in_steps}" if trouble.in_steps else ""))


def _choice(talk: Talk, default: Choice | None) -> Choice | RecordTry | None:
    """The choice, or a try to put on record."""
    while True:
        text = talk.line(f"Decision: one of these words, {TRIES}, or Enter", default or "")
        if not text:
            return None
        name, is_try, note = (part.strip() for part in text.partition("="))
        for what in ("prompt", "rag"):
            if is_try and name.lower() == f"tried {what}":
                return RecordTry(what=what, note=note)
        for choice in CHOICES:
            if text.lower() == choice.lower():
                return choice
        output.text(f"Please type one of {', '.join(CHOICES)}, or {TRIES}.")


def save_packet(talk: Talk) -> None:
    """What the packet holds and what it lacks; a number goes to the step of a line, Enter saves."""
    session = talk.session
    items = completeness(session.run)
    for number, item in enumerate(items, 1):
        output.text(f"  {number}. {_mark(item)} {item.title}: {item.fact.text}")
    if any(item.disputed for item in items):
        output.text("? nobody has decided between the sources: a number goes there, and the packet says so if saved.")
    while True:
        text = talk.line("Folder for the packet, or a number to go to its step", default_target(session.run.id))
        if not text.isdecimal():
            break
        if 1 <= int(text) <= len(items):
            raise GoTo(items[int(text) - 1].step)
        output.text(f"Please type a number from 1 to {len(items)}, or a folder.")
    record = talk.runner.run(session.write_packet(Path(text).expanduser().absolute()))
    word = "planned" if record.planned else "complete" if record.complete else "incomplete"
    path = clean_line(text)
    output.text(f"The packet is saved ({word}): {path}")
    output.text(f"Seal: {record.seal}")
    output.text(f"Check it: weighbridge verify {shlex.quote(path)}")
    verdict = session.run.verdict
    output.text(f"What next: {what_next(verdict.choice if verdict else None, record.planned)}")
    if session.run.model is not None and not session.run.planned:
        output.text(f"The same proof again: {shlex.join(prove_command(session.run))}")


def _mark(item: Item) -> str:
    """Whether there is evidence, all of a width."""
    return "? DISPUTED" if item.disputed else "held      " if item.held else "MISSING   "


def default_target(run_id: str) -> str:
    """Where the packet goes if the person names no place: beside them, under the run's own name. A new one never
    replaces an earlier one unasked."""
    return str(free_name(Path(f"weighbridge-packet-{run_id}")))
