"""Renting a GPU: the order, the start, the way to the endpoint, and giving it back. Money is never lost in silence.

A rental is in the ledger, on the disk, before the Hub is asked to start it. Whatever goes wrong afterwards, it is given
back, or it stays in the ledger as one that may still run, and every start of weighbridge finds it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from weighbridge.domain.problems import BadInput, OutsideFailed, Problem, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import PriceChanged, same_price
from weighbridge.domain.serving.rental import Order, Rental
from weighbridge.services.hub.jobs import Jobs, Unclear
from weighbridge.services.rentals import Ledger
from weighbridge.session.aside import aside
from weighbridge.session.jobs.serving import require_reachable
from weighbridge.session.rental.arriving import Arrival
from weighbridge.session.rental.left_running import labels_of
from weighbridge.session.rental.left_running import left_running as left_running
from weighbridge.session.rental.left_running import stop_left as stop_left
from weighbridge.session.rental.ordering import TokenNeeded as TokenNeeded
from weighbridge.session.rental.ordering import hardware as hardware
from weighbridge.session.rental.ordering import jobs_of
from weighbridge.session.rental.ordering import order_of as order_of
from weighbridge.session.rental.returning import identified, returned, told
from weighbridge.session.rental.watching import require_running

if TYPE_CHECKING:
    from pathlib import Path

    from weighbridge.session.session import Session

Lease = FileLock
"""Held while a session uses a rented machine; `Session.close` then gives that back."""
__all__ = [
    "Lease",
    "PriceChanged",
    "TokenNeeded",
    "caught_up",
    "close",
    "give_back",
    "hardware",
    "left_running",
    "order_of",
    "rent",
    "require_server",
    "stop_left",
    "take_up",
]


async def rent(session: Session, order: Order) -> AsyncGenerator[Rental, None]:
    """The rental at every change, saved in ledger and run, until its endpoint answers or it failed.

    One that failed has a `message` and no `endpoint`, and was given back; so is one that nobody waits for any more
    (the generator is closed, or its task cancelled). PriceChanged where the price is not the one agreed to, Refused
    or HubProblem where nothing was started, OutsideFailed where it is not known whether something was.
    """
    jobs = jobs_of(session.deps)
    _require_none(session.run)
    await _require_price(session, order)
    renting = _Renting(session, jobs, Rental(order=order, namespace=await aside(jobs.account)))
    try:
        yield await renting.begun()
        arrival = Arrival(session.deps, jobs, renting.rental)
        async with aclosing(arrival.states()) as states:
            async for rental in states:
                yield renting.keep(rental)
        if arrival.failure:
            renting.rental = arrival.rental.model_copy(update={"message": arrival.failure})
            yield await _give_back(session, jobs, renting.rental)
    except BaseException as error:
        if renting.rental.job_id and (isinstance(error, Problem) or not renting.rental.endpoint):
            await _give_back(session, jobs, renting.rental)
        raise
    finally:
        if not renting.rental.endpoint:
            _release(session)


async def give_back(session: Session) -> Rental:
    """Stops the newest rental of the run: cancel, proof of stop, cost. Where the proof does not hold, `message` says so
    loudly, and it stays in the ledger as one that may run. BadInput where the run has none."""
    rental = session.run.rental
    if rental is None:
        raise BadInput("This run has rented nothing.", "`weighbridge jobs` lists what other runs have rented.")
    return await _give_back(session, jobs_of(session.deps), rental)


def take_up(session: Session) -> None:
    """Lets this session use the server of its run. A rented one is marked as in use: it is given back when the session
    is closed. Refused where nothing may be sent to it, it is gone, or another weighbridge uses it."""
    target, rental = session.run.target, session.run.rental
    if target is not None and target.origin != "rented":
        require_reachable(session.run)
        return
    if rental is not None and not rental.over and session.lease is None:
        session.lease = Ledger(session.deps.home).require_free(rental.order.id)
    if target is not None:
        require_reachable(session.run)


async def require_server(session: Session) -> None:
    """The same before each job, and a look whether a rented machine still runs. OutsideFailed where it ended."""
    take_up(session)
    await require_running(session)


async def close(session: Session) -> None:
    """Gives back what this session holds. OutsideFailed, loudly, where the stop could not be proven."""
    rental = session.run.rental
    if session.lease is None or rental is None:
        return
    rental = await give_back(session)
    if not rental.over and rental.message:
        raise OutsideFailed(rental.message, "`weighbridge jobs` shows whether it still runs.")


def caught_up(run: Run, home: Path) -> Run:
    """The run with its rentals as the ledger has them, which is written first: a crash may lie between the two.

    One that may still run is the newest one, whatever the clock said when it was ordered.
    """
    own = {rental.order.id: rental for rental in run.rentals}
    for page in reversed(Ledger(home).pages()):
        if page.rental is not None and page.rental.order.run_id == run.id:
            own[page.id] = page.rental
    rentals = tuple(sorted(own.values(), key=lambda rental: not rental.over))
    return run if rentals == run.rentals else run.model_copy(update={"rentals": rentals})


def _require_none(run: Run) -> None:
    rental = run.rental
    if rental is not None and not rental.over:
        name = rental.job_id or rental.order.id
        raise Refused(f"This run has the job {name}, which may still run.", "Give it back first.")


async def _require_price(session: Session, order: Order) -> None:
    """PriceChanged where the provider asks another price than the order has."""
    found = await hardware(session.deps)
    present = next((one.price for one in found if one.name == order.hardware.name), None)
    if not same_price(order.hardware.price, present):
        raise PriceChanged(order.hardware.price, present)


class _Renting:
    """One order on its way: `rental` is what is known of it, from the moment that the Hub answered."""

    def __init__(self, session: Session, jobs: Jobs, rental: Rental) -> None:
        self.rental = rental
        self._session, self._jobs, self._ledger = session, jobs, Ledger(session.deps.home)

    async def begun(self) -> Rental:
        """The rental with its job. Once the Hub is asked, nobody leaves before its answer is in the ledger."""
        self._session.lease = self._ledger.require_free(self.rental.order.id)
        self.keep(self.rental)
        try:
            await _to_its_end(asyncio.to_thread(self._start, self._session.deps.now()))
        except Unclear as unclear:
            await self._look_for(unclear)
        except Problem as problem:
            if not self.rental.job_id:
                self.keep(self.rental.model_copy(update={"never": True, "message": str(problem)}))
            raise
        return self.keep(self.rental)

    def keep(self, rental: Rental) -> Rental:
        self.rental = rental
        return _keep(self._session, rental)

    def _start(self, now: str) -> None:
        """In a thread that nothing interrupts: from the question to the answer on the disk."""
        order = self.rental.order
        view = self._jobs.start(order, self.rental.namespace, labels_of(order))
        self.rental = told(self.rental, view, now)
        self._ledger.save(self.rental)

    async def _look_for(self, unclear: Unclear) -> None:
        """The job of an order that the Hub did not answer to, by its label. Where there is none yet, it stays open."""
        deps = self._session.deps
        until = deps.monotonic() + deps.waits.refuse
        while not self.rental.job_id:
            with suppress(Problem):
                self.rental = await identified(deps, self._jobs, self.rental)
            if not self.rental.job_id and deps.monotonic() >= until:
                self.keep(self.rental.model_copy(update={"message": str(unclear)}))
                hint = "No job with its label is listed. Every start of weighbridge looks again: `weighbridge jobs`."
                raise OutsideFailed(str(unclear), hint) from unclear
            await asyncio.sleep(deps.waits.poll)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Cancelled in between, it waits for `work` first; a second time it leaves that alone."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


async def _give_back(session: Session, jobs: Jobs, rental: Rental) -> Rental:
    """OutsideFailed where the disk fails; what could not be proven to have stopped is said before that."""
    try:
        rental = await returned(session.deps, jobs, rental)
        return _keep(session, rental)
    except OutsideFailed as problem:
        if rental.over:
            raise
        raise OutsideFailed(rental.message or str(problem), problem.hint) from problem
    finally:
        _release(session)


def _release(session: Session) -> None:
    if session.lease is not None:
        session.lease.release()
        session.lease = None


def _keep(session: Session, rental: Rental) -> Rental:
    """Saves a rental: in the ledger first, then in the run."""
    Ledger(session.deps.home).save(rental)
    others = tuple(one for one in session.run.rentals if one.order.id != rental.order.id)
    session.keep(session.run.model_copy(update={"rentals": (*others, rental)}))
    return rental
