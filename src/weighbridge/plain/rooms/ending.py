"""Steps 8 and 9: the decision and the packet."""

from __future__ import annotations

import shlex
from pathlib import Path

from weighbridge.domain.flow import allowed, recommended
from weighbridge.domain.intents import Decide
from weighbridge.domain.packet import Item, completeness
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.afterwards import what_next
from weighbridge.domain.verdict.decision import CHOICES, Choice
from weighbridge.plain import output
from weighbridge.plain.prompts import GoTo, Talk
from weighbridge.services.packet_io.place import free_name
from weighbridge.session.jobs import prove_command


def ask_decision(talk: Talk) -> None:
    """The allowed decisions with their reasons; Enter follows the recommendation."""
    run = talk.session.run
    table, advice = allowed(run)
    for row in table:
        output.text(f"  {row.choice}: {'allowed' if row.allowed else 'not allowed'}; {row.why}")
    output.text(f"Recommended: {advice}" if advice else "Nothing is recommended without evidence.")
    choice = _choice(talk, run.choice or advice)
    if choice is None:
        return
    reason = "" if choice == recommended(run)[0] else talk.line("Why", run.reason)
    if (choice, reason) != (advice, ""):
        talk.session.apply(Decide(choice=choice, reason=reason))
    elif run.choice is not None:
        talk.session.apply(Decide(choice=choice))


def _choice(talk: Talk, default: Choice | None) -> Choice | None:
    while True:
        text = talk.line("Decision: one of these words, or Enter", default or "")
        if not text:
            return None
        for choice in CHOICES:
            if text.lower() == choice.lower():
                return choice
        output.text(f"Please type one of {', '.join(CHOICES)}.")


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
