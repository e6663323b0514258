"""A proof of a packet, run again here: its recipe is taken into a new run, and what differs is shown afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.steps import ORDER
from weighbridge.session.session import Session
from weighbridge.tui.leaving import may_leave
from weighbridge.tui.screens.dialogs.ask import AskLine
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.session.packets.repeat import Earlier
    from weighbridge.tui.app import WeighbridgeApp

QUESTION = "Which packet's proof is run again? It is checked first, and a new run is begun for it."


async def prove_again(app: WeighbridgeApp) -> None:
    """Asks for the packet, takes its recipe, and starts. What goes wrong is said, and nothing is begun."""
    typed = await app.push_screen_wait(AskLine(QUESTION, "folder of the packet", "Enter reads it"))
    if not typed or not await may_leave(app, "Begin the new run"):
        return
    from weighbridge.session.packets.repeat import load_recipe

    app.tell(Notice("Reading the packet."))
    session = None
    try:
        earlier = await asyncio.to_thread(load_recipe, Path(typed).expanduser())
        session = Session.create(app.store, app.session.deps)
        notes = await _taken(session, earlier)
    except Problem as problem:
        if session is not None:
            await session.close()
            app.store.delete(session.run.id)
        app.tell(Notice.of(problem))
        return
    await app.jobs.close()
    app.adopt(session)
    app.jobs.after_proof = lambda: _show(app, earlier, notes)
    _go(app)


async def _taken(session: Session, earlier: Earlier) -> str:
    """The recipe's model, settings and prompt in the session; what is not as recorded, in words."""
    from weighbridge.session.packets.repeat import spec_of, take

    await session.choose_model(spec_of(earlier.recipe))
    return await take(session, earlier)


def _go(app: WeighbridgeApp) -> None:
    """To the proof, which starts; or to the step that something is missing in, and why."""
    for step in ORDER[: ORDER.index("proof")]:
        try:
            app.session.apply(want.Confirm(step=step))
        except Problem as problem:
            app.go(step)
            app.tell(Notice.of(problem))
            return
    app.go("proof")
    app.start_job("proof")


def _show(app: WeighbridgeApp, earlier: Earlier, notes: str) -> None:
    """Once the proof is done: it is compared with the packet's, if it is still one of the packet's recipe."""
    run, recipe = app.session.run, earlier.recipe
    digest = run.model.sha256 if run.model else None
    if (run.settings, run.prompt, digest) != (recipe.settings.whole, recipe.prompt, recipe.model_sha256):
        return
    from weighbridge.session.packets.repeat import comparison
    from weighbridge.tui.screens.beside.comparison import ComparisonScreen

    rows = comparison(app.session, earlier)

    def show() -> None:
        app.push_screen(ComparisonScreen(Path(earlier.packet).name, rows, notes))

    app.jobs.show_comparison = show
    show()
