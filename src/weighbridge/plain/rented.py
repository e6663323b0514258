"""`weighbridge run PLAN --rent USD`: the rented machine around the proof and the eval, given back whatever happens."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import FrameType

from weighbridge.domain.intents import ChangeServe
from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.serving.rental import Order, Rental
from weighbridge.domain.serving.rental_words import agreement
from weighbridge.plain import diagnostics
from weighbridge.plain.texts.rental import end_line, state_line
from weighbridge.session import renting
from weighbridge.session.session import Session

GIVING_BACK = "giving the rented machine back first; ctrl+c once more leaves that to its time limit"


def cap_of(text: str) -> str:
    """The amount of --rent, as typed. BadInput where it is none."""
    amount = text.strip().lstrip("$").upper().removesuffix("USD").strip()
    try:
        value = float(amount)
    except ValueError:
        value = math.nan
    if not 0 < value <= 100_000:
        raise BadInput(f"--rent takes an amount of US dollars, not {text!r}.", "For example --rent 1.50")
    return amount


@asynccontextmanager
async def rented(session: Session, cap: str, with_token: bool) -> AsyncGenerator[None, None]:
    """A machine that answers, for as long as the block lasts. It is given back at its end, however that comes.

    OutsideFailed where it did not come up. What could not be proven to have stopped is said.
    """
    session.apply(ChangeServe(field="cap_usd", value=cap))
    with _signals_held():
        await _arrive(session, with_token)
        try:
            yield
        finally:
            diagnostics.note(GIVING_BACK)
            _tell_end(await renting.give_back(session))


@contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl+c says that the machine is given back first. A closed terminal or a polite kill counts as ctrl+c."""
    interrupt = signal.getsignal(signal.SIGINT)

    def on_ctrl_c(number: int, frame: FrameType | None) -> None:
        diagnostics.note(GIVING_BACK)
        if callable(interrupt):
            interrupt(number, frame)

    handlers: dict[int, Callable[[int, FrameType | None], None]] = {signal.SIGINT: on_ctrl_c}
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            handlers[getattr(signal, name)] = lambda *_: signal.raise_signal(signal.SIGINT)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


async def _arrive(session: Session, with_token: bool) -> None:
    order = await renting.order_of(session, with_token)
    while True:
        _agree(order)
        try:
            rental = await _followed(session, order)
            break
        except renting.PriceChanged as changed:
            if not _can_ask():
                raise
            diagnostics.problem(changed)
            order = await renting.order_of(session, with_token)
    if not rental.endpoint:
        _tell_end(rental)
        hint = "Its log ends with: " + " | ".join(rental.log_tail[-3:]) if rental.log_tail else "Nothing was graded."
        raise OutsideFailed(rental.message, hint)


async def _followed(session: Session, order: Order) -> Rental:
    """The rental at the end of its way, each change told once."""
    said, rental = "", None
    try:
        async with aclosing(renting.rent(session, order)) as states:
            async for rental in states:
                line = state_line(rental)
                if line != said:
                    diagnostics.note(line)
                said = line
    except asyncio.CancelledError:
        if session.run.rental is not None and session.run.rental.order.id == order.id:
            _tell_end(session.run.rental)
        raise
    assert rental is not None
    return rental


def _agree(order: Order) -> None:
    """Shows the order; at a terminal somebody has to say yes. Elsewhere the amount on the command line says it."""
    diagnostics.note(agreement(order))
    if order.with_token:
        diagnostics.note("The job gets your Hub token as a secret, as the repository is gated or private.")
    if not _can_ask():
        return
    sys.stderr.write("Type yes to rent it: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was rented.", "Without --rent the same command writes the plan.")


def _can_ask() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _tell_end(rental: Rental) -> None:
    diagnostics.note(end_line(rental))
    if not rental.over:
        diagnostics.say(rental.message)
