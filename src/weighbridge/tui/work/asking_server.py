"""What a server needs of a person before it is asked: a key, or a yes to sending one where others can read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.services.endpoint import keys
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.ask_key import AskKey
from weighbridge.tui.widgets.status_line import Notice, sentence

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


def answerable(app: WeighbridgeApp, problem: Problem, again: Callable[[], None]) -> bool:
    """Whether the problem is one that the person can answer: then it is asked, and `again` follows the answer."""
    from weighbridge.services.endpoint.problems import KeyNeeded, PlainHttp

    if isinstance(problem, KeyNeeded):
        ask_key(app, problem.address, sentence(str(problem)), again)
        return True
    if isinstance(problem, PlainHttp):
        _ask_plain(app, problem, problem.address, again)
        return True
    return False


def ask_key(app: WeighbridgeApp, address: str, said: str, again: Callable[[], None]) -> None:
    """Asks for the key of a server; it goes to that origin alone."""

    def answered(key: str | None) -> None:
        if key is None:
            app.tell(Notice(said, "No key was typed.", "problem"))
            return
        keys.give(address, key)
        again()

    app.push_screen(AskKey(said, address), answered)


def _ask_plain(app: WeighbridgeApp, problem: Problem, address: str, again: Callable[[], None]) -> None:
    def answered(yes: bool | None) -> None:
        if yes:
            keys.accept_plain(address)
            again()
        else:
            app.tell(Notice.of(problem))

    question = f"{sentence(str(problem))} Everybody on the way can read it. Send it all the same?"
    app.push_screen(Ask(question, "Send it", "Send nothing"), answered)
