"""The nine steps as line prompts: the wizard for pipes, dumb terminals and screen readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from weighbridge.domain.flow import first_open, status
from weighbridge.domain.intents import Confirm
from weighbridge.domain.problems import Problem
from weighbridge.domain.steps import BY_ID, ORDER, STEPS, StepId, after, before
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.prompts import KEYS, Back, GoTo, Quit, Talk
from weighbridge.plain.rooms.answers import ask_constraints, show_route
from weighbridge.plain.rooms.card import ask_card
from weighbridge.plain.rooms.cases import run_eval
from weighbridge.plain.rooms.elsewhere import settle, tell_ended, tell_left
from weighbridge.plain.rooms.ending import ask_decision, save_packet
from weighbridge.plain.rooms.model import ask_model
from weighbridge.plain.rooms.running import ask_runtime, run_proof
from weighbridge.session.session import Session

Room = Callable[[Talk], None]

ROOMS: dict[StepId, Room] = {
    "constraints": ask_constraints,
    "route": show_route,
    "model": ask_model,
    "card": ask_card,
    "runtime": ask_runtime,
    "proof": run_proof,
    "eval": run_eval,
    "decision": ask_decision,
    "packet": save_packet,
}


def walk(session: Session) -> int:
    """From the first step that is not done to the saved packet. Whatever ends it, every answer is saved."""
    with diagnostics.hub_told(), asyncio.Runner() as runner:
        try:
            return _walk(Talk(session, runner))
        finally:
            runner.run(session.close())


def _walk(talk: Talk) -> int:
    run = talk.session.run
    output.text(f"weighbridge, run {run.id}. {KEYS}")
    try:
        tell_left(talk)
        step: StepId | None = first_open(run)
        while step is not None:
            step = _visit(talk, step)
        settle(talk, asked=True)
    except Quit as wish:
        _settle(talk, wish)
        _say_saved(run.id)
        return Exit.DONE if wish.asked else Exit.INTERRUPTED
    except KeyboardInterrupt:
        output.text()
        _say_saved(run.id)
        return Exit.INTERRUPTED
    return Exit.DONE


def _settle(talk: Talk, wish: Quit) -> None:
    """What is rented is settled first; an input that ends in the middle of it stops it."""
    try:
        settle(talk, wish.asked)
    except (Quit, Back):
        settle(talk, asked=False)


def _say_saved(run_id: str) -> None:
    diagnostics.say(f"the run {run_id} is saved", f"`weighbridge --plain --run {run_id}` goes on with it.")


def _visit(talk: Talk, step: StepId) -> StepId | None:
    """One step; gives the step to go to, None after the last. A refused Next stays and says what is missing."""
    talk.step = step
    now = BY_ID[step]
    output.text(f"\nStep {now.number} of {len(STEPS)}: {now.title} ({_word(talk, step)})")
    try:
        tell_ended(talk)
        ROOMS[step](talk)
        talk.session.apply(Confirm(step=step))
    except Back:
        return before(step) or step
    except GoTo as wish:
        return wish.step
    except Problem as trouble:
        output.text(f"! {trouble}" + (f"\n  {trouble.in_steps}" if trouble.in_steps else ""))
        return step
    return after(step)


def _word(talk: Talk, step: StepId) -> str:
    """Where a step stands, and which steps before it are stale."""
    word = {"todo": "to do", "attention": "needs attention"}
    here = status(talk.session.run, step)
    earlier = ORDER[: ORDER.index(step)]
    stale = [BY_ID[s].title for s in earlier if status(talk.session.run, s) == "stale"]
    return word.get(here, here) + (f"; stale before it: {', '.join(stale)}" if stale else "")
