"""`weighbridge run PLAN --rent USD`: the rented machine around the proof and the eval, given back whatever happens."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import FrameType

from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.serving.rental import Order, Rental
from weighbridge.domain.serving.rental_words import agreement, money
from weighbridge.plain import diagnostics
from weighbridge.plain.texts.rental import end_line, new_lines, state_line
from weighbridge.plain.verbs.left_jobs import beside, refuse_second
from weighbridge.session.rental import renting
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


def lower_cap(cap: str, planned: float | None) -> str:
    """The lower one of --rent and the plan's cap_usd; which one counts is said where they differ."""
    if planned is None or float(cap) == planned:
        return cap
    if float(cap) < planned:
        diagnostics.say(f"--rent {cap} counts: it is lower than the plan's cap_usd of {money(planned)}.")
        return cap
    hint = "Raise cap_usd below [serve] in the plan to spend more."
    diagnostics.say(f"the plan's cap_usd of {money(planned)} counts: it is lower than --rent {cap}.", hint)
    return str(planned)


@asynccontextmanager
async def rented(session: Session, with_token: bool, left: tuple[Rental, ...]) -> AsyncGenerator[None, None]:
    """A machine that answers, for as long as the block lasts. It is given back at its end, however that comes.

    OutsideFailed where it did not come up. What could not be proven to have stopped is said. `left`: machines that may
    still run. Beside one that serves the same model nothing is rented: Refused, but for the amount typed at a terminal.
    """
    model = session.run.model
    second = beside(left, model.repo if model else "")
    if second is not None and not _can_ask():
        raise refuse_second(second)
    with _signals_held():
        await _arrive(session, with_token, second)
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


async def _arrive(session: Session, with_token: bool, second: Rental | None) -> None:
    order = await renting.order_of(session, with_token)
    while True:
        _agree(order, second)
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
    log: tuple[str, ...] = ()
    try:
        async with aclosing(renting.rent(session, order)) as states:
            async for rental in states:
                for line in new_lines(log, rental.log_tail):
                    diagnostics.note(f"  log: {line}")
                log = rental.log_tail
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


def _agree(order: Order, second: Rental | None) -> None:
    """Shows the order; at a terminal somebody has to say yes, or the amount where a machine may run already.

    Elsewhere the amount on the command line says it. Refused where it was not said.
    """
    diagnostics.note(agreement(order))
    if order.with_token:
        diagnostics.note("The job gets your Hub token as a secret, as the repository is gated or private.")
    if not _can_ask():
        return
    if second is None:
        agreed = _typed("Type yes to rent it: ").lower() in ("y", "yes")
    else:
        diagnostics.problem(refuse_second(second))
        agreed = (
            _amount(_typed(f"Type the amount, {order.cap_usd:g}, to rent a second one beside it: ")) == order.cap_usd
        )
    if not agreed:
        raise Refused("Nothing was rented.", "Without --rent the same command writes the plan.")


def _typed(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _amount(text: str) -> float | None:
    try:
        return float(cap_of(text))
    except BadInput:
        return None


def _can_ask() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _tell_end(rental: Rental) -> None:
    diagnostics.note(end_line(rental))
    if not rental.over:
        diagnostics.say(rental.message)
